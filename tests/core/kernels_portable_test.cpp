#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <oracle.hpp>
#include <vector>
#include <vislabel/core/cpu.hpp>

using namespace vislabel;
using detail::Block;

namespace {

Block random_block(oracle::Random& random) {
  Block block{};
  const std::int64_t kind = random.below(4);  // empty, full, half, sparse
  for (std::uint32_t& word : block) {
    if (kind == 1) word = ~std::uint32_t{0};
    if (kind == 2) word = static_cast<std::uint32_t>(random.below(std::int64_t{1} << 32));
    if (kind == 3) word = std::uint32_t{1} << random.below(32);
  }
  return block;
}

std::uint64_t slow_popcount(const Block& block) {
  std::uint64_t sum = 0;
  for (const std::uint32_t word : block)
    for (int r = 0; r < 32; ++r) sum += word >> r & 1;
  return sum;
}

/// Every table of kernels that this machine can run.
const std::vector<detail::Kernels>& tables() {
  static const std::vector<detail::Kernels> all = detail::available_kernels();
  return all;
}

}  // namespace

TEST_CASE("popcount_blocks counts every block by itself") {
  for (const detail::Kernels& k : tables()) {
    oracle::Random random(1);
    for (int round = 0; round < 200; ++round) {
      std::vector<Block> blocks(static_cast<std::size_t>(random.below(20)));
      std::vector<std::uint16_t> counts(blocks.size()), expected;
      for (Block& block : blocks) {
        block = random_block(random);
        expected.push_back(static_cast<std::uint16_t>(slow_popcount(block)));
      }
      k.popcount_blocks(blocks.data(), blocks.size(), counts.data());
      CHECK(counts == expected);
    }
  }
}

TEST_CASE("a full block has 512 pixels and an empty one none") {
  std::vector<Block> blocks(2);
  blocks[0].fill(~std::uint32_t{0});
  for (const detail::Kernels& k : tables()) {
    std::vector<std::uint16_t> counts(2);
    k.popcount_blocks(blocks.data(), 2, counts.data());
    CHECK(counts == std::vector<std::uint16_t>{512, 0});
  }
}

TEST_CASE("count_bits counts the bits of a word") {
  CHECK(detail::count_bits(0) == 0);
  CHECK(detail::count_bits(~std::uint64_t{0}) == 64);
  CHECK(detail::count_bits(0x8000000000000001U) == 2);
}

TEST_CASE("and_popcount_blocks counts the pixels that paired blocks share") {
  for (const detail::Kernels& k : tables()) {
    oracle::Random random(2);
    std::vector<Block> a(7), b(5);
    for (int round = 0; round < 200; ++round) {
      for (Block& block : a) block = random_block(random);
      for (Block& block : b) block = random_block(random);
      std::vector<detail::BlockPair> pairs(static_cast<std::size_t>(random.below(20)));
      std::uint64_t expected = 0;
      for (detail::BlockPair& pair : pairs) {
        pair = {static_cast<std::uint32_t>(random.below(7)), static_cast<std::uint32_t>(random.below(5))};
        Block both;
        for (std::size_t c = 0; c < 16; ++c) both[c] = a[pair.a][c] & b[pair.b][c];
        expected += slow_popcount(both);
      }
      CHECK(k.and_popcount_blocks(a.data(), b.data(), pairs.data(), pairs.size()) == expected);
    }
  }
}

TEST_CASE("pack_row sets one bit per non-zero byte and leaves the other bits as they were") {
  for (const detail::Kernels& k : tables()) {
    oracle::Random random(3);
    for (const std::size_t width :
         std::vector<std::size_t>{0, 1, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 200})
      for (unsigned bit = 0; bit < 8; ++bit) {
        std::vector<std::uint8_t> row(width), lanes(width + 1), expected;
        for (std::uint8_t& value : row)
          value = random.one_in(2) ? static_cast<std::uint8_t>(random.below(256)) : 0;
        for (std::uint8_t& lane : lanes) lane = static_cast<std::uint8_t>(random.below(256) & ~(1 << bit));
        expected = lanes;
        for (std::size_t x = 0; x < width; ++x)
          if (row[x] != 0) expected[x] = static_cast<std::uint8_t>(expected[x] | 1U << bit);
        k.pack_row(row.data(), width, bit, lanes.data());
        CHECK(lanes == expected);
      }
  }
}

TEST_CASE("gather_block puts lane k's byte of a column into rows 8k to 8k + 7") {
  for (const detail::Kernels& k : tables()) {
    oracle::Random random(4);
    for (const std::size_t stride : std::vector<std::size_t>{16, 48}) {
      std::vector<std::uint8_t> lanes(4 * stride);
      for (std::uint8_t& lane : lanes) lane = static_cast<std::uint8_t>(random.below(256));
      const Block block = k.gather_block(lanes.data(), stride);
      for (std::size_t c = 0; c < 16; ++c)
        for (std::size_t r = 0; r < 32; ++r)
          REQUIRE((block[c] >> r & 1) == (std::uint32_t{lanes[r / 8 * stride + c]} >> r % 8 & 1));
    }
  }
}

TEST_CASE("unpack_rows writes 32 rows of 16 bytes and nothing between them, upwards and downwards") {
  for (const detail::Kernels& k : tables()) {
    oracle::Random random(5);
    for (int round = 0; round < 20; ++round) {
      const Block block = random_block(random);
      for (const std::ptrdiff_t stride : {16, 19, -19}) {
        std::vector<std::byte> out(32 * 19, std::byte{7});
        std::byte* first = out.data() + (stride < 0 ? 31 * 19 : 0);
        k.unpack_rows(block, first, stride);
        std::size_t untouched = 0;
        for (const std::byte value : out) untouched += value == std::byte{7} ? 1U : 0U;
        CHECK(untouched == out.size() - 512);
        for (int r = 0; r < 32; ++r)
          for (int c = 0; c < 16; ++c)
            REQUIRE(static_cast<unsigned>(first[r * stride + c]) ==
                    (block[static_cast<std::size_t>(c)] >> r & 1));
      }
    }
  }
}

TEST_CASE("pack_column and unpack_column turn 32 bytes into a word and back; any non-zero byte is set") {
  for (const detail::Kernels& k : tables()) {
    oracle::Random random(6);
    for (int round = 0; round < 300; ++round) {
      std::vector<std::uint8_t> bytes(32);
      for (std::uint8_t& value : bytes)
        value = random.one_in(2) ? 0 : random.any_of(std::vector<std::uint8_t>{1, 2, 127, 128, 129, 255});
      const std::uint32_t word = k.pack_column(bytes.data());
      std::vector<std::byte> out(32, std::byte{9});
      k.unpack_column(word, out.data());
      for (std::size_t r = 0; r < 32; ++r) {
        REQUIRE((word >> r & 1) == (bytes[r] != 0 ? 1U : 0U));
        REQUIRE(static_cast<unsigned>(out[r]) == (bytes[r] != 0 ? 1U : 0U));
      }
    }
  }
}
