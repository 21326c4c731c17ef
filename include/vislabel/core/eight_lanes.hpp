/// Sums and products of many doubles in a fixed order that machines can still work on in parallel: eight
/// lanes side by side, number i in lane i % 8. The same bits on every machine and at every level of
/// optimisation.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

namespace vislabel::detail {

// Four vectors of 16 bytes, which every machine has. Written as loops over eight doubles, GCC keeps the lanes
// in memory at -O2: sums of distances take three times as long.
using DoubleLane = double __attribute__((vector_size(16)));
using DoubleBits = std::int64_t __attribute__((vector_size(16)));
using DoubleWords = std::uint64_t __attribute__((vector_size(16)));
using EightLanes = std::array<DoubleLane, 8 * sizeof(double) / sizeof(DoubleLane)>;

[[nodiscard]] inline DoubleLane magnitude(DoubleLane x) {
  return std::bit_cast<DoubleLane>(std::bit_cast<DoubleBits>(x) & INT64_MAX);
}

/// `operation(lanes, values)` for every eight of the values, the last ones filled up with `neutral`.
template <class Operation>
[[nodiscard]] inline std::array<double, 8> over_lanes(const double* values, std::size_t count, double neutral,
                                                      std::array<double, 8> start, Operation&& operation) {
  auto eight = std::bit_cast<EightLanes>(start);
  const auto apply = [&](const double* from) {
    EightLanes own;
    std::memcpy(&own, from, sizeof own);
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((eight[I] = operation(eight[I], own[I])), ...);
    }(std::make_index_sequence<std::tuple_size_v<EightLanes>>());
  };
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) apply(values + i);
  if (i < count) {
    std::array<double, 8> last;
    last.fill(neutral);
    std::memcpy(last.data(), values + i, (count - i) * sizeof(double));
    apply(last.data());
  }
  return std::bit_cast<std::array<double, 8>>(eight);
}

/// Brings numbers into [least, 1 - least]. False: some were outside of [0, 1], or NaN.
[[nodiscard]] inline bool clamp_probabilities(double* values, std::size_t count, double least) {
  DoubleBits inside{-1, -1};  // written as ~DoubleBits{}, nvcc's front end breaks down
  const auto clamp = [&](DoubleLane x) {
    inside &= x * (1 - x) >= 0;
    x = x < least ? DoubleLane{} + least : x;
    return x > 1 - least ? DoubleLane{} + (1 - least) : x;
  };
  std::size_t i = 0;
  for (; i + 2 <= count; i += 2) {
    DoubleLane two;
    std::memcpy(&two, values + i, sizeof two);
    two = clamp(two);
    std::memcpy(values + i, &two, sizeof two);
  }
  if (i < count) values[i] = clamp(DoubleLane{} + values[i])[0];
  return (inside[0] & inside[1]) != 0;
}

/// Sums in eight lanes.
class LaneSum {
 public:
  void add(const double* values, std::size_t count) {
    lanes_ = over_lanes(values, count, 0, lanes_, [](DoubleLane sum, DoubleLane x) { return sum + x; });
  }

  /// Adds how far the values lie from `center`.
  void add_distances(const double* values, std::size_t count, double center) {
    lanes_ = over_lanes(values, count, center, lanes_,
                        [center](DoubleLane sum, DoubleLane x) { return sum + magnitude(x - center); });
  }

  [[nodiscard]] double sum() const {
    double sum = 0;
    for (const double lane : lanes_) sum += lane;
    return sum;
  }

 private:
  std::array<double, 8> lanes_{};
};

/// The logarithm of a product of factors in [1e-9, 1]: one logarithm in all, and more exact than a sum of
/// them. Every 32 factors a lane's exponent is put aside.
class LogProduct {
 public:
  void multiply(const double* factors, std::size_t count) {
    constexpr std::size_t chunk = 256;  // 32 in a lane: more than 1e-289
    for (std::size_t begin = 0; begin < count; begin += chunk) {
      lanes_ = over_lanes(factors + begin, count - begin < chunk ? count - begin : chunk, 1, lanes_,
                          [](DoubleLane product, DoubleLane x) { return product * x; });
      for (double& lane : lanes_) {
        int exponent = 0;
        lane = std::frexp(lane, &exponent);
        exponent_ += exponent;
      }
    }
  }

  /// log(this / other).
  [[nodiscard]] double log_over(const LogProduct& other) const {
    constexpr double log_of_2 = 0.69314718055994530942;
    return std::log(mantissa() / other.mantissa()) +
           static_cast<double>(exponent_ - other.exponent_) * log_of_2;
  }

 private:
  [[nodiscard]] double mantissa() const {
    double all = 1;
    for (const double lane : lanes_) all *= lane;
    return all;
  }

  std::array<double, 8> lanes_{1, 1, 1, 1, 1, 1, 1, 1};
  std::int64_t exponent_ = 0;
};

}  // namespace vislabel::detail
