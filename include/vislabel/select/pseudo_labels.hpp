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
};

/// What `pseudo_labels` makes of the detections of a video.
struct PseudoLabels {
  Tracks tracks;                            ///< [K, T'] the pseudo-labels of this round
  std::vector<std::int64_t> kept;           ///< [K] which detections they are
  std::vector<std::int64_t> frames;         ///< [T'] which frames stay
  std::vector<std::int64_t> survivors;      ///< [S] the detections that survive the suppression, best first
  std::vector<std::int64_t> suppressed_by;  ///< [N] as `NmsResult::suppressed_by`
  Table quality;                            ///< [N, T]
  BoolTable selected;                       ///< [N, T] quality reaches the threshold, of survivors only
};

/// Spatiotemporal NMS, quality, selection and retention of the detections of one video.
///
/// *Shapes*: `tracks` [N, T]; `scores` [N]; `predicted_iou` [N, T].
/// *Units and conventions*: `kept` and `tracks` are in order of score. Merge with an earlier round by
/// `merge_rounds`. *Source*: AutoQ-VIS, Sec. 2.2 and supplement Eq. 16-22. *Errors*: those of the four steps.
template <exec::Policy P>
[[nodiscard]] PseudoLabels pseudo_labels(P policy, const Tracks& tracks, std::span<const double> scores,
                                         const Eigen::Ref<const Table>& predicted_iou,
                                         const PseudoLabelOptions& options = {}) {
  detail::require_scores(tracks, scores);
  Table all = quality(scores, predicted_iou);
  detail::require(all.cols() == tracks.frames(), "predicted_iou has ", all.cols(),
                  " columns, expected one per frame (", tracks.frames(), ")");
  NmsResult nms = spatiotemporal_nms(policy, tracks, scores, options.nms);
  Table surviving(static_cast<Eigen::Index>(nms.kept.size()), all.cols());
  for (std::size_t k = 0; k < nms.kept.size(); ++k)
    surviving.row(static_cast<Eigen::Index>(k)) = all.row(nms.kept[k]);
  Retention retention = retain(tracks.select(nms.kept), surviving, options.retention);
  BoolTable selected = BoolTable::Constant(all.rows(), all.cols(), false);
  for (std::size_t k = 0; k < nms.kept.size(); ++k)
    selected.row(nms.kept[k]) = retention.selected.row(static_cast<Eigen::Index>(k));
  for (std::int64_t& n : retention.kept) n = nms.kept[static_cast<std::size_t>(n)];
  return {std::move(retention.tracks), std::move(retention.kept),    std::move(retention.frames),
          std::move(nms.kept),         std::move(nms.suppressed_by), std::move(all),
          std::move(selected)};
}

}  // namespace vislabel
