/// UVIS's first filter of pseudo-labels: an instance must be good by every score that it has.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <vislabel/core/error.hpp>
#include <vislabel/core/threshold.hpp>
#include <vislabel/iou/tables.hpp>

namespace vislabel {

/// [N] whether each instance stays.
using Kept = Eigen::Array<bool, Eigen::Dynamic, 1>;

/// Keeps the instances all of whose scores reach the threshold: their mask's objectness, the similarity to
/// their class's prompt, ..
///
/// *Shapes*: `scores` [S, N], a row per kind of score; out [N].
/// *Source*: UVIS, supplement A ("mask and CLIP score with a 0.7 threshold") and B1; that a score equal to
/// the threshold suffices is ours. *Errors*: NaN; no scores at all.
[[nodiscard]] inline Kept score_filter(const Eigen::Ref<const Table>& scores, double threshold = 0.7) {
  detail::require_number(threshold);
  detail::require(scores.rows() > 0, "scores has no rows, expected at least one kind of score");
  for (Eigen::Index s = 0; s < scores.rows(); ++s)
    for (Eigen::Index n = 0; n < scores.cols(); ++n)
      detail::require(!std::isnan(scores(s, n)), "scores[", s, ", ", n, "] is NaN, expected a number");
  return (scores >= threshold).colwise().all().transpose();
}

}  // namespace vislabel
