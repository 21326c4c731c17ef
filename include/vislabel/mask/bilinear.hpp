/// What one pixel of a bilinearly resized map is made of, on the host and on a device.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace vislabel::detail {

/// The two input rows (or columns) that an output row lies between, and how much it takes of each.
template <class T>
struct Between {
  std::int64_t first = 0, second = 0;
  T of_first = 1, of_second = 0;
};

/// How many rows (or columns) of the map one of the resized map is.
template <class T>
[[nodiscard]] constexpr T scale_of(std::int64_t from, std::int64_t to) {
  return static_cast<T>(from) / static_cast<T>(to);
}

/// Half-pixel centers, as torch's `interpolate(mode="bilinear", align_corners=False)`, in the map's own type:
/// row (or column) `i` of the resized map, in a map of `from` of them.
template <class T>
[[nodiscard]] constexpr Between<T> between(std::int64_t i, std::int64_t from, T scale) {
  const T at = std::max(T{0}, scale * (static_cast<T>(i) + T{0.5}) - T{0.5});
  Between<T> out;
  out.first = std::min(static_cast<std::int64_t>(at), from - 1);
  out.of_second = std::clamp(at - static_cast<T>(out.first), T{0}, T{1});
  out.second = out.of_second > 0 ? std::min(out.first + 1, from - 1) : out.first;
  out.of_first = 1 - out.of_second;
  return out;
}

/// A number that can be interpolated: an infinite one is a very large one, and NaN the smallest.
template <class T>
[[nodiscard]] constexpr T tame(T value) {
  constexpr T largest = std::numeric_limits<T>::max() / 4;
  value = value > largest ? largest : value;
  return value >= -largest ? value : -largest;
}

/// On which side of a threshold tame numbers are: far enough that no rounding of an interpolation between
/// such numbers leads back.
template <class T>
class Sides {
 public:
  constexpr explicit Sides(T threshold) {
    const T margin = (threshold < 0 ? -threshold : threshold) * 8 * std::numeric_limits<T>::epsilon();
    low_ = threshold - margin, high_ = threshold + margin + 16 * std::numeric_limits<T>::min();
  }
  [[nodiscard]] constexpr bool over(T value) const { return value > high_; }
  [[nodiscard]] constexpr bool under(T value) const { return value <= low_; }

 private:
  T low_ = 0, high_ = 0;
};

}  // namespace vislabel::detail
