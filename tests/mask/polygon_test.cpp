#include <doctest/doctest.h>

#include <limits>
#include <oracle.hpp>
#include <vislabel/mask/convert.hpp>
#include <vislabel/mask/polygon.hpp>

using namespace vislabel;
using Corners = std::vector<double>;

namespace {

oracle::Dense drawn_by(Size size, const Corners& corners) {
  const Rle rle = from_polygon(size, corners);
  oracle::Dense mask(size);
  const Masks masks = pack(exec::Seq{}, size, {&rle, 1});
  const detail::BlocksOf blocks(masks[0]);
  for (std::int64_t y = 0; y < size.height; ++y)
    for (std::int64_t x = 0; x < size.width; ++x) {
      const std::uint32_t word = blocks(y / 32, x / 16)[static_cast<std::size_t>(x % 16)];
      if ((word >> (y % 32) & 1) != 0) oracle::fill(mask, y, x, y + 1, x + 1);
    }
  return mask;
}

std::string refusal(Size size, const Corners& corners) {
  return oracle::error_of([&] { static_cast<void>(from_polygon(size, corners)); });
}

}  // namespace

TEST_CASE("a rectangle with whole corners covers the pixels between them") {
  CHECK(drawn_by({4, 6}, {1, 1, 5, 1, 5, 3, 1, 3}) ==
        oracle::drawn({"......", ".####.", ".####.", "......"}));
  CHECK(drawn_by({4, 6}, {1, 1, 1, 3, 5, 3, 5, 1}) ==
        oracle::drawn({"......", ".####.", ".####.", "......"}));
}

TEST_CASE("a triangle whose long side runs through pixel centres leaves those pixels out") {
  CHECK(drawn_by({4, 4}, {0, 0, 4, 0, 0, 4}) == oracle::drawn({"###.", "##..", "#...", "...."}));
}

TEST_CASE("what lies outside the frame is cut off") {
  CHECK(drawn_by({2, 3}, {-50, -50, 70, -50, 70, 70, -50, 70}) == oracle::drawn({"###", "###"}));
  CHECK(drawn_by({2, 3}, {10, 10, 20, 10, 20, 20}) == oracle::drawn({"...", "..."}));
  CHECK(drawn_by({2, 3}, {-9, 0, 1, 0, 1, 9, -9, 9}) == oracle::drawn({"#..", "#.."}));
}

TEST_CASE("a polygon's mask does not depend on the corner it starts at, nor on its direction") {
  oracle::Random random(11);
  for (int round = 0; round < 300; ++round) {
    const Size size{random.below(40) + 1, random.below(40) + 1};
    Corners corners;
    const std::int64_t coordinates = 2 * (3 + random.below(5));
    for (std::int64_t i = 0; i < coordinates; ++i) corners.push_back(80 * random.real() - 20);
    const Rle mask = from_polygon(size, corners);
    Corners turned(corners.begin() + 2, corners.end());
    turned.insert(turned.end(), corners.begin(), corners.begin() + 2);
    CHECK(from_polygon(size, turned) == mask);
    Corners reversed;
    for (std::size_t i = corners.size(); i > 0; i -= 2)
      reversed.insert(reversed.end(), {corners[i - 2], corners[i - 1]});
    CHECK(from_polygon(size, reversed) == mask);
  }
}

TEST_CASE("corners that repeat change nothing") {
  const Rle once = from_polygon({9, 9}, Corners{1, 1, 7.5, 2, 3, 8});
  CHECK(from_polygon({9, 9}, Corners{1, 1, 1, 1, 7.5, 2, 3, 8, 3, 8, 1, 1}) == once);
}

TEST_CASE("a box is the polygon of its corners") {
  CHECK(from_box({4, 6}, {1, 1, 4, 2}) == from_polygon({4, 6}, Corners{1, 1, 1, 3, 5, 3, 5, 1}));
  CHECK(from_box({4, 6}, {1, 1, 0, 0}).counts().size() == 1);
}

TEST_CASE("polygons of no pixels, of frames without pixels, and of too few or bad corners") {
  CHECK(from_polygon({0, 5}, Corners{0, 0, 4, 0, 4, 4}).counts()[0] == 0);
  CHECK(from_polygon({5, 0}, Corners{0, 0, 4, 0, 4, 4}).counts()[0] == 0);
  CHECK(refusal({4, 4}, {0, 0, 1, 1}) == "a polygon has 4 coordinates, expected x, y of at least 3 corners");
  CHECK(refusal({4, 4}, {0, 0, 1, 1, 2, 2, 3}) ==
        "a polygon has 7 coordinates, expected x, y of at least 3 corners");
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();
  CHECK(refusal({4, 4}, {0, 0, 1, not_a_number, 2, 2}) ==
        "coordinate 3 of a polygon is nan, expected -1e6 to 1e6");
  CHECK(refusal({4, 4}, {0, 0, 1, 1, 2e6, 2}) == "coordinate 4 of a polygon is 2e+06, expected -1e6 to 1e6");
}
