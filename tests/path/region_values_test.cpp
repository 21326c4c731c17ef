#include <doctest/doctest.h>

#include <vislabel/path/region_values.hpp>

#include "scenes.hpp"

using namespace vislabel;
using oracle::Map;

TEST_CASE("the values at a mask's pixels, each once, in every memory layout") {
  oracle::Random random(311);
  detail::Scratch<double> memory, other;
  for (const Size size : oracle::awkward_sizes()) {
    if (size.pixels() > 40'000) continue;
    Map map(size);
    double number = 0;
    map.each([&](const Map::Shape& at) { map[at] = ++number; });
    for (const oracle::Dense& dense : oracle::assorted(random, size)) {
      const PackedMask mask = oracle::packed(dense);
      std::vector<double> expected;
      map.each([&](const Map::Shape& at) {
        if (dense(at[0], at[1]) != 0) expected.push_back(map[at]);
      });
      const std::span<double> values = detail::values_at(mask, map.view(), memory);
      for (const oracle::Layout layout : oracle::layouts())
        REQUIRE(std::ranges::equal(detail::values_at(mask, oracle::Array<float>(map, layout).view(), other),
                                   values));
      std::ranges::sort(values);
      REQUIRE(std::ranges::equal(values, expected));
    }
  }
}

TEST_CASE("a row's values come in order, in every memory layout") {
  for (const Size size : {Size{3, 1}, {2, 63}, {1, 65}}) {
    Map map(size);
    map.each([&](const Map::Shape& at) { map[at] = static_cast<double>(1000 * at[0] + at[1]); });
    for (const oracle::Layout layout : oracle::layouts()) {
      const oracle::Array<std::int16_t> stored(map, layout);
      for (std::int64_t y = 0; y < size.height; ++y) {
        std::vector<double> row(static_cast<std::size_t>(size.width));
        detail::read_row(stored.view(), y, row.data());
        for (std::int64_t x = 0; x < size.width; ++x) REQUIRE(row[static_cast<std::size_t>(x)] == map(y, x));
      }
    }
  }
}
