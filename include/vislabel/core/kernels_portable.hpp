/// The leaf kernels in plain C++, for any processor: the reference that every instruction-set version must
/// equal to the bit. See `core/cpu.hpp` for how one is chosen.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vislabel/core/block.hpp>

namespace vislabel::detail {
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

/// Set bits of one word.
inline std::uint32_t count_bits(std::uint64_t word) {
  return static_cast<std::uint32_t>(byte_counts(word) * 0x0101010101010101U >> 56);
}

/// Set bits of blocks[0], blocks[1], .., each into `counts`.
inline void popcount_blocks(const Block* blocks, std::size_t count, std::uint16_t* counts) {
  for (std::size_t i = 0; i < count; ++i) counts[i] = static_cast<std::uint16_t>(popcount(wide(blocks[i])));
}

/// The pixels that two masks share under grids of `rows` x `words` occupancy words over the same place.
inline std::uint64_t intersect(const BlockGrid& a, const BlockGrid& b, std::size_t rows, std::size_t words) {
  std::uint64_t sum = 0;
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t w = 0; w < words; ++w) {
      const auto i = static_cast<std::ptrdiff_t>(r) * a.stride + static_cast<std::ptrdiff_t>(w);
      const auto j = static_cast<std::ptrdiff_t>(r) * b.stride + static_cast<std::ptrdiff_t>(w);
      const BlockBits p = a.bits[i], q = b.bits[j];
      if ((p.some & q.some) == 0) continue;
      const std::uint64_t mixed_a = p.some & ~p.full, mixed_b = q.some & ~q.full;
      const auto in_a = [&](std::uint64_t rest) {
        return a.first[i] + count_bits(mixed_a & ((rest & -rest) - 1));
      };
      const auto in_b = [&](std::uint64_t rest) {
        return b.first[j] + count_bits(mixed_b & ((rest & -rest) - 1));
      };
      sum += count_bits(p.full & q.full) * std::uint64_t{block_rows * block_columns};
      for (std::uint64_t rest = mixed_a & q.full; rest != 0; rest &= rest - 1) sum += a.areas[in_a(rest)];
      for (std::uint64_t rest = mixed_b & p.full; rest != 0; rest &= rest - 1) sum += b.areas[in_b(rest)];
      for (std::uint64_t rest = mixed_a & mixed_b; rest != 0; rest &= rest - 1) {
        auto both = wide(a.blocks[in_a(rest)]);
        const auto other = wide(b.blocks[in_b(rest)]);
        for (std::size_t k = 0; k < 8; ++k) both[k] &= other[k];
        sum += popcount(both);
      }
    }
  return sum;
}

/// What up to 64 blocks have, bit i for block i.
inline BlockBits classify(const Block* blocks, std::size_t count) {
  BlockBits bits;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t any = 0, all = ~std::uint64_t{0};
    for (const std::uint64_t word : wide(blocks[i])) any |= word, all &= word;
    bits.some |= std::uint64_t{any != 0} << i;
    bits.full |= std::uint64_t{all == ~std::uint64_t{0}} << i;
  }
  return bits;
}

/// Up to 64 blocks, one below the other, from colour changes to pixels, in place. A change at a row is all
/// bits from that row to the end of its word; `carry` is the colour of each column above the first block (0
/// or ~0), and afterwards below the last one.
inline BlockBits fill_blocks(Block* blocks, std::size_t count, Block& carry) {
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t c = 0; c < carry.size(); ++c) {
      blocks[i][c] ^= carry[c];
      carry[c] = 0U - (blocks[i][c] >> 31);
    }
  return classify(blocks, count);
}

/// The way back: marks every pixel of column[1] .. column[count] (up to 64 blocks, one below the other) whose
/// colour is not that of the pixel above; column[0] is the block above them. Says which words have marks; the
/// others are not written.
inline ColumnRows mark_changes(const Block* const* column, std::size_t count, Block* marks) {
  ColumnRows rows{};
  for (std::size_t i = 0; i < count; ++i) {
    if (column[i] == column[i + 1]) continue;  // inside or outside of an object
    const Block &above = *column[i], &block = *column[i + 1];
    for (std::size_t c = 0; c < block.size(); ++c) {
      marks[i][c] = block[c] ^ (block[c] << 1 | above[c] >> 31);
      rows[c] |= std::uint64_t{marks[i][c] != 0} << i;
    }
  }
  return rows;
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

/// Adds a block to the mixed ones of a block row if it is mixed, and says in `bits` what it has.
inline void place_block(const Block& block, std::size_t column, Block*& mixed, BlockBits* bits) {
  const BlockBits one = classify(&block, 1);
  bits[column / 64].some |= one.some << column % 64;
  bits[column / 64].full |= one.full << column % 64;
  *mixed = block;
  mixed += one.some & ~one.full;
}

/// A tile of up to 32 rows of 16 bytes, `stride` bytes apart, non-zero is set.
inline Block pack_tile(const std::uint8_t* from, std::ptrdiff_t stride, std::size_t rows,
                       std::size_t columns) {
  std::array<std::uint8_t, 64> lanes{};
  for (std::size_t r = 0; r < rows; ++r) {
    const std::uint8_t* row = from + static_cast<std::ptrdiff_t>(r) * stride;
    std::uint8_t* lane = lanes.data() + r / 8 * 16;
    for (std::size_t c = 0; c < columns; ++c)
      lane[c] = static_cast<std::uint8_t>(lane[c] | (row[c] != 0 ? 1U << r % 8 : 0U));
  }
  return gather_block(lanes.data(), 16);
}

/// A block row: up to 32 rows of `width` bytes, `stride` bytes apart, non-zero is set. `bits` (zero before)
/// says what each block has; the mixed ones are written to `mixed`, which has room for one more than there
/// are blocks. Returns how many.
inline std::size_t pack_rows(const std::uint8_t* from, std::ptrdiff_t stride, std::size_t rows,
                             std::size_t width, Block* mixed, BlockBits* bits) {
  Block* end = mixed;
  for (std::size_t x = 0; x < width; x += 16)
    place_block(pack_tile(from + x, stride, rows, std::min<std::size_t>(16, width - x)), x / 16, end, bits);
  return static_cast<std::size_t>(end - mixed);
}

/// 32 bytes of one column, non-zero is set, as a word.
inline std::uint32_t pack_word(const std::uint8_t* bytes) {
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

/// The last word of a column, of fewer than 32 bytes.
inline std::uint32_t pack_tail(const std::uint8_t* bytes, std::size_t count) {
  std::uint32_t word = 0;
  for (std::size_t r = 0; r < count; ++r) word |= std::uint32_t{bytes[r] != 0} << r;
  return word;
}

/// A block column of up to 64 blocks: up to 16 columns of `rows` bytes, `stride` bytes apart, non-zero is
/// set.
inline BlockBits pack_columns(const std::uint8_t* from, std::ptrdiff_t stride, std::size_t columns,
                              std::size_t rows, Block* out) {
  const std::size_t count = (rows + 31) / 32;
  if (columns < 16)
    for (std::size_t i = 0; i < count; ++i) out[i].fill(0);
  for (std::size_t c = 0; c < columns; ++c) {
    const std::uint8_t* column = from + static_cast<std::ptrdiff_t>(c) * stride;
    for (std::size_t i = 0; i < rows / 32; ++i) out[i][c] = pack_word(column + 32 * i);
    if (rows % 32 != 0) out[count - 1][c] = pack_tail(column + rows / 32 * 32, rows % 32);
  }
  return classify(out, count);
}

/// Writes the places of the bytes whose colour (0, or not 0) is not that of the byte before; `colour` is that
/// before the first byte, and afterwards that of the last. Returns how many; `places` has room for `count`.
inline std::size_t find_changes(const std::uint8_t* bytes, std::size_t count, bool& colour,
                                std::uint32_t* places) {
  std::uint32_t* out = places;
  std::size_t i = 0;
  for (; i + 32 <= count; i += 32) {
    const std::uint32_t word = pack_word(bytes + i);
    for (std::uint32_t changes = word ^ (word << 1 | std::uint32_t{colour}); changes != 0;
         changes &= changes - 1)
      *out++ = static_cast<std::uint32_t>(i) + static_cast<std::uint32_t>(std::countr_zero(changes));
    colour = word >> 31 != 0;
  }
  for (; i < count; ++i)
    if ((bytes[i] != 0) != colour) {
      *out++ = static_cast<std::uint32_t>(i);
      colour = !colour;
    }
  return static_cast<std::size_t>(out - places);
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

/// A word of a column as 32 bytes, 0 and 1.
inline void unpack_column(std::uint32_t word, std::byte* out) {
  for (unsigned i = 0; i < 4; ++i) {
    std::uint64_t bytes = (word >> (8 * i) & 0xff) * 0x0101010101010101U & 0x8040201008040201U;
    bytes = (bytes + 0x7f7f7f7f7f7f7f7fU) >> 7 & 0x0101010101010101U;
    std::memcpy(out + std::size_t{8} * i, &bytes, 8);
  }
}

}  // namespace portable

/// Set bits of one word, inline: std::popcount where it is an instruction, else a few operations instead of a
/// call.
[[nodiscard]] inline std::uint32_t count_bits(std::uint64_t word) {
#ifdef __POPCNT__
  return static_cast<std::uint32_t>(std::popcount(word));
#else
  return portable::count_bits(word);
#endif
}

}  // namespace vislabel::detail
