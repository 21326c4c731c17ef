/// Costs whose sums are exact, in whatever order they are added: so a tie is a tie for every algorithm, and
/// the bounds of a search never miss each other by a rounding.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <vislabel/core/error.hpp>

namespace vislabel::detail {

/// A cost in small units, whose sums are exact. 128 bits hold what sums of doubles of very different sizes
/// need.
__extension__ using Cost = __int128;

/// More than any cost.
inline constexpr Cost no_cost = std::numeric_limits<Cost>::max();

/// How costs become doubles, and doubles costs.
class CostUnits {
 public:
  /// Units in which sums of absolute values up to `most` fit: 2^-120 of it, so that doubles that differ by a
  /// factor of up to 2^60 lose nothing.
  ///
  /// *Errors*: `most`, the sum of what `name` holds, is not finite.
  CostUnits(double most, const char* name) {
    require(std::isfinite(most), name, " adds up to ", most, ", expected a finite sum");
    if (most > 0) exponent_ = std::ilogb(most) + 1 - 120;
  }

  [[nodiscard]] Cost units(double cost) const {
    if (cost == 0) return 0;  // its exponent says nothing
    constexpr int digits = std::numeric_limits<double>::digits;
    int exponent = 0;
    const auto mantissa = static_cast<std::int64_t>(std::ldexp(std::frexp(cost, &exponent), digits));
    const int shift = exponent - digits - exponent_;
    if (shift >= 0) return static_cast<Cost>(mantissa) * (static_cast<Cost>(1) << shift);
    return static_cast<Cost>(std::nearbyint(std::ldexp(static_cast<double>(mantissa), shift)));
  }

  [[nodiscard]] double cost(Cost units) const { return std::ldexp(static_cast<double>(units), exponent_); }

 private:
  int exponent_ = 0;
};

/// Rounds numbers to multiples of 2^-bits of `most`, the largest sum of absolute values that can occur.
class CostGrid {
 public:
  CostGrid(double most, int bits) : quantum_(most > 0 ? std::ldexp(1.0, std::ilogb(most) + 1 - bits) : 0) {}

  [[nodiscard]] double operator()(double cost) const {
    return quantum_ > 0 ? std::nearbyint(cost / quantum_) * quantum_ + 0.0 : cost;  // + 0: no -0
  }

 private:
  double quantum_;
};

}  // namespace vislabel::detail
