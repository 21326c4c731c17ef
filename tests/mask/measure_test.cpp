#include <doctest/doctest.h>

#include <oracle.hpp>
#include <vislabel/mask/measure.hpp>

using namespace vislabel;

namespace {
Rle with_runs(Size size, const std::vector<std::uint32_t>& counts) {
  return Rle::from_counts<std::uint32_t>(size, counts);
}
}  // namespace

TEST_CASE("area and box of a mask drawn by hand") {
  const oracle::Dense mask = oracle::drawn({".....",  //
                                            "..##.",  //
                                            "...#."});
  const Rle encoded = with_runs({3, 5}, oracle::runs(mask));
  CHECK(area(encoded) == 3);
  CHECK(box(encoded) == Box{2, 1, 2, 2});
}

TEST_CASE("a run that crosses into the next column spans the frame's height") {
  CHECK(box(with_runs({4, 3}, {3, 2, 7})) == Box{0, 0, 2, 4});
  CHECK(box(with_runs({4, 3}, {4, 4, 4})) == Box{1, 0, 1, 4});
}

TEST_CASE("an empty mask has area 0 and box 0, 0, 0, 0") {
  for (const Size size : {Size{0, 0}, Size{0, 9}, Size{9, 0}, Size{9, 9}}) {
    const Rle empty = with_runs(size, {static_cast<std::uint32_t>(size.pixels())});
    CHECK(area(empty) == 0);
    CHECK(box(empty) == Box{0, 0, 0, 0});
  }
}

TEST_CASE("areas need more than 31 bits") {
  const Rle full = with_runs({65535, 65537}, {0, 4294967295});
  CHECK(area(full) == 4294967295);
  CHECK(box(full) == Box{0, 0, 65537, 65535});
}

TEST_CASE("area and box equal the dense count, for every size and content") {
  oracle::Random random(31);
  for (const Size size : oracle::awkward_sizes())
    for (const oracle::Dense& mask : oracle::assorted(random, size)) {
      const Rle encoded = with_runs(size, oracle::runs(mask));
      REQUIRE(area(encoded) == oracle::area(mask));
      REQUIRE(box(encoded) == oracle::box(mask));
    }
}
