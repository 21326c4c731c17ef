#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <oracle.hpp>
#include <vislabel/core/rectangle.hpp>

using namespace vislabel;

TEST_CASE("whole numbers below are the standard library's") {
  oracle::Random random(1);
  for (int round = 0; round < 2000; ++round) {
    const double x = std::ldexp(random.real() - 0.5, static_cast<int>(random.between(0, 70)));
    CHECK(detail::floor_of(x) == std::floor(x));
    CHECK(detail::floor_of(std::round(x)) == std::round(x));
  }
  CHECK(detail::floor_of(-0.25) == -1);
  CHECK(std::isnan(detail::floor_of(NAN)));
  CHECK(detail::floor_of(-std::numeric_limits<double>::infinity()) < 0);
}

TEST_CASE("the reference's rule truncates both ends of a box towards 0") {
  const auto rectangle = detail::pixels_of({1.5, -1.5, 2.2, 4.2}, {10, 10}, 0, Rule::reference);
  CHECK(rectangle.left == 1);
  CHECK(rectangle.right == 3);
  CHECK(rectangle.top == 0);
  CHECK(rectangle.bottom == 2);
  CHECK(detail::pixels_of({-0.5, 0, 1, 1}, {10, 10}, 1, Rule::reference).right == 1);
}

TEST_CASE("a box covers whole pixels, and none where it misses the frame on one axis") {
  const auto rectangle = detail::covered({1.5, 2.5, 2, 1}, {10, 10});
  CHECK(rectangle.left == 1);
  CHECK(rectangle.right == 4);
  CHECK(rectangle.top == 2);
  CHECK(rectangle.bottom == 4);
  const auto outside = detail::covered({20, 2, 3, 3}, {10, 10});
  CHECK(outside.top == outside.bottom);
}
