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
};

/// The derivatives of a dice loss by the logits that its x stand for; what they share is divided once.
class DiceSlopes {
 public:
  explicit constexpr DiceSlopes(const DiceSums& sums)
      : loss_(sums.loss()), ratio_(2 * sums.common / sums.divisor()), factor_(2 / sums.divisor()) {}

  [[nodiscard]] constexpr double operator()(const Probabilities<>& x, bool one) const {
    const double half = one ? -(x.background + x.foreground * loss_) : x.foreground * ratio_;
    return half * factor_ * x.foreground * x.background;
  }

 private:
  double loss_, ratio_, factor_;
};

}  // namespace vislabel::detail
