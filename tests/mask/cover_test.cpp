#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <oracle.hpp>
#include <set>
#include <vislabel/mask/cover.hpp>

using namespace vislabel;
using oracle::Dense;
using Members = std::set<std::int32_t>;
using PixelsByCover = std::map<Members, Dense>;

namespace {

/// Pixel by pixel: which masks cover it.
PixelsByCover pixels_by_cover(Size size, const std::vector<Dense>& masks, std::size_t least) {
  PixelsByCover regions;
  for (std::int64_t y = 0; y < size.height; ++y)
    for (std::int64_t x = 0; x < size.width; ++x) {
      Members members;
      for (std::size_t n = 0; n < masks.size(); ++n)
        if (masks[n](y, x) != 0) members.insert(static_cast<std::int32_t>(n));
      if (members.size() >= least) regions.try_emplace(members, size).first->second(y, x) = 1;
    }
  return regions;
}

PixelsByCover found(Size size, const std::vector<Dense>& dense, std::int32_t least) {
  const Masks masks = oracle::packed(size, dense);
  detail::MaskSets sets;
  std::vector<detail::CoverPart> parts;
  detail::add_cover_parts(std::vector<PackedMask>(masks.begin(), masks.end()), least, sets, parts);
  PixelsByCover regions;
  std::pair<std::int32_t, std::int32_t> last{-1, -1};
  for (const detail::CoverPart& part : parts) {
    REQUIRE(last <= std::pair(part.row, part.column));
    last = {part.row, part.column};
    const auto in_order = sets[part.set];
    const Members members(in_order.begin(), in_order.end());
    REQUIRE(std::ranges::equal(in_order, std::vector(members.rbegin(), members.rend())));
    if (static_cast<std::int32_t>(members.size()) < least)
      continue;  // of a block where another mask has pixels too
    Dense& region = regions.try_emplace(members, size).first->second;
    for (std::int64_t c = 0; c < detail::block_columns; ++c)
      for (std::int64_t r = 0; r < detail::block_rows; ++r)
        if ((part.pixels[static_cast<std::size_t>(c)] >> r & 1) != 0) {
          std::uint8_t& pixel =
              region(part.row * detail::block_rows + r, part.column * detail::block_columns + c);
          REQUIRE(pixel == 0);
          pixel = 1;
        }
  }
  return regions;
}

}  // namespace

TEST_CASE("three masks make seven regions where all their combinations occur") {
  const Size size{1, 7};
  const std::vector<Dense> masks{oracle::drawn({"#..#.##"}), oracle::drawn({".#.##.#"}),
                                 oracle::drawn({"..#.###"})};
  CHECK(found(size, masks, 1).size() == 7);
  CHECK(found(size, masks, 2).size() == 4);
  CHECK(found(size, masks, 2).at({0, 1, 2}) == oracle::drawn({"......#"}));
}

TEST_CASE("a set of masks has one number, and keeps its members") {
  oracle::Random random(93);
  detail::MaskSets sets;
  std::map<Members, std::int32_t> numbers;
  for (int round = 0; round < 2000; ++round) {
    Members members;
    for (std::int64_t k = random.between(1, 4); k > 0; --k)
      members.insert(static_cast<std::int32_t>(random.below(9)));
    detail::GrowingSets grown;
    std::int32_t set = -1;
    for (const std::int32_t mask : members) set = grown.with(set, mask);
    const std::int32_t expected = numbers.try_emplace(members, sets.count()).first->second;
    REQUIRE(sets.number(grown, set) == expected);
    REQUIRE(sets.count() == static_cast<std::int32_t>(numbers.size()));
  }
  for (const auto& [members, number] : numbers)
    REQUIRE(std::ranges::equal(sets[number], std::vector(members.rbegin(), members.rend())));
}

TEST_CASE("the regions are those found pixel by pixel") {
  oracle::Random random(91);
  for (const Size size : oracle::awkward_sizes()) {
    if (size.pixels() > 40'000) continue;
    for (const std::int64_t count : {0, 1, 2, 3, 6}) {
      const std::vector<Dense> masks = oracle::random_masks(random, size, count);
      REQUIRE(found(size, masks, 1) == pixels_by_cover(size, masks, 1));
      REQUIRE(found(size, masks, 2) == pixels_by_cover(size, masks, 2));
    }
  }
}

TEST_CASE("forty masks of noise have a region for almost every pixel") {
  oracle::Random random(92);
  const Size size{33, 18};
  std::vector<Dense> masks;
  for (int n = 0; n < 40; ++n) masks.push_back(oracle::random_mask(random, size, oracle::Content::half));
  const PixelsByCover regions = found(size, masks, 2);
  CHECK(regions.size() > 550);
  CHECK(regions == pixels_by_cover(size, masks, 2));
}

TEST_CASE("a thousand masks of noise leave a set for every pixel, and no more") {
  oracle::Random random(94);
  const Size size{20, 20};
  std::vector<Dense> dense;
  for (int n = 0; n < 1000; ++n) dense.push_back(oracle::random_mask(random, size, oracle::Content::half));
  const Masks masks = oracle::packed(size, dense);
  detail::MaskSets sets;
  std::vector<detail::CoverPart> parts;
  detail::add_cover_parts(std::vector<PackedMask>(masks.begin(), masks.end()), 2, sets, parts);
  CHECK(sets.count() == 400);
  CHECK(parts.size() == 400);
}
