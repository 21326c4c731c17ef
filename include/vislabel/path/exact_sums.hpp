/// Costs whose sums are exact. Rounded to one common power of two, numbers add up without any error, in
/// whatever order: so a tie is a tie for every algorithm, and the two bounds of a search never miss each
/// other by a rounding.
#pragma once

#include <cmath>
#include <vislabel/core/error.hpp>

namespace vislabel::detail {

/// Rounds numbers to multiples of 2^-bits of `most`, the largest sum of absolute values that can occur.
class CostGrid {
 public:
  /// A sum of multiples is exact while it has at most 53 bits.
  static constexpr int finest = 51;

  /// *Errors*: `most`, the sum of what `name` holds, is not finite.
  CostGrid(double most, const char* name, int bits = finest) {
    require(std::isfinite(most), name, " adds up to ", most, ", expected a finite sum");
    if (most > 0) quantum_ = std::ldexp(1.0, std::ilogb(most) + 1 - bits);
  }

  [[nodiscard]] double operator()(double cost) const {
    return quantum_ > 0 ? std::nearbyint(cost / quantum_) * quantum_ + 0.0 : cost + 0.0;  // + 0: no -0
  }

 private:
  double quantum_ = 0;  // 0: all costs are 0, or next to it
};

}  // namespace vislabel::detail
