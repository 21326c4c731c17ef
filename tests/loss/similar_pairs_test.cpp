#include <doctest/doctest.h>

#include <loss/maps.hpp>
#include <vislabel/loss/similar_pairs.hpp>

using namespace vislabel;
using oracle::Maps;

TEST_CASE("every pair of the part is compared, none across the frame's edge") {
  oracle::Random random(1);
  for (const Size size : {Size{1, 1}, {2, 7}, {7, 2}, {12, 9}, {5, 40}}) {
    const Maps<double> lab = oracle::random_colours<double>(random, 1, size);
    const detail::PixelRectangle part{0, 0, size.width, size.height};
    const detail::ColourTest alike(0.4, 2, Rule::paper);
    const detail::SimilarPairs pairs(lab.view(), part, alike);
    for (std::int64_t y = 0; y < size.height; ++y)
      for (std::int64_t x = 0; x < size.width; ++x)
        for (std::size_t k = 0; k < detail::neighbours.size(); ++k) {
          const std::int64_t v = y + detail::neighbours[k].down, u = x + detail::neighbours[k].right;
          double squared = 0;
          const bool inside = v < size.height && u >= 0 && u < size.width;
          for (std::int64_t channel = 0; inside && channel < 3; ++channel)
            squared += std::pow(lab(channel, y, x) - lab(channel, v, u), 2);
          REQUIRE((pairs.row(y)[x] >> k & 1) == (inside && alike(squared) ? 1 : 0));
        }
  }
}
