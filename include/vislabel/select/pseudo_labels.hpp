/// The whole AutoQ-VIS selection of one video in one call: suppression, quality, retention and, from the
/// second round on, the merge with the round before.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>
#include <vislabel/select/quality.hpp>
#include <vislabel/select/retention.hpp>
#include <vislabel/select/rounds.hpp>
#include <vislabel/select/spatiotemporal_nms.hpp>

namespace vislabel {

/// Options of `pseudo_labels`, one aggregate per step.
struct PseudoLabelOptions {
  NmsOptions nms = {};
  RetentionOptions retention = {};
  /// The pseudo-labels of the round before, over the same T frames, to merge with; null: this is the first
  /// round.
  const Tracks* previous = nullptr;
  double merge_iou_threshold = 0.5;  ///< as in `MergeOptions`, whose rule is the retention's
};

/// What `pseudo_labels` makes of the detections of a video.
struct PseudoLabels {
  Tracks tracks;                        ///< [K, T'] this round's pseudo-labels; merged: [M, T] of both rounds
  std::vector<std::int64_t> kept;       ///< [K] which detections stay in this round
  std::vector<std::int64_t> frames;     ///< [T'] which frames stay in this round
  std::vector<std::int64_t> survivors;  ///< [S] the detections that survive the suppression, best first
  std::vector<std::int64_t> suppressed_by;  ///< [N] as `NmsResult::suppressed_by`
  Table quality;                            ///< [N, T]
  BoolTable selected;                       ///< [N, T] quality reaches the threshold, of survivors only
  std::vector<std::int64_t> match;  ///< [K] merged: the row of `tracks` that each kept detection went to
};

namespace detail {

/// Tracks of the given frames in a video of T frames; absent in the others.
[[nodiscard]] inline Tracks spread(const Tracks& tracks, std::span<const std::int64_t> frames,
                                   std::int64_t total) {
  std::vector<Tracks::Slot> slots(static_cast<std::size_t>(tracks.count() * total));
  for (std::int64_t n = 0; n < tracks.count(); ++n)
    for (std::size_t t = 0; t < frames.size(); ++t)
      slots[static_cast<std::size_t>(n * total + frames[t])] = tracks(n, static_cast<std::int64_t>(t));
  return {tracks.size(), tracks.count(), total, std::move(slots)};
}

/// The rows of the table with the given indices, in that order.
[[nodiscard]] inline Table rows_of(const Table& table, std::span<const std::int64_t> rows) {
  Table out(static_cast<Eigen::Index>(rows.size()), table.cols());
  for (std::size_t k = 0; k < rows.size(); ++k) out.row(static_cast<Eigen::Index>(k)) = table.row(rows[k]);
  return out;
}

}  // namespace detail

/// Spatiotemporal NMS, quality, selection and retention of the detections of one video, and the merge with
/// the round before, if there is one.
///
/// *Shapes*: `tracks` [N, T]; `scores` [N]; `predicted_iou` [N, T].
/// *Units and conventions*: `kept` is in order of score. Merged, the tracks cover all T frames:
/// `Rule::reference` drops frames of this round, but none that the round before has. *Source*: AutoQ-VIS,
/// Sec. 2.2 and supplement Eq. 16-22. *Errors*: those of the steps.
template <exec::Policy P>
[[nodiscard]] PseudoLabels pseudo_labels(P policy, const Tracks& tracks, std::span<const double> scores,
                                         const Eigen::Ref<const Table>& predicted_iou,
                                         const PseudoLabelOptions& options = {}) {
  detail::require_scores(tracks, scores);
  if (options.previous != nullptr) detail::require_same_video(*options.previous, tracks);
  Table all = quality(scores, predicted_iou);
  detail::require(all.cols() == tracks.frames(), "predicted_iou has ", all.cols(),
                  " columns, expected one per frame (", tracks.frames(), ")");
  NmsResult nms = spatiotemporal_nms(policy, tracks, scores, options.nms);
  Retention retention = retain(tracks.select(nms.kept), detail::rows_of(all, nms.kept), options.retention);
  BoolTable selected = BoolTable::Constant(all.rows(), all.cols(), false);
  for (std::size_t k = 0; k < nms.kept.size(); ++k)
    selected.row(nms.kept[k]) = retention.selected.row(static_cast<Eigen::Index>(k));
  for (std::int64_t& n : retention.kept) n = nms.kept[static_cast<std::size_t>(n)];
  MergedRounds merged;
  if (options.previous != nullptr) {
    const Tracks fresh = detail::spread(retention.tracks, retention.frames, tracks.frames());
    merged =
        merge_rounds(policy, *options.previous, fresh, {options.merge_iou_threshold, options.retention.rule});
    retention.tracks = std::move(merged.tracks);
  }
  return {std::move(retention.tracks), std::move(retention.kept),    std::move(retention.frames),
          std::move(nms.kept),         std::move(nms.suppressed_by), std::move(all),
          std::move(selected),         std::move(merged.match)};
}

}  // namespace vislabel
