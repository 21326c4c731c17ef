#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>
#include <limits>
#include <vislabel/mask/bilinear.hpp>

using namespace vislabel::detail;

namespace {

template <class T>
Between<T> between_sizes(std::int64_t i, std::int64_t from, std::int64_t to) {
  return between(i, from, scale_of<T>(from, to));
}

}  // namespace

TEST_CASE("a pixel of an enlarged row lies between the two nearest numbers, the ends continued") {
  // 2 numbers at 0.5 and 1.5, in 4 pixels at 0.25, 0.75, 1.25 and 1.75
  CHECK(between_sizes<float>(0, 2, 4).of_second == 0.0F);
  CHECK(between_sizes<float>(1, 2, 4).first == 0);
  CHECK(between_sizes<float>(1, 2, 4).second == 1);
  CHECK(between_sizes<float>(1, 2, 4).of_second == 0.25F);
  CHECK(between_sizes<float>(2, 2, 4).of_second == 0.75F);
  CHECK(between_sizes<float>(3, 2, 4).first == 1);
  CHECK(between_sizes<float>(3, 2, 4).second == 1);
}

TEST_CASE("weights add up to one, and places lie in the map") {
  for (const std::int64_t from : {1, 2, 3, 7, 120, 1000})
    for (const std::int64_t to : {1, 2, 5, 119, 480, 1001})
      for (std::int64_t i = 0; i < to; ++i) {
        const Between<float> own = between_sizes<float>(i, from, to);
        REQUIRE(own.of_first + own.of_second == 1.0F);
        REQUIRE((own.first >= 0 && own.first <= own.second && own.second < from));
        REQUIRE((own.second == own.first || own.of_second > 0));
      }
}

TEST_CASE("the same size: every number is its own pixel") {
  for (std::int64_t i = 0; i < 50; ++i) {
    CHECK(between_sizes<double>(i, 50, 50).first == i);
    CHECK(between_sizes<double>(i, 50, 50).of_second == 0);
  }
}

TEST_CASE("numbers that cannot be interpolated are tamed") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  CHECK(tame(infinity) == std::numeric_limits<float>::max() / 4);
  CHECK(tame(-infinity) == -std::numeric_limits<float>::max() / 4);
  CHECK(tame(std::numeric_limits<float>::quiet_NaN()) == -std::numeric_limits<float>::max() / 4);
  CHECK(tame(3.5F) == 3.5F);
}

TEST_CASE("between two numbers on one side of a threshold no rounding crosses it") {
  for (const float threshold : {0.0F, 0.3F, -0.7F, 1e-30F, 1e30F}) {
    const Sides<float> sides(threshold);
    float above = threshold, below = threshold;
    while (!sides.over(above)) above = std::nextafter(above, std::numeric_limits<float>::infinity());
    while (!sides.under(below)) below = std::nextafter(below, -std::numeric_limits<float>::infinity());
    for (std::int64_t i = 0; i < 1000; ++i) {
      const Between<float> own = between_sizes<float>(i, 7, 1000);
      REQUIRE(own.of_first * above + own.of_second * above > threshold);
      REQUIRE(!(own.of_first * below + own.of_second * below > threshold));
    }
  }
}
