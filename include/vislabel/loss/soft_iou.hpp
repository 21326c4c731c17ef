/// DropLoss's weight from sampled points, as the published code has it, on the host and on a device.
#pragma once

#include <vislabel/loss/probabilities.hpp>

namespace vislabel::detail {

/// The probability of a logit, rounded to the logit's own type.
template <class T>
[[nodiscard]] constexpr double probability_as(T logit) {
  return static_cast<double>(static_cast<T>(probabilities(static_cast<double>(logit)).foreground));
}

/// 1 iff sum(p l) / (sum(p) + sum(l) - sum(p l)) is above the threshold, or 0 / 0; NaN where a sum is.
[[nodiscard]] constexpr double weight_of_points(double common, double predicted, double truth,
                                                double threshold) {
  const double together = predicted + truth - common;
  if (together != together) return together;
  const bool nothing = common == 0 && together == 0;
  return nothing || common / together > threshold ? 1 : 0;
}

}  // namespace vislabel::detail
