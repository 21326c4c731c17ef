/// The unit of packed pixels, and how the kernels see a mask made of them.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace vislabel::detail {

static_assert(std::endian::native == std::endian::little,
              "vislabel's packed layout assumes a little-endian machine");

inline constexpr std::int64_t block_rows = 32;                    ///< pixel rows in a block
inline constexpr std::int64_t block_columns = 16;                 ///< pixel columns in a block
inline constexpr std::int64_t word_columns = 64 * block_columns;  ///< pixel columns under one occupancy word

/// 32 rows x 16 columns of pixels: word c is column c, bit r its row r. One cache line.
using Block = std::array<std::uint32_t, 16>;

inline constexpr Block empty_block{};
inline constexpr Block full_block = [] {
  Block block{};
  block.fill(~std::uint32_t{0});
  return block;
}();

// Operations on whole blocks, as four vectors of 16 bytes, which every machine has. Written as loops over the
// words, GCC unrolls them before it looks for vectors and goes word by word: DOOB takes 1.7x as long at -O3.
#if defined(__GNUC__)
using Lane = std::uint64_t __attribute__((vector_size(16)));
#else
using Lane = std::uint64_t;
#endif
inline constexpr std::size_t lanes = sizeof(Block) / sizeof(Lane);
using Lanes = std::array<Lane, lanes>;

template <class Operation>
[[nodiscard]] inline Block lane_by_lane(const Block& a, const Block& b, Operation operation) {
  const auto x = std::bit_cast<Lanes>(a), y = std::bit_cast<Lanes>(b);
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return std::bit_cast<Block>(Lanes{operation(x[I], y[I])...});
  }(std::make_index_sequence<lanes>());
}

[[nodiscard]] inline Block block_and(const Block& a, const Block& b) {
  return lane_by_lane(a, b, [](Lane x, Lane y) -> Lane { return x & y; });
}
[[nodiscard]] inline Block block_or(const Block& a, const Block& b) {
  return lane_by_lane(a, b, [](Lane x, Lane y) -> Lane { return x | y; });
}
[[nodiscard]] inline Block block_minus(const Block& a, const Block& b) {
  return lane_by_lane(a, b, [](Lane x, Lane y) -> Lane { return x & ~y; });
}

/// Bit r: something is in row r.
[[nodiscard]] inline std::uint32_t rows_of(const Block& block) {
  const auto x = std::bit_cast<Lanes>(block);
  const Lane any = [&]<std::size_t... I>(std::index_sequence<I...>) {
    return (x[I] | ...);
  }(std::make_index_sequence<lanes>());
#if defined(__GNUC__)
  const std::uint64_t rows = any[0] | any[1];
#else
  const std::uint64_t rows = any;
#endif
  return static_cast<std::uint32_t>(rows | rows >> 32);
}

/// Two bits for each of up to 64 blocks. Neither: empty. Both: full. `some` alone: mixed.
struct BlockBits {
  std::uint64_t some = 0;  ///< has any pixel
  std::uint64_t full = 0;  ///< has all 512 pixels
};

/// The blocks of a mask under a grid of occupancy words, rows `stride` words apart.
struct BlockGrid {
  const Block* blocks;         ///< the mixed ones
  const std::uint16_t* areas;  ///< set pixels of each mixed block
  const BlockBits* bits;       ///< per word: which of its 64 blocks have what
  const std::uint32_t* first;  ///< per word: the place of its first mixed block; the others follow in order
  std::ptrdiff_t stride;
};

/// Bit r of word c: something is in row r of column c, of up to 64 rows of blocks and 16 columns of pixels.
using ColumnRows = std::array<std::uint64_t, 16>;

[[nodiscard]] constexpr std::int64_t ceil_divide(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// The bits below `bit`, which is less than the number of bits of a word.
template <class Word>
[[nodiscard]] constexpr Word below(std::int64_t bit) {
  return (Word{1} << bit) - 1;
}

}  // namespace vislabel::detail
