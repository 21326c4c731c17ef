/// Sums of doubles in an order that a block of threads can keep, too: the same bits on the host and on a
/// device.
#pragma once

#include <array>
#include <cstddef>

namespace vislabel::detail {

inline constexpr std::size_t ordered_lanes = 256;

/// Number i is added to lane i % 256; then the upper half of the lanes to the lower one, until one is left.
class OrderedSum {
 public:
  void add(double value) {
    lanes_[next_] += value;
    next_ = (next_ + 1) % ordered_lanes;
  }

  [[nodiscard]] double sum() const {
    std::array<double, ordered_lanes> sums = lanes_;
    for (std::size_t half = ordered_lanes / 2; half > 0; half /= 2)
      for (std::size_t i = 0; i < half; ++i) sums[i] += sums[i + half];
    return sums[0];
  }

 private:
  std::array<double, ordered_lanes> lanes_{};
  std::size_t next_ = 0;
};

}  // namespace vislabel::detail
