/// Logits, colours and boxes for the tests of the losses, and the losses by their definitions: one loop per
/// pair of pixels, long double, no tricks.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <oracle.hpp>
#include <vector>
#include <vislabel/loss/logits.hpp>

namespace oracle {

/// N maps in C order.
template <class T>
struct Maps {
  std::int64_t count = 0;
  Size size;
  std::vector<T> values;

  Maps(std::int64_t n, Size s) : count(n), size(s), values(static_cast<std::size_t>(n * s.pixels())) {}

  T& operator()(std::int64_t n, std::int64_t y, std::int64_t x) {
    return values[static_cast<std::size_t>((n * size.height + y) * size.width + x)];
  }
  T operator()(std::int64_t n, std::int64_t y, std::int64_t x) const {
    return values[static_cast<std::size_t>((n * size.height + y) * size.width + x)];
  }
  [[nodiscard]] vislabel::Pixels<const T, 3> view() const {
    return vislabel::pixels(values.data(), std::array{count, size.height, size.width});
  }
  [[nodiscard]] vislabel::Pixels<T, 3> out() {
    return vislabel::pixels(values.data(), std::array{count, size.height, size.width});
  }
  /// As [count / 3, 3, H, W].
  [[nodiscard]] vislabel::Pixels<const T, 4> images() const {
    return vislabel::pixels(values.data(), std::array{count / 3, std::int64_t{3}, size.height, size.width});
  }
};

/// Logits of some scale; every few of them are equal.
template <class T>
Maps<T> random_logits(Random& random, std::int64_t count, Size size, double scale) {
  Maps<T> maps(count, size);
  for (T& value : maps.values)
    value = static_cast<T>(random.one_in(4) ? static_cast<double>(random.between(-2, 2)) * scale
                                            : (2 * random.real() - 1) * scale);
  return maps;
}

/// Images of few colours, so that neighbours often have the same one.
template <class T>
Maps<T> random_colours(Random& random, std::int64_t images, Size size) {
  Maps<T> maps(3 * images, size);
  for (T& value : maps.values) value = static_cast<T>(random.below(4)) * T{1.5};
  return maps;
}

inline std::vector<vislabel::BoxSlot> random_boxes(Random& random, std::int64_t count, Size size) {
  std::vector<vislabel::BoxSlot> boxes;
  const auto h = static_cast<double>(size.height), w = static_cast<double>(size.width);
  for (std::int64_t n = 0; n < count; ++n) {
    const bool none = random.one_in(6);
    const double x = (1.4 * random.real() - 0.2) * w, y = (1.4 * random.real() - 0.2) * h;
    const vislabel::Box box{x, y, random.real() * w, random.real() * h};
    boxes.push_back(none ? std::nullopt : vislabel::BoxSlot(box));
  }
  return boxes;
}

/// Whether a box covers a pixel of a frame.
inline bool covers(const vislabel::Box& box, std::int64_t y, std::int64_t x) {
  const auto at = [](std::int64_t i) { return static_cast<double>(i); };
  return at(x) >= std::floor(box.x) && at(x) < std::ceil(box.x + box.width) && at(y) >= std::floor(box.y) &&
         at(y) < std::ceil(box.y + box.height);
}

inline long double sigmoid(long double x) { return 1 / (1 + std::exp(-x)); }

/// log(sigmoid(x)).
inline long double log_sigmoid(long double x) {
  return x >= 0 ? -std::log1p(std::exp(-x)) : x - std::log1p(std::exp(x));
}

/// Whether a value of T is what it should be, to a relative tolerance, or both are next to nothing in T.
template <class T>
bool close(T value, long double expected, double tolerance) {
  const auto least = static_cast<long double>(std::numeric_limits<T>::min());
  return std::abs(static_cast<long double>(value) - expected) <=
         static_cast<long double>(tolerance) * std::abs(expected) + least;
}

/// |a - b| in relation to the larger one.
inline double relative(long double a, long double b) {
  const long double larger = std::max(std::abs(a), std::abs(b));
  return larger == 0 ? 0 : static_cast<double>(std::abs(a - b) / larger);
}

}  // namespace oracle
