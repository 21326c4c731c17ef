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

TEST_CASE("two logits on opposite sides: -log P and its slope, however far apart") {
  for (const double a : {1.0, 30.0, 300.0, 900.0, 1e5})
    for (const double b : {-1.0, -40.0, -299.0, -901.0, -1e5}) {
      const auto x = static_cast<long double>(a), y = static_cast<long double>(b);
      const long double larger = std::max(oracle::log_sigmoid(x) + oracle::log_sigmoid(y),
                                          oracle::log_sigmoid(-x) + oracle::log_sigmoid(-y));
      const long double smaller = std::min(oracle::log_sigmoid(x) + oracle::log_sigmoid(y),
                                           oracle::log_sigmoid(-x) + oracle::log_sigmoid(-y));
      const long double loss = -(larger + std::log1p(std::exp(smaller - larger)));
      CHECK(oracle::relative(detail::disagreement(a, b), loss) < 1e-14);
      CHECK(detail::disagreement(b, a) == detail::disagreement(a, b));
      const long double slope =
          -std::tanh(y / 2) * std::exp(oracle::log_sigmoid(x) + oracle::log_sigmoid(-x) + loss);
      CHECK(oracle::close(detail::disagreement_slope(a, b), slope, 1e-13));
      CHECK(detail::disagreement_slope(-a, -b) == -detail::disagreement_slope(a, b));
    }
}
