#include <doctest/doctest.h>

#include <oracle.hpp>
#include <vislabel/mask/packed.hpp>

using namespace vislabel;
using oracle::Content;
using oracle::Dense;

TEST_CASE("area and box of a packed mask equal the dense count") {
  oracle::Random random(51);
  for (const Size size : oracle::awkward_sizes())
    for (const Dense& mask : oracle::assorted(random, size)) {
      const PackedMask packed = oracle::packed(mask);
      REQUIRE(packed.area() == oracle::area(mask));
      REQUIRE(packed.box() == oracle::box(mask));
      REQUIRE(packed.empty() == (oracle::area(mask) == 0));
    }
}

TEST_CASE("every pixel of a packed mask is where it was, block by block") {
  oracle::Random random(52);
  for (const Size size : {Size{33, 17}, Size{70, 40}, Size{32, 1030}, Size{1, 2100}})
    for (const Dense& mask : oracle::assorted(random, size)) {
      const PackedMask packed = oracle::packed(mask);
      const detail::BlocksOf blocks(packed);
      for (std::int64_t y = 0; y < size.height; ++y)
        for (std::int64_t x = 0; x < size.width; ++x) {
          const detail::Block& block = blocks(y / 32, x / 16);
          REQUIRE((block[static_cast<std::size_t>(x % 16)] >> y % 32 & 1) == mask(y, x));
        }
    }
}

TEST_CASE("masks are equal iff their pixels are") {
  oracle::Random random(55);
  for (const Size size : {Size{33, 17}, Size{64, 1040}, Size{7, 9}}) {
    const std::vector<Dense> dense = oracle::assorted(random, size);
    for (const Dense& a : dense)
      for (const Dense& b : dense) CHECK((oracle::packed(a) == oracle::packed(b)) == (a == b));
    for (Dense mask : dense) {
      const PackedMask packed = oracle::packed(mask);
      const std::int64_t y = random.below(size.height), x = random.below(size.width);
      mask(y, x) ^= 1U;
      CHECK(packed != oracle::packed(mask));
      CHECK(packed == PackedMask(packed));
    }
  }
  CHECK(PackedMask{} == oracle::packed(Dense({5, 5})));
}

TEST_CASE("two masks of the same area and box but other pixels are not equal") {
  CHECK(oracle::packed(oracle::drawn({"#.", ".#"})) != oracle::packed(oracle::drawn({".#", "#."})));
}

TEST_CASE("an object's inside costs two bits per block, its boundary 64 bytes") {
  Dense full({320, 160});
  oracle::fill(full, 0, 0, 320, 160);
  const PackedMask inside = oracle::packed(full);
  full(0, 0) = 0;
  const PackedMask nearly = oracle::packed(full);
  CHECK(nearly.memory() - inside.memory() == 66);
  CHECK(inside.memory() < sizeof(PackedMask) + 300);  // 10 words of 20 bytes and the alignment
  CHECK(PackedMask{}.memory() == sizeof(PackedMask));
  CHECK(sizeof(PackedMask) == 48);
}

TEST_CASE("copies share their pixels") {
  const PackedMask mask = oracle::packed(oracle::drawn({"##.", ".##"}));
  const PackedMask copy = mask;  // NOLINT: the copy is the point
  CHECK(copy.blocks() == mask.blocks());
  CHECK(reinterpret_cast<std::uintptr_t>(mask.blocks()) % 64 == 0);
}
