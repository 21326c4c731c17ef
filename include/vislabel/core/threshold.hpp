/// A threshold as numbers of another type see it.
#pragma once

#include <cmath>
#include <limits>
#include <vislabel/core/error.hpp>

namespace vislabel::detail {

/// *Errors*: a threshold that is NaN.
inline void require_number(double threshold, const char* name = "threshold") {
  require(!std::isnan(threshold), name, " is NaN, expected a number");
}

/// The largest T that is not above the threshold: a T is above the one iff it is above the other.
template <class T>
[[nodiscard]] T threshold_as(double threshold) {
  const T rounded = static_cast<T>(threshold);
  return static_cast<double>(rounded) > threshold
             ? std::nextafter(rounded, -std::numeric_limits<T>::infinity())
             : rounded;
}

}  // namespace vislabel::detail
