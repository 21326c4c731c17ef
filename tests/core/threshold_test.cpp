#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>
#include <limits>
#include <vislabel/core/threshold.hpp>

using vislabel::detail::threshold_as;

TEST_CASE("a float is above the threshold iff it is above the threshold as a float") {
  for (const double threshold : {0.0, 0.1, 0.7, -0.7, 1e-50, -1e-50, 16777217.0, 0.5}) {
    const float own = threshold_as<float>(threshold);
    for (const float x :
         {std::nextafter(own, -1e30F), own, std::nextafter(own, 1e30F), 0.0F, 1e-45F, -1e-45F})
      CHECK((static_cast<double>(x) > threshold) == (x > own));
  }
}

TEST_CASE("a threshold that the type has stays as it is") {
  CHECK(threshold_as<float>(0.5) == 0.5F);
  CHECK(threshold_as<double>(0.1) == 0.1);
  CHECK(threshold_as<float>(std::numeric_limits<double>::infinity()) ==
        std::numeric_limits<float>::infinity());
}

TEST_CASE("beyond the type's range: nothing is above, or everything") {
  CHECK(threshold_as<float>(1e300) == std::numeric_limits<float>::max());
  CHECK(threshold_as<float>(-1e300) == -std::numeric_limits<float>::infinity());
}
