/// IoU of tracks over time, in the three ways that the field uses.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>
#include <vislabel/core/exec.hpp>
#include <vislabel/iou/tables.hpp>
#include <vislabel/mask/intersection.hpp>
#include <vislabel/track/tracks.hpp>

namespace vislabel {

/// Options of `track_iou`.
struct TrackIouOptions {
  OverTime over_time = OverTime::volume;
  EmptyPair empty_pair = EmptyPair::zero;
};

namespace detail {

/// Pixels in common of two slots; an absent one has none.
[[nodiscard]] inline std::int64_t common_area(const Tracks::Slot& a, const Tracks::Slot& b) {
  return a && b ? intersection_area(*a, *b) : 0;
}

/// At most so many pixels do two slots share, from areas and boxes alone.
[[nodiscard]] inline std::int64_t common_bound(const Tracks::Slot& a, const Tracks::Slot& b) {
  if (!a || !b) return 0;
  const std::int64_t width = std::min(a->right(), b->right()) - std::max(a->left(), b->left());
  const std::int64_t height = std::min(a->bottom(), b->bottom()) - std::max(a->top(), b->top());
  return width > 0 && height > 0 ? std::min({a->area(), b->area(), width * height}) : 0;
}

/// What the IoU of two slots can reach at most. Rounding is monotonic, so the bound also holds for the
/// rounded quotient, and skipping a frame by it never changes an answer.
[[nodiscard]] inline double iou_bound(const Tracks::Slot& a, const Tracks::Slot& b) {
  if (!a || !b) return 0.0;
  const std::int64_t common = common_bound(a, b);
  return common == 0 ? 0.0 : quotient(common, a->area() + b->area() - common, EmptyPair::zero);
}

[[nodiscard]] inline double frame_quotient(const Tracks::Slot& a, const Tracks::Slot& b,
                                           EmptyPair empty_pair) {
  const std::int64_t common = common_area(a, b);
  const std::int64_t together = (a ? a->area() : 0) + (b ? b->area() : 0) - common;
  return quotient(common, together, empty_pair);
}

[[nodiscard]] inline double volume_iou(const Tracks& a, std::int64_t n, const Tracks& b, std::int64_t m,
                                       EmptyPair empty_pair) {
  std::int64_t common = 0, areas = 0;
  for (std::int64_t t = 0; t < a.frames(); ++t) {
    common += common_area(a(n, t), b(m, t));
    areas += a.area(n, t) + b.area(m, t);
  }
  return quotient(common, areas - common, empty_pair);
}

[[nodiscard]] inline double largest_frame_iou(const Tracks& a, std::int64_t n, const Tracks& b,
                                              std::int64_t m, EmptyPair empty_pair) {
  if (a.frames() == 0) return quotient(0, 0, empty_pair);
  double largest = 0;
  for (std::int64_t t = 0; t < a.frames(); ++t) {
    const bool nothing = a.area(n, t) == 0 && b.area(m, t) == 0;
    if (!nothing && iou_bound(a(n, t), b(m, t)) <= largest) continue;
    largest = std::max(largest, frame_quotient(a(n, t), b(m, t), empty_pair));
  }
  return largest;
}

[[nodiscard]] inline double mean_frame_iou(const Tracks& a, std::int64_t n, const Tracks& b, std::int64_t m,
                                           EmptyPair empty_pair) {
  if (a.frames() == 0) return quotient(0, 0, empty_pair);
  double sum = 0;
  for (std::int64_t t = 0; t < a.frames(); ++t) sum += frame_quotient(a(n, t), b(m, t), empty_pair);
  return sum / static_cast<double>(a.frames());
}

/// The IoU of one pair of tracks of the same video.
[[nodiscard]] inline double pair_iou(const Tracks& a, std::int64_t n, const Tracks& b, std::int64_t m,
                                     const TrackIouOptions& options) {
  switch (options.over_time) {
    case OverTime::volume:
      return volume_iou(a, n, b, m, options.empty_pair);
    case OverTime::any_frame:
      return largest_frame_iou(a, n, b, m, options.empty_pair);
    default:
      return mean_frame_iou(a, n, b, m, options.empty_pair);
  }
}

inline constexpr std::int64_t frame_ns = 80;     ///< rough cost of one frame of one pair of tracks
inline constexpr std::int64_t aligned_ns = 500;  ///< the same, of two tracks that see one object

/// common[(n - begin) * M + m] = pixels that tracks n of a and m of b share over all frames, for the rows n
/// of [begin, end). Frame by frame, so that a mask of b is read once for all rows.
inline void count_common(const Tracks& a, std::int64_t begin, std::int64_t end, const Tracks& b,
                         std::int64_t* common) {
  std::fill(common, common + (end - begin) * b.count(), std::int64_t{0});
  for (std::int64_t t = 0; t < a.frames(); ++t)
    for (std::int64_t m = 0; m < b.count(); ++m) {
      const Tracks::Slot& right = b(m, t);
      if (!right) continue;
      std::array<const PackedMask*, most_rows_at_once> meeting;  // found without a branch on the boxes
      std::array<std::int64_t, most_rows_at_once> rows;
      std::size_t count = 0;
      for (std::int64_t n = begin; n < end; ++n) {
        const Tracks::Slot& left = a(n, t);
        if (!left) continue;
        meeting[count] = &*left, rows[count] = n - begin;
        count += boxes_meet(*left, *right) ? 1 : 0;
      }
      for (std::size_t k = 0; k < count; ++k)
        common[rows[k] * b.count() + m] += common_pixels(*meeting[k], *right);
    }
}

/// Calls `row(n, common)` for every track n of a, where common[m] are the pixels that it shares with b[m].
template <class P, class Row>
void for_each_row(P policy, const Tracks& a, const Tracks& b, Row&& row) {
  const auto count = [&](std::int64_t begin, std::int64_t end, std::int64_t* common) {
    count_common(a, begin, end, b, common);
  };
  for_each_row(policy, a.count(), b.count(), a.frames() * frame_ns / 2, count, row);
}

/// Set pixels of every track over all frames.
[[nodiscard]] inline std::vector<std::int64_t> volumes(const Tracks& tracks) {
  std::vector<std::int64_t> sums;
  for (std::int64_t n = 0; n < tracks.count(); ++n) sums.push_back(tracks.volume(n));
  return sums;
}

}  // namespace detail

/// Pixels in common and together of every pair of tracks, summed over the frames.
///
/// *Shapes*: `a` [N, T], `b` [M, T]; out [N, M] each.
/// *Errors*: different sizes or numbers of frames.
template <exec::Policy P>
[[nodiscard]] IntersectionAndUnion intersection_and_union(P policy, const Tracks& a, const Tracks& b) {
  detail::require_same_video(a, b);
  IntersectionAndUnion out{CountTable(a.count(), b.count()), CountTable(a.count(), b.count())};
  const std::vector<std::int64_t> left = detail::volumes(a), right = detail::volumes(b);
  detail::for_each_row(policy, a, b, [&](std::int64_t n, const std::int64_t* common) {
    for (std::int64_t m = 0; m < b.count(); ++m) {
      out.intersection(n, m) = common[m];
      out.union_(n, m) = left[static_cast<std::size_t>(n)] + right[static_cast<std::size_t>(m)] - common[m];
    }
  });
  return out;
}

/// IoU of every pair of tracks.
///
/// *Shapes*: `a` [N, T], `b` [M, T]; out [N, M].
/// *Units and conventions*: an absent slot adds nothing to the intersection and the other's area to the
/// union; a frame where both are absent or empty is an `empty_pair` for `any_frame` and `frame_mean`; so are
/// tracks of no frames and, for `volume`, tracks without any pixel. *Errors*: different sizes or numbers of
/// frames.
template <exec::Policy P>
[[nodiscard]] Table track_iou(P policy, const Tracks& a, const Tracks& b,
                              const TrackIouOptions& options = {}) {
  detail::require_same_video(a, b);
  if (options.over_time == OverTime::volume)
    return detail::quotients(intersection_and_union(policy, a, b), options.empty_pair);
  Table out(a.count(), b.count());
  exec::for_each(policy, a.count(), b.count() * a.frames() * detail::frame_ns, [&](std::int64_t n) {
    for (std::int64_t m = 0; m < b.count(); ++m) out(n, m) = detail::pair_iou(a, n, b, m, options);
  });
  return out;
}

/// Pixels in common and together of every pair of tracks in every frame.
///
/// *Shapes*: `a` [N, T], `b` [M, T]; out [N * M, T] each, which is [N, M, T] in memory.
/// *Errors*: different sizes or numbers of frames.
template <exec::Policy P>
[[nodiscard]] IntersectionAndUnion frame_intersection_and_union(P policy, const Tracks& a, const Tracks& b) {
  detail::require_same_video(a, b);
  const std::int64_t rows = a.count() * b.count(), frames = a.frames();
  IntersectionAndUnion out{CountTable(rows, frames), CountTable(rows, frames)};
  exec::for_each(policy, rows, frames * detail::frame_ns, [&](std::int64_t i) {
    const std::int64_t n = i / b.count(), m = i % b.count();
    for (std::int64_t t = 0; t < frames; ++t) {
      const std::int64_t common = detail::common_area(a(n, t), b(m, t));
      out.intersection(i, t) = common;
      out.union_(i, t) = a.area(n, t) + b.area(m, t) - common;
    }
  });
  return out;
}

/// IoU of every pair of tracks in every frame.
///
/// *Shapes*: `a` [N, T], `b` [M, T]; out [N * M, T], which is [N, M, T] in memory.
/// *Errors*: different sizes or numbers of frames.
template <exec::Policy P>
[[nodiscard]] Table frame_iou(P policy, const Tracks& a, const Tracks& b,
                              EmptyPair empty_pair = EmptyPair::zero) {
  return detail::quotients(frame_intersection_and_union(policy, a, b), empty_pair);
}

}  // namespace vislabel
