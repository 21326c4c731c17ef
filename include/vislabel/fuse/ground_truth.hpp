/// Missing-Data and RIA: ground truth without the annotations that the pseudo-masks miss or contradict.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>
#include <vislabel/core/exec.hpp>
#include <vislabel/iou/tables.hpp>
#include <vislabel/iou/track_iou.hpp>
#include <vislabel/track/tracks.hpp>

namespace vislabel {

/// What `missing_data` removes.
enum class MissingPer {
  frame,     ///< every annotation of one instance in one frame that has no counterpart
  instance,  ///< whole instances that have no counterpart in any frame
};

/// What a filter leaves.
struct FilteredTruth {
  Tracks tracks;                   ///< [N, T] what was removed is absent; all rows stay
  BoolTable removed;               ///< [N, T] where a mask was removed
  std::vector<std::int64_t> kept;  ///< the rows that still have a mask
};

namespace detail {

/// The truth without the slots where `gone(n, t)`, which is only asked where there is a mask.
template <class Gone>
[[nodiscard]] FilteredTruth without(const Tracks& truth, Gone&& gone) {
  BoolTable removed = BoolTable::Constant(truth.count(), truth.frames(), false);
  std::vector<std::int64_t> kept;
  std::vector<Tracks::Slot> slots(static_cast<std::size_t>(truth.count() * truth.frames()));
  for (std::int64_t n = 0; n < truth.count(); ++n) {
    bool any = false;
    for (std::int64_t t = 0; t < truth.frames(); ++t) {
      if (!truth.present(n, t)) continue;
      removed(n, t) = gone(n, t);
      if (removed(n, t)) continue;
      slots[static_cast<std::size_t>(n * truth.frames() + t)] = truth(n, t);
      any = true;
    }
    if (any) kept.push_back(n);
  }
  return {Tracks(truth.size(), truth.count(), truth.frames(), std::move(slots)), std::move(removed),
          std::move(kept)};
}

inline void require_counterparts(const Tracks& truth, const Tracks& fused) {
  require_same_video(fused, "fused", truth, "truth");
  require(truth.count() == fused.count(), "truth has ", truth.count(), " instances and fused ", fused.count(),
          ", expected row n of both to be the same instance");
}

}  // namespace detail

/// Removes the ground truth that has no counterpart among the pseudo-masks: no mask with pixels there.
///
/// *Shapes*: `truth` and `fused` [N, T], row n of both being the same instance.
/// *Source*: PM-VIS, Sec. III-E1 (Missing-Data).
/// *Errors*: different sizes, numbers of instances or of frames.
[[nodiscard]] inline FilteredTruth missing_data(const Tracks& truth, const Tracks& fused,
                                                MissingPer per = MissingPer::frame) {
  detail::require_counterparts(truth, fused);
  if (per == MissingPer::frame)
    return detail::without(truth, [&](std::int64_t n, std::int64_t t) { return fused.area(n, t) == 0; });
  std::vector<bool> found;
  for (std::int64_t n = 0; n < fused.count(); ++n) found.push_back(fused.volume(n) > 0);
  return detail::without(truth,
                         [&](std::int64_t n, std::int64_t) { return !found[static_cast<std::size_t>(n)]; });
}

/// IoU of row n of `truth` and row n of `fused`, in every frame; absent on one side: 0.
///
/// *Shapes*: `truth`, `fused` and out [N, T].
/// *Errors*: different sizes, numbers of instances or of frames.
template <exec::Policy P>
[[nodiscard]] Table counterpart_iou(P policy, const Tracks& truth, const Tracks& fused) {
  detail::require_counterparts(truth, fused);
  Table iou(truth.count(), truth.frames());
  exec::for_each(policy, truth.count(), truth.frames() * detail::aligned_ns, [&](std::int64_t n) {
    for (std::int64_t t = 0; t < truth.frames(); ++t)
      iou(n, t) = detail::frame_quotient(truth(n, t), fused(n, t), EmptyPair::zero);
  });
  return iou;
}

/// Removes the ground truth whose IoU with its pseudo-mask is below the threshold.
///
/// *Shapes*: `truth`, `fused` and `iou` [N, T], row n of all being the same instance; `iou` as made by
/// `counterpart_iou`. *Units and conventions*: no pseudo-mask: IoU 0. Threshold 0: nothing is removed.
/// *Source*: PM-VIS, Sec. III-E2 (RIA) and Table IX, where 0.6 is best.
/// *Errors*: a threshold that is not in [0, 1]; another shape.
[[nodiscard]] inline FilteredTruth remove_inaccurate(const Tracks& truth, const Eigen::Ref<const Table>& iou,
                                                     double threshold = 0.6) {
  detail::require(threshold >= 0 && threshold <= 1, "threshold is ", threshold, ", expected 0 to 1");
  detail::require(iou.rows() == truth.count() && iou.cols() == truth.frames(), "iou is [", iou.rows(), ", ",
                  iou.cols(), "], expected [", truth.count(), ", ", truth.frames(), "]");
  return detail::without(truth, [&](std::int64_t n, std::int64_t t) { return iou(n, t) < threshold; });
}

}  // namespace vislabel
