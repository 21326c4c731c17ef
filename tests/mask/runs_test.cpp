#include <doctest/doctest.h>

#include <oracle.hpp>
#include <vislabel/mask/runs.hpp>

using namespace vislabel;

namespace {
using Counts = std::vector<std::uint32_t>;
Counts run_lengths(const PackedMask& mask, Size size) {
  detail::RunWriter writer(size);
  const auto counts = writer.write(mask);
  return {counts.begin(), counts.end()};
}

Rle rle(Size size, const Counts& counts) { return Rle::from_counts<std::uint32_t>(size, counts); }
}  // namespace

TEST_CASE("runs become the same packed mask as dense pixels do, and come back") {
  oracle::Random random(41);
  for (const Size size : oracle::awkward_sizes()) {
    detail::RunPacker packer(size);  // one packer and one writer for all: nothing of a mask may stay behind
    detail::RunWriter writer(size);
    for (const oracle::Dense& mask : oracle::assorted(random, size)) {
      const Counts counts = oracle::runs(mask);
      const PackedMask packed = packer.pack(rle(size, counts).counts());
      REQUIRE(packed == oracle::packed(mask));
      REQUIRE(run_lengths(packed, size) == counts);
      const std::span<const std::uint32_t> written = writer.write(packed);
      REQUIRE(Counts(written.begin(), written.end()) == counts);
    }
  }
}

TEST_CASE("random masks of random sizes survive the way through the packed form") {
  oracle::Random random(42);
  for (int round = 0; round < 400; ++round) {
    const Size size{random.between(0, 70), random.between(0, 40)};
    const oracle::Dense mask = oracle::random_mask(random, size, random.any_of(oracle::contents()));
    const Counts counts = oracle::runs(mask);
    REQUIRE(run_lengths(detail::RunPacker(size).pack(rle(size, counts).counts()), size) == counts);
  }
}

TEST_CASE("a run that ends with a column does not leak into the next") {
  for (const std::int64_t height : {1, 31, 32, 33, 64, 65}) {
    const Size size{height, 40};
    const auto h = static_cast<std::uint32_t>(height);
    for (const Counts& counts : {Counts{0, h, h * 39}, Counts{h * 15, h, h * 24}, Counts{h * 16, h, h * 23},
                                 Counts{h * 39, h}, Counts{h * 14, h * 4, h * 22}}) {
      const PackedMask packed = detail::RunPacker(size).pack(rle(size, counts).counts());
      CHECK(packed.area() == counts[1]);
      CHECK(run_lengths(packed, size) == counts);
    }
  }
}

TEST_CASE("an empty mask is one run of zeros, of an empty frame the run 0") {
  CHECK(run_lengths(PackedMask{}, {5, 7}) == Counts{35});
  CHECK(run_lengths(PackedMask{}, {0, 7}) == Counts{0});
  CHECK(detail::RunPacker({5, 7}).pack(rle({5, 7}, {35}).counts()).empty());
  CHECK(detail::RunPacker({0, 7}).pack(rle({0, 7}, {0}).counts()).empty());
}

TEST_CASE("a full frame of more than 2^31 pixels keeps its area and its single run") {
  const Size size{65535, 65537};
  const PackedMask packed = detail::RunPacker(size).pack(rle(size, {0, 4294967295}).counts());
  CHECK(packed.area() == 4294967295);
  CHECK(packed.box() == Box{0, 0, 65537, 65535});
  CHECK(run_lengths(packed, size) == Counts{0, 4294967295});
}
