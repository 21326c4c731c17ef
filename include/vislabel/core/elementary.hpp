/// Exponential and logarithm, made of sums, products and quotients alone. The standard library's differ in
/// the last bit from one machine to the next, and a device has its own; with these a loss has the same bits
/// everywhere, and a sum of two lanes those of two sums.
#pragma once

#include <bit>
#include <cstdint>

namespace vislabel::detail {

inline constexpr double log_of_2_high = 0x1.62e42fefap-1;  ///< 37 bits: its products with exponents are exact
inline constexpr double log_of_2_low = 0x1.cf79abc9e3b39p-40;

/// x^2 / 2! + x^3 / 3! + .. + x^13 / 13!, even and odd powers apart: two sums at a time.
template <class Real>
[[nodiscard]] constexpr Real exponential_series(Real x) {
  const Real square = x * x;
  Real even = Real{} + 1. / 479001600, odd = Real{} + 1. / 6227020800;
  even = even * square + 1. / 3628800, odd = odd * square + 1. / 39916800;
  even = even * square + 1. / 40320, odd = odd * square + 1. / 362880;
  even = even * square + 1. / 720, odd = odd * square + 1. / 5040;
  even = even * square + 1. / 24, odd = odd * square + 1. / 120;
  even = even * square + 1. / 2, odd = odd * square + 1. / 6;
  return square * (even + x * odd);
}

/// e^x of a double, or of every double of a vector: `Bits` are as many uint64.
template <class Real, class Bits>
[[nodiscard]] constexpr Real exponentials(Real x) {
  x = x < -800.0 ? Real{} - 800.0 : x;
  x = x > 800.0 ? Real{} + 800.0 : x;
  constexpr double inverse = 0x1.71547652b82fep+0;  // 1 / log 2
  constexpr double whole = 0x1.8p52;                // added to a number, it leaves whole numbers
  const Real shifted = x * inverse + whole, n = shifted - whole;
  const Real rest = (x - n * log_of_2_high) - n * log_of_2_low;  // at most (log 2) / 2
  const Real power = (exponential_series(rest) + rest) + 1.0;
  // 2^n in two halves: the result may be too small, or too large, for one.
  const Bits exponent = std::bit_cast<Bits>(shifted) - std::bit_cast<std::uint64_t>(whole) + 2046;
  const Bits half = exponent >> 1, other = exponent - half;
  return power * std::bit_cast<Real>(half << 52) * std::bit_cast<Real>(other << 52);
}

/// e^x within 1 ulp, at any x: 0 far below, infinity far above, NaN for NaN.
[[nodiscard]] constexpr double exponential(double x) { return exponentials<double, std::uint64_t>(x); }

/// log x within 2 ulp, for any normal positive x.
[[nodiscard]] constexpr double logarithm(double x) {
  constexpr std::int64_t root_of_half = 0x3fe6a09e667f3bcd;
  const auto bits = std::bit_cast<std::int64_t>(x);
  const std::int64_t exponent = (bits - root_of_half) >> 52;
  const auto mantissa = std::bit_cast<double>(bits - exponent * (std::int64_t{1} << 52));  // 0.71 to 1.41
  const double s = (mantissa - 1) / (mantissa + 1), square = s * s;
  const double fourth = square * square;  // log mantissa = 2 (s + s^3 / 3 + s^5 / 5 + ..)
  double even = 1. / 23, odd = 1. / 21;   // every second term each
  even = even * fourth + 1. / 19, odd = odd * fourth + 1. / 17;
  even = even * fourth + 1. / 15, odd = odd * fourth + 1. / 13;
  even = even * fourth + 1. / 11, odd = odd * fourth + 1. / 9;
  even = even * fourth + 1. / 7, odd = odd * fourth + 1. / 5;
  const double series = 1. / 3 + square * (odd + square * even);
  const auto n = static_cast<double>(exponent);
  return n * log_of_2_high + (2 * s + (2 * s * square * series + n * log_of_2_low));
}

/// log(1 + x) within 4 ulp, for 0 <= x <= 1, however small.
[[nodiscard]] constexpr double logarithm_of_one_plus(double x) {
  const double sum = 1 + x, rounded = sum - 1;
  return rounded == 0 ? x : logarithm(sum) * (x / rounded);
}

}  // namespace vislabel::detail
