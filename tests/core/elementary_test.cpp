#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <oracle.hpp>
#include <vislabel/core/eight_lanes.hpp>
#include <vislabel/core/elementary.hpp>

using namespace vislabel;

namespace {

/// How many of the last places of a double the value is off.
double places_off(double value, long double expected) {
  const double rounded = std::abs(static_cast<double>(expected));
  const double place = std::nextafter(rounded, std::numeric_limits<double>::infinity()) - rounded;
  return static_cast<double>(std::abs(static_cast<long double>(value) - expected)) / place;
}

}  // namespace

TEST_CASE("exponentials are right to the last place, from those too small to those too large") {
  oracle::Random random(1);
  for (int round = 0; round < 100'000; ++round) {
    const double x = round % 2 == 0 ? 1454.0 * random.real() - 745 : 4 * random.real() - 2;
    CHECK(places_off(detail::exponential(x), std::exp(static_cast<long double>(x))) <= 1.0);
  }
  constexpr double infinity = std::numeric_limits<double>::infinity();
  CHECK(detail::exponential(0) == 1);
  CHECK(detail::exponential(-infinity) == 0);
  CHECK(detail::exponential(-1e300) == 0);
  CHECK(detail::exponential(1e300) == infinity);
  CHECK(detail::exponential(-745) == std::numeric_limits<double>::denorm_min());
  CHECK(std::isnan(detail::exponential(NAN)));
}

TEST_CASE("two exponentials side by side have the bits of each") {
  oracle::Random random(2);
  for (int round = 0; round < 10'000; ++round) {
    const double a = 1600 * random.real() - 800, b = 4 * random.real() - 2;
    const auto both = detail::exponentials<detail::DoubleLane, detail::DoubleWords>(detail::DoubleLane{a, b});
    CHECK(both[0] == detail::exponential(a));
    CHECK(both[1] == detail::exponential(b));
  }
}

TEST_CASE("logarithms are right to a few last places, near 1 and far from it") {
  oracle::Random random(3);
  for (int round = 0; round < 100'000; ++round) {
    const double x = round % 2 == 0 ? std::exp(1400 * random.real() - 700) : 0.5 + 1.5 * random.real();
    CHECK(places_off(detail::logarithm(x), std::log(static_cast<long double>(x))) <= 2);
    const double y = round % 2 == 0 ? random.real() : std::exp(-700 * random.real());
    CHECK(places_off(detail::logarithm_of_one_plus(y), std::log1p(static_cast<long double>(y))) <= 4);
  }
  CHECK(detail::logarithm(1) == 0);
  CHECK(detail::logarithm_of_one_plus(0) == 0);
}
