/// SCM: how far two masks, and the boxes around them, agree with each other and with an annotated box.
/// Everything that PM-VIS selects, assigns or tracks from, it ranks by this score.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vislabel/core/exec.hpp>
#include <vislabel/iou/box_iou.hpp>
#include <vislabel/iou/tables.hpp>
#include <vislabel/iou/track_iou.hpp>
#include <vislabel/track/box_tracks.hpp>
#include <vislabel/track/tracks.hpp>

namespace vislabel {
namespace detail {

/// H of Eq. 5: overlap of the box around a mask with the annotated box; 0 where one of them is missing, the
/// mask is empty, or the overlap is negative.
[[nodiscard]] inline double box_agreement(const Tracks::Slot& mask, const BoxTracks::Slot& box,
                                          BoxOverlap kind) {
  return mask && !mask->empty() && box ? std::max(0.0, box_overlap(mask->box(), *box, kind)) : 0.0;
}

/// Eq. 4 from the two H of Eq. 5. They are multiplied first, so that the score of (a, b) is that of (b, a) to
/// the last bit; masks whose boxes do not agree are not compared.
[[nodiscard]] inline double slot_scm(const Tracks::Slot& a, double agreement_a, const Tracks::Slot& b,
                                     double agreement_b) {
  const double agreement = agreement_a * agreement_b;
  return agreement > 0 ? frame_quotient(a, b, EmptyPair::zero) * agreement : 0.0;
}

inline void require_sources(std::span<const Tracks> sources, const BoxTracks& boxes, const char* name) {
  for (std::size_t s = 0; s < sources.size(); ++s) {
    require_boxes(boxes, sources[s], text(name, "[", s, "]").c_str());
    require(sources[s].size() == sources[0].size(), name, "[", s, "] has masks of ", sources[s].size(),
            ", expected ", sources[0].size(), " as the first source (height x width)");
  }
}

}  // namespace detail

/// SCM of every two sources' masks of the same instance, in every frame: IoU(a, b) * H_a * H_b, where H is
/// the overlap of the box around the mask with the annotated one.
///
/// *Shapes*: `a` S and `b` R tracks of [N, T]; `boxes` [N, T]; out [S * R * N, T], which is [S, R, N, T] in
/// memory. *Units and conventions*: 0 where a mask is absent or empty, or there is no box. Negative GIoU
/// counts as 0. Symmetric to the last bit. *Source*: PM-VIS, Eq. 4-5; its box IoU cites GIoU: `kind`.
/// *Errors*: sources of different sizes, numbers of instances or of frames.
template <exec::Policy P>
[[nodiscard]] Table scm(P policy, std::span<const Tracks> a, std::span<const Tracks> b,
                        const BoxTracks& boxes, BoxOverlap kind = BoxOverlap::iou) {
  detail::require_sources(a, boxes, "a");
  detail::require_sources(b, boxes, "b");
  if (!a.empty() && !b.empty()) detail::require_same_video(b.front(), "b", a.front(), "a");
  const auto s = static_cast<std::int64_t>(a.size()), r = static_cast<std::int64_t>(b.size());
  const std::int64_t count = boxes.count(), frames = boxes.frames();
  Table out(s * r * count, frames);
  exec::for_each(policy, out.rows(), frames * detail::aligned_ns, [&](std::int64_t i) {
    const Tracks& left = a[static_cast<std::size_t>(i / count / r)];
    const Tracks& right = b[static_cast<std::size_t>(i / count % r)];
    const std::int64_t n = i % count;
    for (std::int64_t t = 0; t < frames; ++t)
      out(i, t) = detail::slot_scm(left(n, t), detail::box_agreement(left(n, t), boxes(n, t), kind),
                                   right(n, t), detail::box_agreement(right(n, t), boxes(n, t), kind));
  });
  return out;
}

/// SCM of two sources' masks of the same instance, in every frame.
///
/// *Shapes*: `a`, `b`, `boxes` and out [N, T]. Everything else as above.
template <exec::Policy P>
[[nodiscard]] Table scm(P policy, const Tracks& a, const Tracks& b, const BoxTracks& boxes,
                        BoxOverlap kind = BoxOverlap::iou) {
  return scm(policy, std::span(&a, 1), std::span(&b, 1), boxes, kind);
}

}  // namespace vislabel
