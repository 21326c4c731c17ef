#include <doctest/doctest.h>

#include <loss/maps.hpp>
#include <vislabel/loss/colour_test.hpp>

using namespace vislabel;

TEST_CASE("pairs are alike strictly above the threshold, or from it on under the reference's rule") {
  for (const double distance : {0.0, 0.5, 1.0, 3.0, 3.3}) {
    const double similarity = detail::exponential(-distance / 2);
    CHECK_FALSE(detail::ColourTest(similarity, 2, Rule::paper)(distance * distance));
    CHECK(detail::ColourTest(similarity, 2, Rule::reference)(distance * distance));
    CHECK(detail::ColourTest(std::nextafter(similarity, 0), 2, Rule::paper)(distance * distance));
    if (distance > 0)
      CHECK_FALSE(detail::ColourTest(std::nextafter(similarity, 2), 2, Rule::reference)(distance * distance));
  }
  CHECK_FALSE(detail::ColourTest(0.2, 2, Rule::paper)(NAN));
  CHECK(detail::ColourTest(0, 2, Rule::paper)(1e12));  // the similarity is above 0, if too small for a double
  CHECK(detail::ColourTest(0, 2, Rule::reference)(std::numeric_limits<double>::infinity()));
}

TEST_CASE("the pairs of a rectangle are counted by their centers") {
  oracle::Random random(2);
  for (int round = 0; round < 200; ++round) {
    const Size frame{random.between(0, 9), random.between(0, 9)};
    const std::int64_t left = random.between(0, frame.width), top = random.between(0, frame.height);
    const detail::PixelRectangle box{left, top, random.between(left, frame.width),
                                     random.between(top, frame.height)};
    std::int64_t count = 0;
    for (std::int64_t y = box.top; y < box.bottom; ++y)
      for (std::int64_t x = box.left; x < box.right; ++x)
        for (const std::int64_t v : {y - 2, y, y + 2})
          for (const std::int64_t u : {x - 2, x, x + 2})
            count += (v != y || u != x) && v >= 0 && v < frame.height && u >= 0 && u < frame.width ? 1 : 0;
    REQUIRE(detail::pairs_from(box, frame) == count);
  }
}
