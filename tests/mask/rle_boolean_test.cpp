#include <doctest/doctest.h>

#include <oracle.hpp>
#include <vislabel/mask/rle_boolean.hpp>

using namespace vislabel;
using oracle::Dense;
using Bits = boost::dynamic_bitset<>;

namespace {
Rle encoded(const Dense& mask) { return Rle::from_counts<std::uint32_t>(mask.size, oracle::runs(mask)); }
Rle of_runs(Size size, const std::vector<std::uint32_t>& counts) {
  return Rle::from_counts<std::uint32_t>(size, counts);
}
Rle unite(const std::vector<Rle>& rles) { return vislabel::unite(std::span<const Rle>(rles)); }
Rle intersect(const std::vector<Rle>& rles) { return vislabel::intersect(std::span<const Rle>(rles)); }
}  // namespace

TEST_CASE("union and intersection of two masks by hand") {
  const Rle a = of_runs({4, 3}, {2, 5, 5}), b = of_runs({4, 3}, {0, 4, 2, 3, 3});
  CHECK(unite({a, b}) == of_runs({4, 3}, {0, 9, 3}));
  CHECK(intersect({a, b}) == of_runs({4, 3}, {2, 2, 2, 1, 5}));
}

TEST_CASE("they equal the bit sets' for every size and content, and their runs are canonical") {
  oracle::Random random(201);
  for (const Size size : oracle::awkward_sizes()) {
    const std::vector<Dense> masks = oracle::assorted(random, size);
    for (int round = 0; round < 40; ++round) {
      const Dense first = random.any_of(masks);
      std::vector<Rle> rles{encoded(first)};
      Bits any = oracle::bits(first), every = any;
      for (std::int64_t k = random.below(4); k > 0; --k) {
        const Dense mask = random.any_of(masks);
        rles.push_back(encoded(mask));
        any |= oracle::bits(mask), every &= oracle::bits(mask);
      }
      REQUIRE(unite(rles) == encoded(oracle::dense(size, any)));
      REQUIRE(intersect(rles) == encoded(oracle::dense(size, every)));
    }
  }
}

TEST_CASE("full and empty frames, of no pixels and of the most") {
  CHECK(unite({of_runs({0, 4}, {}), of_runs({0, 4}, {})}) == of_runs({0, 4}, {}));
  const Rle full = of_runs({65535, 65537}, {0, 4294967295}), empty = of_runs({65535, 65537}, {4294967295});
  CHECK(unite({full, empty}) == full);
  CHECK(intersect({full, empty}) == empty);
  CHECK(intersect({full, full}) == full);
}

TEST_CASE("no masks and different sizes are refused") {
  const std::vector<Rle> different{of_runs({4, 3}, {12}), of_runs({4, 3}, {12}), of_runs({3, 4}, {12})};
  CHECK(oracle::error_of([] { return unite(std::vector<Rle>{}); }) ==
        "rles is empty, expected at least 1 mask");
  CHECK(oracle::error_of([] { return intersect(std::vector<Rle>{}); }) ==
        "rles is empty, expected at least 1 mask");
  CHECK(oracle::error_of([&] { return unite(different); }) == "rles[2] has size 3 x 4, expected 4 x 3");
  CHECK(oracle::error_of([&] { return intersect(different); }) == "rles[2] has size 3 x 4, expected 4 x 3");
}
