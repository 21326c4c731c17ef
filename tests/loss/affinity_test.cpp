#include <doctest/doctest.h>

#include <loss/maps.hpp>
#include <map>
#include <vislabel/loss/affinity.hpp>

using namespace vislabel;

TEST_CASE("the spans of two rows hold every pair with a pixel in the box, weighted by how many are") {
  oracle::Random random(1);
  for (int round = 0; round < 500; ++round) {
    const Size frame{random.between(1, 8), random.between(1, 12)};
    const std::int64_t left = random.between(0, frame.width), top = random.between(0, frame.height);
    const detail::PixelRectangle box{left, top, random.between(left, frame.width),
                                     random.between(top, frame.height)};
    const auto in_box = [&](std::int64_t y, std::int64_t x) {
      return box.left <= x && x < box.right && box.top <= y && y < box.bottom ? 1 : 0;
    };
    for (std::int64_t first = 0; first < frame.height; ++first)
      for (const std::int64_t second : {first, first + 2}) {
        if (second >= frame.height) continue;
        std::map<std::pair<std::size_t, std::int64_t>, int> found, expected;
        detail::for_each_span(box, frame.width, first, second, [&](const detail::PairSpan& span) {
          for (std::int64_t x = span.begin; x < span.end; ++x)
            REQUIRE(found.insert({{span.neighbour, x}, span.weight}).second);
        });
        for (std::size_t k = 0; k < detail::neighbours.size(); ++k)
          for (std::int64_t x = 0; x < frame.width; ++x) {
            const std::int64_t u = x + detail::neighbours[k].right;
            if (first + detail::neighbours[k].down != second || u < 0 || u >= frame.width) continue;
            const int weight = in_box(first, x) + in_box(second, u);
            if (weight > 0) expected[{k, x}] = weight;
          }
        REQUIRE(found == expected);
      }
  }
}

TEST_CASE("odds of a part of a row are read two at a time, and no more") {
  std::vector<float> values{1, -2, 3, NAN, 5};
  const auto view = pixels(std::as_const(values).data(), std::array<std::int64_t, 2>{1, 5});
  for (std::int64_t begin = 0; begin <= 5; ++begin)
    for (std::int64_t end = begin; end <= 5; ++end) {
      std::vector<detail::Odds> odds(5, {7, 7, 7});
      detail::read_odds(view, 0, begin, end, odds);
      for (std::int64_t x = 0; x < 5; ++x) {
        const auto at = static_cast<std::size_t>(x);
        const bool read = begin <= x && x < end;
        if (std::isnan(values[at]) && read) continue;
        const auto [own, other] = detail::probabilities(static_cast<double>(values[at]));
        CHECK(odds[at].logit == (read ? values[at] : 7));
        CHECK(odds[at].foreground == (read ? own : 7));
        CHECK(odds[at].background == (read ? other : 7));
      }
    }
}
