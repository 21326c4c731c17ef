/// The leaf kernels in plain C++, for any processor: the reference that every instruction-set version must
/// equal to the bit. See `core/cpu.hpp` for how one is chosen.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace vislabel::detail {

static_assert(std::endian::native == std::endian::little,
              "vislabel's packed layout assumes a little-endian machine");

/// 32 rows x 16 columns of pixels: word c is column c, bit r its row r. One cache line.
using Block = std::array<std::uint32_t, 16>;

/// The places of two blocks that are to be intersected, each an index into its own mask's blocks.
struct BlockPair {
  std::uint32_t a;
  std::uint32_t b;
};

namespace portable {

/// Set bits of each byte of a word.
inline std::uint64_t byte_counts(std::uint64_t v) {
  v -= (v >> 1) & 0x5555555555555555U;
  v = (v & 0x3333333333333333U) + ((v >> 2) & 0x3333333333333333U);
  return (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fU;
}

/// Set bits of a block. Bits are summed in parallel: without -mpopcnt, std::popcount is a call and a table.
inline std::uint64_t popcount(const std::array<std::uint64_t, 8>& words) {
  std::uint64_t bytes = 0;
  for (const std::uint64_t word : words) bytes += byte_counts(word);  // at most 8 x 8 = 64 in a byte
  return ((bytes & 0x00ff00ff00ff00ffU) + ((bytes >> 8) & 0x00ff00ff00ff00ffU)) * 0x0001000100010001U >> 48;
}

inline std::array<std::uint64_t, 8> wide(const Block& block) {
  return std::bit_cast<std::array<std::uint64_t, 8>>(block);
}

/// Set bits of blocks[0], blocks[1], .., each into `counts`.
inline void popcount_blocks(const Block* blocks, std::size_t count, std::uint16_t* counts) {
  for (std::size_t i = 0; i < count; ++i) counts[i] = static_cast<std::uint16_t>(popcount(wide(blocks[i])));
}

/// Sum of the set bits of a[pairs[i].a] & b[pairs[i].b].
inline std::uint64_t and_popcount_blocks(const Block* a, const Block* b, const BlockPair* pairs,
                                         std::size_t count) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    auto both = wide(a[pairs[i].a]);
    const auto other = wide(b[pairs[i].b]);
    for (std::size_t w = 0; w < 8; ++w) both[w] &= other[w];
    sum += popcount(both);
  }
  return sum;
}

/// lanes[x] |= (row[x] != 0) << bit: one more of the 8 rows that share a byte of each column.
inline void pack_row(const std::uint8_t* row, std::size_t width, unsigned bit, std::uint8_t* lanes) {
  const auto set = static_cast<std::uint8_t>(1U << bit);
  for (std::size_t x = 0; x < width; ++x)
    lanes[x] = static_cast<std::uint8_t>(lanes[x] | (row[x] != 0 ? set : 0));
}

/// The words of 16 columns from 4 lanes, lane k of which holds rows 8k .. 8k + 7 of every column in a byte.
inline Block gather_block(const std::uint8_t* lanes, std::size_t stride) {
  Block out;
  for (std::size_t c = 0; c < 16; ++c)
    out[c] = static_cast<std::uint32_t>(lanes[c]) | static_cast<std::uint32_t>(lanes[stride + c]) << 8 |
             static_cast<std::uint32_t>(lanes[2 * stride + c]) << 16 |
             static_cast<std::uint32_t>(lanes[3 * stride + c]) << 24;
  return out;
}

/// Writes a block as 32 rows of 16 bytes, 0 and 1, `row_stride` bytes apart.
inline void unpack_rows(const Block& block, std::byte* out, std::ptrdiff_t row_stride) {
  for (unsigned k = 0; k < 4; ++k) {
    std::array<std::uint8_t, 16> lane;
    for (std::size_t c = 0; c < 16; ++c) lane[c] = static_cast<std::uint8_t>(block[c] >> (8 * k));
    const auto words = std::bit_cast<std::array<std::uint64_t, 2>>(lane);
    for (unsigned r = 0; r < 8; ++r) {
      const std::array<std::uint64_t, 2> row{words[0] >> r & 0x0101010101010101U,
                                             words[1] >> r & 0x0101010101010101U};
      std::memcpy(out + static_cast<std::ptrdiff_t>(8 * k + r) * row_stride, row.data(), 16);
    }
  }
}

/// 32 bytes of one column, non-zero is set, as a word.
inline std::uint32_t pack_column(const std::uint8_t* bytes) {
  std::array<std::uint64_t, 4> words;
  std::memcpy(words.data(), bytes, sizeof words);
  if ((words[0] | words[1] | words[2] | words[3]) == 0) return 0;  // most of a frame
  std::uint32_t word = 0;
  for (unsigned i = 0; i < 4; ++i) {
    std::uint64_t v = words[i];
    v = (((v & 0x7f7f7f7f7f7f7f7fU) + 0x7f7f7f7f7f7f7f7fU) | v) & 0x8080808080808080U;  // top bit: non-zero
    word |= static_cast<std::uint32_t>((v >> 7) * 0x0102040810204080U >> 56) << (8 * i);
  }
  return word;
}

/// A word of a column as 32 bytes, 0 and 1.
inline void unpack_column(std::uint32_t word, std::byte* out) {
  for (unsigned i = 0; i < 4; ++i) {
    std::uint64_t bytes = (word >> (8 * i) & 0xff) * 0x0101010101010101U & 0x8040201008040201U;
    bytes = (bytes + 0x7f7f7f7f7f7f7f7fU) >> 7 & 0x0101010101010101U;
    std::memcpy(out + 8 * i, &bytes, 8);
  }
}

}  // namespace portable

/// Set bits of one word, inline: std::popcount where it is an instruction, else a few operations instead of a
/// call.
[[nodiscard]] inline unsigned count_bits(std::uint64_t word) {
#ifdef __POPCNT__
  return static_cast<unsigned>(std::popcount(word));
#else
  return static_cast<unsigned>(portable::byte_counts(word) * 0x0101010101010101U >> 56);
#endif
}

}  // namespace vislabel::detail
