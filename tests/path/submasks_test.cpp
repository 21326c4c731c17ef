#include <doctest/doctest.h>

#include <vislabel/path/submasks.hpp>

#include "scenes.hpp"

using namespace vislabel;
using oracle::Dense;
using oracle::Subset;

namespace {

/// Regions, table and the pixels without a mask are those found pixel by pixel.
void require_regions(Size size, const std::vector<Dense>& dense) {
  const Masks masks = oracle::packed(size, dense);
  const auto expected = oracle::regions(size, dense);
  const Submasks found = submasks(masks);
  REQUIRE(found.regions.size() == size);
  REQUIRE(found.regions.count() == static_cast<std::int64_t>(expected.size()));
  REQUIRE(found.table.rows() == masks.count());
  REQUIRE(found.table.cols() == found.regions.count());
  std::int64_t r = 0;
  for (const auto& [covering, region] : expected) {
    REQUIRE(found.regions[r] == oracle::packed(region));
    for (std::int64_t n = 0; n < masks.count(); ++n)
      REQUIRE(found.table(n, r) == std::ranges::binary_search(covering, n));
    ++r;
  }
  std::int64_t area = 0;
  for (const PackedMask& region : found.regions) area += region.area();
  Dense uncovered(size);
  for (std::size_t i = 0; i < uncovered.bytes.size(); ++i)
    uncovered.bytes[i] =
        std::ranges::none_of(dense, [&](const Dense& mask) { return mask.bytes[i] != 0; }) ? 1 : 0;
  REQUIRE(area + oracle::area(uncovered) == size.pixels());
  REQUIRE(detail::regions_of(masks).uncovered == oracle::packed(uncovered));
}

}  // namespace

TEST_CASE("two masks that overlap have three regions, ordered by the masks that cover them") {
  const Masks masks = oracle::packed({1, 8}, {oracle::drawn({".####..."}), oracle::drawn({"...####."})});
  const Submasks found = submasks(masks);
  REQUIRE(found.regions.count() == 3);
  CHECK(found.regions[0] == oracle::packed(oracle::drawn({".##....."})));  // {0}
  CHECK(found.regions[1] == oracle::packed(oracle::drawn({"...##..."})));  // {0, 1}
  CHECK(found.regions[2] == oracle::packed(oracle::drawn({".....##."})));  // {1}
  CHECK((found.table == (BoolTable(2, 3) << true, true, false, false, true, true).finished()).all());
  CHECK(detail::regions_of(masks).uncovered == oracle::packed(oracle::drawn({"#......#"})));
}

TEST_CASE("a region may lie in several places") {
  const Submasks found =
      submasks(oracle::packed({1, 7}, {oracle::drawn({"#######"}), oracle::drawn({".##.##."})}));
  REQUIRE(found.regions.count() == 2);
  CHECK(found.regions[0] == oracle::packed(oracle::drawn({"#..#..#"})));
  CHECK(found.regions[1] == oracle::packed(oracle::drawn({".##.##."})));
}

TEST_CASE("equal masks share one region; masks without pixels have none") {
  const Dense mask = oracle::drawn({".##."});
  const Submasks found = submasks(oracle::packed({1, 4}, {mask, Dense({1, 4}), mask}));
  REQUIRE(found.regions.count() == 1);
  CHECK(found.regions[0] == oracle::packed(mask));
  CHECK((found.table == (BoolTable(3, 1) << true, false, true).finished()).all());
}

TEST_CASE("without masks there are no regions") {
  const Submasks none = submasks(Masks({3, 5}, {}));
  CHECK(none.regions.count() == 0);
  CHECK(none.regions.size() == Size{3, 5});
  CHECK(none.table.size() == 0);
  CHECK(detail::regions_of(Masks({3, 5}, {})).uncovered.area() == 15);
  CHECK(submasks(Masks()).regions.size() == Size{});
}

TEST_CASE("regions are those found pixel by pixel, whatever the frame's size") {
  oracle::Random random(321);
  for (const Size size : oracle::awkward_sizes()) {
    if (size.pixels() > 70'000) continue;
    for (const std::int64_t count : {0, 1, 2, 5})
      require_regions(size, oracle::random_masks(random, size, count));
    require_regions(size, oracle::random_proposals(random, size, 9));
  }
  for (const Size size : {Size{1, 1}, {1, 63}, {63, 1}, {1, 64}, {64, 1}, {1, 65}, {65, 1}, {9, 7}, {65, 63}})
    for (int round = 0; round < 15; ++round) {
      std::vector<Dense> masks = oracle::random_proposals(random, size, random.below(8));
      masks.push_back(oracle::random_mask(random, size, oracle::Content::full));
      masks.push_back(oracle::random_mask(random, size, oracle::Content::empty));
      masks.push_back(masks.front());
      require_regions(size, masks);
    }
}

TEST_CASE("noise has a region for almost every pixel") {
  oracle::Random random(322);
  std::vector<Dense> masks;
  for (int n = 0; n < 70; ++n) masks.push_back(oracle::random_mask(random, {33, 17}, oracle::Content::half));
  require_regions({33, 17}, masks);
}
