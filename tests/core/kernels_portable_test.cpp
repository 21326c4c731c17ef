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

namespace {

/// A grid of occupancy words with its blocks, as a packed mask holds it, and every block in the open.
struct Grid {
  std::vector<Block> all, blocks;
  std::vector<std::uint16_t> areas;
  std::vector<detail::BlockBits> bits;
  std::vector<std::uint32_t> first;
  std::ptrdiff_t stride;

  Grid(oracle::Random& random, std::size_t rows, std::size_t words, std::int64_t mixed_in_ten) {
    for (std::size_t i = 0; i < rows * words; ++i) {
      first.push_back(static_cast<std::uint32_t>(blocks.size()));
      bits.emplace_back();
      for (unsigned bit = 0; bit < 64; ++bit) {
        Block block{};
        if (random.below(10) < mixed_in_ten)
          block = random_block(random);
        else if (random.one_in(2))
          block = detail::full_block;
        add(block, bit);
      }
    }
    stride = static_cast<std::ptrdiff_t>(words);
  }

  void add(const Block& block, unsigned bit) {
    all.push_back(block);
    if (block == detail::empty_block) return;
    bits.back().some |= std::uint64_t{1} << bit;
    if (block == detail::full_block) {
      bits.back().full |= std::uint64_t{1} << bit;
    } else {
      blocks.push_back(block);
      areas.push_back(static_cast<std::uint16_t>(slow_popcount(block)));
    }
  }

  [[nodiscard]] detail::BlockGrid from(std::size_t word) const {
    const auto i = static_cast<std::ptrdiff_t>(word);
    return {blocks.data(), areas.data(), bits.data() + i, first.data() + i, stride};
  }
};

/// A column of marks or pixels: bit by bit, over all blocks.
bool bit_of(const std::vector<Block>& blocks, std::size_t y, std::size_t c) {
  return (blocks[y / 32][c] >> y % 32 & 1) != 0;
}

detail::BlockBits slow_bits(const std::vector<Block>& blocks) {
  detail::BlockBits bits;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    bits.some |= std::uint64_t{blocks[i] != detail::empty_block} << i;
    bits.full |= std::uint64_t{blocks[i] == detail::full_block} << i;
  }
  return bits;
}

std::vector<std::uint8_t> random_bytes(oracle::Random& random, std::size_t count, std::int64_t kind) {
  std::vector<std::uint8_t> bytes(count);
  for (std::uint8_t& byte : bytes)
    if (kind == 1 || (kind == 2 && random.one_in(2)) || (kind == 3 && random.one_in(100)))
      byte = random.any_of(std::vector<std::uint8_t>{1, 2, 127, 128, 129, 255});
  return bytes;
}

const std::vector<std::size_t> lengths{1,  7,  15, 16,  17,  31,  32,  33,  63,
                                       64, 65, 96, 127, 128, 129, 200, 1056};

}  // namespace

TEST_CASE("intersect counts what two grids share: full, mixed and empty blocks in every combination") {
  for (const detail::Kernels& k : tables()) {
    oracle::Random random(2);
    for (const std::int64_t mixed : {0, 1, 5, 9, 10})
      for (const auto& [rows, words] : {std::pair<std::size_t, std::size_t>{1, 1}, {3, 1}, {2, 3}, {9, 2}}) {
        const Grid a(random, rows, words, mixed), b(random, rows, words, mixed);
        std::uint64_t expected = 0, last_word = 0;
        for (std::size_t i = 0; i < a.all.size(); ++i) {
          Block both;
          for (std::size_t c = 0; c < 16; ++c) both[c] = a.all[i][c] & b.all[i][c];
          expected += slow_popcount(both);
          if (i / 64 % words == words - 1) last_word += slow_popcount(both);
        }
        CHECK(k.intersect(a.from(0), b.from(0), rows, words) == expected);
        CHECK(k.intersect(a.from(words - 1), b.from(words - 1), rows, 1) == last_word);
        CHECK(k.intersect(a.from(0), b.from(0), 0, words) == 0);
      }
  }
}

TEST_CASE("fill_blocks turns changes of colour into pixels, mark_changes finds them again") {
  for (const detail::Kernels& k : tables()) {
    oracle::Random random(8);
    for (const std::size_t count : std::vector<std::size_t>{1, 2, 3, 23, 64})
      for (const std::int64_t rarity : {2, 40, 2000}) {
        std::vector<Block> pixels(count + 1), blocks(count);  // pixels[0]: the block above
        for (std::size_t c = 0; c < 16; ++c) {
          bool colour = random.one_in(2);
          if (colour) pixels[0][c] = ~std::uint32_t{0};
          for (std::size_t y = 0; y < 32 * count; ++y) {
            if (random.one_in(rarity)) {
              colour = !colour;
              blocks[y / 32][c] ^= ~std::uint32_t{0} << y % 32;
            }
            pixels[1 + y / 32][c] |= std::uint32_t{colour} << y % 32;
          }
        }
        Block carry = pixels[0];
        const detail::BlockBits bits = k.fill_blocks(blocks.data(), count, carry);
        const std::vector<Block> expected(pixels.begin() + 1, pixels.end());
        REQUIRE(blocks == expected);
        REQUIRE(bits.some == slow_bits(expected).some);
        REQUIRE(bits.full == slow_bits(expected).full);
        for (std::size_t c = 0; c < 16; ++c)
          REQUIRE(carry[c] == (pixels[count][c] >> 31 != 0 ? ~std::uint32_t{0} : 0));

        std::vector<const Block*> column;
        for (const Block& block : pixels)
          column.push_back(block == detail::full_block    ? &detail::full_block
                           : block == detail::empty_block ? &detail::empty_block
                                                          : &block);
        std::vector<Block> marks(count);
        const detail::ColumnRows rows = k.mark_changes(column.data(), count, marks.data());
        for (std::size_t c = 0; c < 16; ++c)
          for (std::size_t y = 0; y < 32 * count; ++y) {
            const bool marked = (rows[c] >> y / 32 & 1) != 0 && bit_of(marks, y, c);
            REQUIRE(marked == (bit_of(pixels, 31 + y, c) != bit_of(pixels, 32 + y, c)));
          }
      }
  }
}

TEST_CASE("pack_rows and pack_columns pack bytes of any width, height and stride; any non-zero byte is set") {
  for (const detail::Kernels& k : tables()) {
    oracle::Random random(3);
    for (const std::size_t width : lengths)
      for (const std::size_t rows : std::vector<std::size_t>{1, 5, 8, 31, 32})
        for (const std::int64_t kind : {0, 1, 2, 3}) {
          const std::size_t stride = width + static_cast<std::size_t>(random.below(3));
          const std::vector<std::uint8_t> bytes = random_bytes(random, rows * stride, kind);
          const std::size_t count = (width + 15) / 16;
          std::vector<Block> expected(count), mixed(count + 1), expected_mixed;
          for (std::size_t y = 0; y < rows; ++y)
            for (std::size_t x = 0; x < width; ++x)
              expected[x / 16][x % 16] |= std::uint32_t{bytes[y * stride + x] != 0} << y;
          for (const Block& block : expected)
            if (block != detail::empty_block && block != detail::full_block) expected_mixed.push_back(block);
          std::vector<detail::BlockBits> bits((count + 63) / 64);
          const std::size_t found = k.pack_rows(bytes.data(), static_cast<std::ptrdiff_t>(stride), rows,
                                                width, mixed.data(), bits.data());
          mixed.resize(found);
          REQUIRE(mixed == expected_mixed);
          for (std::size_t i = 0; i < count; ++i) {
            REQUIRE((bits[i / 64].some >> i % 64 & 1) == (expected[i] != detail::empty_block ? 1U : 0U));
            REQUIRE((bits[i / 64].full >> i % 64 & 1) == (expected[i] == detail::full_block ? 1U : 0U));
          }
        }
    for (const std::size_t height : lengths)
      for (const std::size_t columns : std::vector<std::size_t>{1, 9, 16})
        for (const std::int64_t kind : {0, 1, 2, 3}) {
          const std::size_t stride = height + static_cast<std::size_t>(random.below(3));
          const std::vector<std::uint8_t> bytes = random_bytes(random, columns * stride, kind);
          std::vector<Block> expected((height + 31) / 32), out(expected.size(), detail::full_block);
          for (std::size_t x = 0; x < columns; ++x)
            for (std::size_t y = 0; y < height; ++y)
              expected[y / 32][x] |= std::uint32_t{bytes[x * stride + y] != 0} << y % 32;
          const detail::BlockBits bits =
              k.pack_columns(bytes.data(), static_cast<std::ptrdiff_t>(stride), columns, height, out.data());
          REQUIRE(out == expected);
          REQUIRE(bits.some == slow_bits(expected).some);
          REQUIRE(bits.full == slow_bits(expected).full);
        }
  }
}

TEST_CASE("find_changes finds every byte whose colour is not that of the byte before") {
  for (const detail::Kernels& k : tables()) {
    oracle::Random random(4);
    for (const std::size_t count : lengths)
      for (const bool before : {false, true})
        for (const std::int64_t kind : {0, 1, 2, 3}) {
          std::vector<std::uint8_t> bytes = random_bytes(random, count, kind);
          for (std::size_t i = 0; i < count / 3; ++i)
            bytes[i] = 5;  // a run of each colour that can be skipped
          std::vector<std::uint32_t> expected, places(count);
          bool last = before;
          for (std::size_t i = 0; i < count; ++i)
            if ((bytes[i] != 0) != last) {
              expected.push_back(static_cast<std::uint32_t>(i));
              last = !last;
            }
          bool colour = before;
          places.resize(k.find_changes(bytes.data(), count, colour, places.data()));
          REQUIRE(places == expected);
          REQUIRE(colour == last);
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

TEST_CASE("unpack_column writes a word as 32 bytes") {
  for (const detail::Kernels& k : tables()) {
    oracle::Random random(6);
    for (int round = 0; round < 300; ++round) {
      const auto word = static_cast<std::uint32_t>(random.below(std::int64_t{1} << 32));
      std::vector<std::byte> out(32, std::byte{9});
      k.unpack_column(word, out.data());
      for (std::size_t r = 0; r < 32; ++r) REQUIRE(static_cast<unsigned>(out[r]) == (word >> r & 1));
    }
  }
}
