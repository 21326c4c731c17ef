#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>
#include <vislabel/core/eight_lanes.hpp>

using vislabel::detail::clamp_probabilities;
using vislabel::detail::LaneSum;
using vislabel::detail::LogProduct;

namespace {

std::vector<double> random_values(std::size_t count, double low, double high) {
  std::mt19937_64 random(count);
  std::uniform_real_distribution<double> draw(low, high);
  std::vector<double> values(count);
  for (double& value : values) value = draw(random);
  return values;
}

/// Number i in lane i % 8, then the lanes from the first to the last.
template <class Term>
double in_lanes(std::size_t count, Term term) {
  double lanes[8] = {}, sum = 0;
  for (std::size_t i = 0; i < count; ++i) lanes[i % 8] += term(i);
  for (const double lane : lanes) sum += lane;
  return sum;
}

}  // namespace

TEST_CASE("sums and distances are those of eight lanes, to the bit, for every count") {
  for (std::size_t count = 0; count < 70; ++count) {
    const std::vector<double> x = random_values(count, -3, 5);
    LaneSum sum, distance;
    sum.add(x.data(), count);
    distance.add_distances(x.data(), count, 0.7);
    CHECK(sum.sum() == in_lanes(count, [&](std::size_t i) { return x[i]; }));
    CHECK(distance.sum() == in_lanes(count, [&](std::size_t i) { return std::abs(x[i] - 0.7); }));
  }
}

TEST_CASE("the logarithm of a product is the sum of the logarithms") {
  for (const std::size_t count : std::vector<std::size_t>{0, 1, 7, 8, 255, 256, 257, 5000}) {
    const std::vector<double> p = random_values(count, 1e-6, 1), q = random_values(count + 3, 1e-6, 1e-5);
    long double expected = 0;
    for (const double x : p) expected += std::log(static_cast<long double>(x));
    for (const double x : q) expected -= std::log(static_cast<long double>(x));
    LogProduct over, under;
    over.multiply(p.data(), p.size());
    under.multiply(q.data(), q.size());
    CHECK(over.log_over(under) == doctest::Approx(static_cast<double>(expected)).epsilon(1e-14));
  }
}

TEST_CASE("many of the smallest factors do not underflow") {
  const std::vector<double> p(100'000, 1e-6);
  LogProduct product;
  product.multiply(p.data(), p.size());
  CHECK(product.log_over({}) == doctest::Approx(1e5 * std::log(1e-6)).epsilon(1e-14));
}

TEST_CASE("probabilities are clamped, and what is none is noticed") {
  const double nan = std::numeric_limits<double>::quiet_NaN(),
               infinity = std::numeric_limits<double>::infinity();
  std::vector<double> x{0, 1, 0.5, 1e-7, 1 - 1e-7};
  CHECK(clamp_probabilities(x.data(), x.size(), 1e-6));
  CHECK(x == std::vector<double>{1e-6, 1 - 1e-6, 0.5, 1e-6, 1 - 1e-6});
  for (const double bad : {nan, infinity, -infinity, -1e-300, 1 + 1e-15, 2.0})
    for (std::size_t place = 0; place < 5; ++place) {
      std::vector<double> values(5, 0.5);
      values[place] = bad;
      CHECK_FALSE(clamp_probabilities(values.data(), values.size(), 1e-6));
    }
}
