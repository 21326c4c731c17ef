#include <doctest/doctest.h>

#include <algorithm>
#include <oracle.hpp>
#include <vislabel/mask/packer.hpp>

using namespace vislabel;
using detail::Block;

namespace {

struct Placed {
  std::int64_t row, column;
  Block block;
};

/// All blocks of a mask, empty ones too.
std::vector<Placed> blocks_of(const PackedMask& mask, Size size) {
  std::vector<Placed> blocks;
  const detail::BlocksOf of(mask);
  for (std::int64_t row = 0; row * detail::block_rows < size.height; ++row)
    for (std::int64_t column = 0; column * detail::block_columns < size.width; ++column)
      blocks.push_back({row, column, of(row, column)});
  return blocks;
}

PackedMask packed(detail::Packer& packer, const std::vector<Placed>& blocks) {
  for (const Placed& placed : blocks) packer.add(placed.row, placed.column, placed.block);
  return packer.finish();
}

}  // namespace

TEST_CASE(
    "blocks may come row by row or column by column, in any order of rows; a packer can be used again") {
  oracle::Random random(7);
  const Size size{200, 2100};
  detail::Packer packer(size);
  for (const oracle::Content content : oracle::contents()) {
    const PackedMask mask = oracle::packed(oracle::random_mask(random, size, content));
    std::vector<Placed> blocks = blocks_of(mask, size);
    CHECK(packed(packer, blocks) == mask);
    std::stable_sort(blocks.begin(), blocks.end(),
                     [](const Placed& a, const Placed& b) { return a.column < b.column; });
    CHECK(packed(packer, blocks) == mask);
    std::stable_sort(blocks.begin(), blocks.end(),
                     [](const Placed& a, const Placed& b) { return a.row > b.row; });
    CHECK(packed(packer, blocks) == mask);
  }
}

TEST_CASE("a packer to which nothing or only empty blocks were added makes the empty mask") {
  detail::Packer packer({64, 64});
  CHECK(packer.finish() == PackedMask{});
  packer.add(1, 3, Block{});
  CHECK(packer.finish() == PackedMask{});
}

TEST_CASE("a full block is not stored, a block with one pixel is") {
  detail::Packer packer({64, 64});
  packer.add(1, 2, detail::full_block);
  const PackedMask full = packer.finish();
  CHECK(full.area() == 512);
  CHECK(full.box() == Box{32, 32, 16, 32});
  Block one{};
  one[5] = std::uint32_t{1} << 31;
  packer.add(0, 3, one);
  const PackedMask pixel = packer.finish();
  CHECK(pixel.area() == 1);
  CHECK(pixel.box() == Box{53, 31, 1, 1});
  CHECK(pixel.memory() - full.memory() == 66);
}
