/// The probabilities that logits stand for, on the host and on a device.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vislabel/core/elementary.hpp>

namespace vislabel::detail {

/// The probability that a logit stands for, and the other one: both to the last bits, however small.
template <class Real = double>
struct Probabilities {
  Real foreground, background;
};

/// Of one logit, or of every one of a vector: `Bits` are as many uint64.
template <class Real = double, class Bits = std::uint64_t>
[[nodiscard]] constexpr Probabilities<Real> probabilities(Real logit) {
  const Real e = exponentials<Real, Bits>(logit < 0 ? logit : -logit);
  const Real large = 1 / (1 + e), small = e * large;
  return {logit < 0 ? small : large, logit < 0 ? large : small};
}

/// A finite logit in double; an infinite one is the largest.
template <class T>
[[nodiscard]] constexpr double finite_logit(T logit) {
  constexpr T largest = std::numeric_limits<T>::max();
  return static_cast<double>(std::clamp(logit, -largest, largest));
}

}  // namespace vislabel::detail
