/// The dice loss of probabilities and a run of ones, from its three sums, on the host and on a device.
#pragma once

#include <cstdint>
#include <vislabel/loss/probabilities.hpp>

namespace vislabel::detail {

/// 1 - 2 sum(x t) / (sum(x^2) + sum(t^2) + 1e-5), as sum((x - t)^2) + 1e-5 by the same divisor, which keeps
/// the digits that the difference loses.
struct DiceSums {
  double squares = 0;     ///< of x
  double apart = 0;       ///< squares of x - t
  double common = 0;      ///< x where t is 1
  std::int64_t ones = 0;  ///< how many t are 1

  [[nodiscard]] constexpr double divisor() const { return squares + static_cast<double>(ones) + 1e-5; }
  [[nodiscard]] constexpr double loss() const { return (apart + 1e-5) / divisor(); }

  /// Its derivative by the logit that x stands for.
  [[nodiscard]] constexpr double slope(const Probabilities<>& x, bool one) const {
    const double half = one ? -(x.background + x.foreground * loss()) : x.foreground * 2 * common / divisor();
    return 2 * half / divisor() * x.foreground * x.background;
  }
};

}  // namespace vislabel::detail
