#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <oracle.hpp>
#include <vislabel/core/box.hpp>

using vislabel::Box;

TEST_CASE("the box of one pixel has width and height 1, and half-open corners one apart") {
  const Box pixel{5, 2, 1, 1};
  CHECK(pixel.area() == 1);
  CHECK(vislabel::half_open_corners(pixel) == std::array<double, 4>{5, 2, 6, 3});
  CHECK(vislabel::inclusive_corners(pixel) == std::array<double, 4>{5, 2, 5, 2});
}

TEST_CASE("the two corner conventions differ by one pixel at the far corner only") {
  const Box box{1.5, -2, 10, 4};
  CHECK(vislabel::half_open_corners(box) == std::array<double, 4>{1.5, -2, 11.5, 2});
  CHECK(vislabel::inclusive_corners(box) == std::array<double, 4>{1.5, -2, 10.5, 1});
  CHECK(box.area() == 40);
}

TEST_CASE("a default box is the box of no pixels") {
  CHECK(Box{} == Box{0, 0, 0, 0});
  CHECK(Box{}.area() == 0);
}

TEST_CASE("boxes are equal iff all four numbers are") {
  const Box box{1, 2, 3, 4};
  CHECK(box == Box{1, 2, 3, 4});
  for (const Box& other : {Box{0, 2, 3, 4}, Box{1, 0, 3, 4}, Box{1, 2, 0, 4}, Box{1, 2, 3, 0}})
    CHECK(box != other);
}

TEST_CASE("a box that is not finite or has a negative side is refused by name, index and numbers") {
  const double nan = std::numeric_limits<double>::quiet_NaN(),
               infinity = std::numeric_limits<double>::infinity();
  const auto refusal = [](Box box) {
    return oracle::error_of([&] {
      vislabel::detail::require_box(box, std::numeric_limits<double>::infinity(), "boxes[", 7, "]");
    });
  };
  CHECK(refusal({1, 2, -3, 4}) ==
        "boxes[7] is (1, 2, -3, 4), expected finite x, y, width, height with width and height of at least 0");
  CHECK(refusal({1, 2, 3, -4}) ==
        "boxes[7] is (1, 2, 3, -4), expected finite x, y, width, height with width and height of at least 0");
  for (const double bad : {nan, infinity, -infinity})
    for (const Box& box : {Box{bad, 0, 1, 1}, Box{0, bad, 1, 1}, Box{0, 0, bad, 1}, Box{0, 0, 1, bad}})
      CHECK(refusal(box) != "(no error)");
  CHECK(refusal({-5, -6, 0, 0}) == "(no error)");
}
