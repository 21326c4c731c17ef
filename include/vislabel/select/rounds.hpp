/// Joining the pseudo-labels of a new self-training round to those of the rounds before.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>
#include <vislabel/core/exec.hpp>
#include <vislabel/iou/track_iou.hpp>
#include <vislabel/select/retention.hpp>
#include <vislabel/track/tracks.hpp>

namespace vislabel {

/// Options of `merge_rounds`.
struct MergeOptions {
  double iou_threshold = 0.5;
  Rule rule = Rule::paper;
};

/// What `merge_rounds` makes.
struct MergedRounds {
  Tracks tracks;                    ///< [old + unmatched new, T]
  std::vector<std::int64_t> match;  ///< [new] the row of `tracks` that each new track went to
};

namespace detail {

/// The first old track that has at least the threshold's frame IoU with new track m somewhere, or -1.
[[nodiscard]] inline std::int64_t first_match(const Tracks& old, const Tracks& fresh, std::int64_t m,
                                              double threshold) {
  for (std::int64_t n = 0; n < old.count(); ++n)
    for (std::int64_t t = 0; t < old.frames(); ++t) {
      if (old.area(n, t) == 0 || fresh.area(m, t) == 0) continue;
      if (iou_bound(old(n, t), fresh(m, t)) >= threshold &&
          frame_quotient(old(n, t), fresh(m, t), EmptyPair::zero) >= threshold)
        return n;
    }
  return -1;
}

/// Whether the old round or the new one has the say in a frame.
[[nodiscard]] inline bool counts(const Tracks::Slot& slot, Rule rule) {
  return slot.has_value() && (rule == Rule::reference || !slot->empty());
}

}  // namespace detail

/// Merges the retained tracks of a new round into those of the old one.
///
/// A new track that has a frame IoU of at least the threshold with an old one, in any frame where both have
/// pixels, is the same object; of several old ones the first. Frame by frame the new mask then replaces the
/// old one if the new one is selected or the old one is not, where selected means present and not empty. New
/// tracks without a match are appended in order.
///
/// *Shapes*: `old` [N, T]; `fresh` [M, T].
/// *Units and conventions*: new tracks are matched against the old round as it was; several that match one
/// old track are applied in order. `Rule::reference`: a present but empty new mask counts as selected, so
/// that it replaces a good old one. *Source*: AutoQ-VIS, Sec. 2.2 ("add all the pseudo-labels to the training
/// dataset") and its published code. *Errors*: NaN threshold; different sizes or numbers of frames.
template <exec::Policy P>
[[nodiscard]] MergedRounds merge_rounds(P policy, const Tracks& old, const Tracks& fresh,
                                        const MergeOptions& options = {}) {
  detail::require_same_video(old, fresh);
  detail::require(!std::isnan(options.iou_threshold), "iou_threshold is NaN, expected a number");
  std::vector<std::int64_t> match(static_cast<std::size_t>(fresh.count()));
  exec::for_each(policy, fresh.count(), old.count() * old.frames() * detail::frame_ns, [&](std::int64_t m) {
    match[static_cast<std::size_t>(m)] = detail::first_match(old, fresh, m, options.iou_threshold);
  });
  std::int64_t rows = old.count();
  for (std::int64_t& row : match)
    if (row < 0) row = rows++;
  std::vector<Tracks::Slot> slots(static_cast<std::size_t>(rows * old.frames()));
  for (std::int64_t n = 0; n < old.count(); ++n)
    for (std::int64_t t = 0; t < old.frames(); ++t)
      slots[static_cast<std::size_t>(n * old.frames() + t)] = old(n, t);
  for (std::int64_t m = 0; m < fresh.count(); ++m)
    for (std::int64_t t = 0; t < old.frames(); ++t) {
      const std::int64_t row = match[static_cast<std::size_t>(m)];
      Tracks::Slot& slot = slots[static_cast<std::size_t>(row * old.frames() + t)];
      if (row >= old.count() || detail::counts(fresh(m, t), options.rule) ||
          !detail::counts(slot, options.rule))
        slot = fresh(m, t);
    }
  return {Tracks(old.size(), rows, old.frames(), std::move(slots)), std::move(match)};
}

}  // namespace vislabel
