/// AutoQ-VIS's quality score of a detection in a frame: how sure the detector is, times how good the mask
/// looks.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vislabel/core/threshold.hpp>
#include <vislabel/iou/tables.hpp>
#include <vislabel/track/tracks.hpp>

namespace vislabel {

/// Q[n, t] = scores[n] * predicted_iou[n, t], the predicted IoU clipped to [0, 1].
///
/// *Shapes*: `scores` [N]; `predicted_iou` [N, T]; out [N, T].
/// *Source*: AutoQ-VIS, Sec. 2.2 and supplement Eq. 20.
/// *Errors*: scores that are not finite; NaN in the predicted IoU; another number of rows than scores.
[[nodiscard]] inline Table quality(std::span<const double> scores,
                                   const Eigen::Ref<const Table>& predicted_iou) {
  detail::require(static_cast<Eigen::Index>(scores.size()) == predicted_iou.rows(), "predicted_iou has ",
                  predicted_iou.rows(), " rows, expected one per score (", scores.size(), ")");
  Table out(predicted_iou.rows(), predicted_iou.cols());
  for (Eigen::Index n = 0; n < out.rows(); ++n) {
    const double score = scores[static_cast<std::size_t>(n)];
    detail::require(!std::isnan(score), "scores[", n, "] is NaN, expected a number");
    detail::require(std::isfinite(score), "scores[", n, "] is ", score, ", expected a finite number");
    for (Eigen::Index t = 0; t < out.cols(); ++t) {
      detail::require(!std::isnan(predicted_iou(n, t)), "predicted_iou[", n, ", ", t,
                      "] is NaN, expected a number");
      out(n, t) = score * std::clamp(predicted_iou(n, t), 0.0, 1.0);
    }
  }
  return out;
}

/// Where a detection is good enough to learn from: quality >= threshold, and there is a mask with pixels.
///
/// *Shapes*: `tracks` [N, T]; `quality` [N, T]; out [N, T].
/// *Source*: AutoQ-VIS, supplement Eq. 21; that the mask must have pixels is ours.
/// *Errors*: NaN; shapes that do not fit.
[[nodiscard]] inline BoolTable selected(const Tracks& tracks, const Eigen::Ref<const Table>& quality,
                                        double threshold) {
  detail::require_number(threshold);
  detail::require(quality.rows() == tracks.count() && quality.cols() == tracks.frames(),
                  "quality has shape [", quality.rows(), ", ", quality.cols(), "], expected [",
                  tracks.count(), ", ", tracks.frames(), "]");
  BoolTable out(tracks.count(), tracks.frames());
  for (Eigen::Index n = 0; n < out.rows(); ++n)
    for (Eigen::Index t = 0; t < out.cols(); ++t) {
      detail::require(!std::isnan(quality(n, t)), "quality[", n, ", ", t, "] is NaN, expected a number");
      out(n, t) = quality(n, t) >= threshold && tracks.area(n, t) > 0;
    }
  return out;
}

}  // namespace vislabel
