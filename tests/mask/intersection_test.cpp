#include <doctest/doctest.h>

#include <oracle.hpp>
#include <vislabel/mask/intersection.hpp>

using namespace vislabel;
using oracle::Content;
using oracle::Dense;

TEST_CASE("the intersection of two masks is symmetric, bounded, and equals the bit sets'") {
  oracle::Random random(53);
  for (const Size size : oracle::awkward_sizes()) {
    const std::vector<Dense> dense = oracle::assorted(random, size);
    const Masks masks = oracle::packed(size, dense);
    std::vector<boost::dynamic_bitset<>> bits;
    for (const Dense& mask : dense) bits.push_back(oracle::bits(mask));
    for (std::int64_t a = 0; a < masks.count(); ++a)
      for (std::int64_t b = 0; b <= a; ++b) {
        const std::int64_t common = intersection_area(masks[a], masks[b]);
        const auto &p = bits[static_cast<std::size_t>(a)], &q = bits[static_cast<std::size_t>(b)];
        REQUIRE(common == static_cast<std::int64_t>((p & q).count()));
        REQUIRE(intersection_area(masks[b], masks[a]) == common);
        REQUIRE(common <= std::min(masks[a].area(), masks[b].area()));
        if (a == b) REQUIRE(common == masks[a].area());
      }
  }
}

TEST_CASE("more than 64 meeting blocks of each kind are all counted") {
  oracle::Random random(54);
  const Size size{32 * 20, 16 * 20};
  for (const auto& [one, other] : {std::pair{Content::full, Content::half},
                                   {Content::half, Content::full},
                                   {Content::half, Content::dense},
                                   {Content::full, Content::full},
                                   {Content::blobs, Content::checkerboard},
                                   {Content::hole, Content::rows}}) {
    const Dense a = oracle::random_mask(random, size, one), b = oracle::random_mask(random, size, other);
    CHECK(intersection_area(oracle::packed(a), oracle::packed(b)) == oracle::common(a, b));
  }
}

TEST_CASE("masks that share boxes but no pixels intersect in nothing") {
  Dense a({64, 64}), b({64, 64});
  for (std::int64_t y = 0; y < 64; ++y)
    for (std::int64_t x = 0; x < 64; ++x) ((x + y) % 2 == 0 ? a : b)(y, x) = 1;
  CHECK(intersection_area(oracle::packed(a), oracle::packed(b)) == 0);
  CHECK(intersection_area(oracle::packed(a), oracle::packed(a)) == 2048);
  CHECK(intersection_area(PackedMask{}, oracle::packed(a)) == 0);
  CHECK(intersection_area(PackedMask{}, PackedMask{}) == 0);
}
