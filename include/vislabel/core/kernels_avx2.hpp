/// The leaf kernels for x86-64 with AVX2, BMI and POPCNT (every processor with AVX2 has them). Each function
/// carries its own target attribute, so that a program compiled with no flags at all has them; `core/cpu.hpp`
/// calls only what the machine runs. What each computes is said in `core/kernels_portable.hpp`.
#pragma once

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define VISLABEL_HAS_X86_KERNELS 1

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vislabel/core/kernels_portable.hpp>

#define VISLABEL_AVX2 __attribute__((target("avx2,bmi,popcnt")))

namespace vislabel::detail::avx2 {

/// Two columns of a block.
VISLABEL_AVX2 inline std::uint64_t word(const Block& block, std::size_t w) {
  std::uint64_t value;
  std::memcpy(&value, block.data() + 2 * w, sizeof value);
  return value;
}

VISLABEL_AVX2 inline std::uint64_t bits(std::uint64_t word) {
  return static_cast<std::uint64_t>(_mm_popcnt_u64(word));
}

VISLABEL_AVX2 inline void popcount_blocks(const Block* blocks, std::size_t count, std::uint16_t* counts) {
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t sum = 0;
    for (std::size_t w = 0; w < 8; ++w) sum += bits(word(blocks[i], w));
    counts[i] = static_cast<std::uint16_t>(sum);
  }
}

VISLABEL_AVX2 inline std::uint64_t common(const Block& a, const Block& b) {
  std::uint64_t sum = 0;
  for (std::size_t w = 0; w < 8; ++w) sum += bits(word(a, w) & word(b, w));
  return sum;
}

VISLABEL_AVX2 inline std::uint64_t intersect(const BlockGrid& a, const BlockGrid& b, std::size_t rows,
                                             std::size_t words) {
  std::uint64_t sum = 0;
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t w = 0; w < words; ++w) {
      const auto i = static_cast<std::ptrdiff_t>(r) * a.stride + static_cast<std::ptrdiff_t>(w);
      const auto j = static_cast<std::ptrdiff_t>(r) * b.stride + static_cast<std::ptrdiff_t>(w);
      const BlockBits p = a.bits[i], q = b.bits[j];
      if ((p.some & q.some) == 0) continue;
      const std::uint64_t mixed_a = p.some & ~p.full, mixed_b = q.some & ~q.full;
      const std::uint32_t first_a = a.first[i], first_b = b.first[j];
      sum += bits(p.full & q.full) * std::uint64_t{block_rows * block_columns};
      for (std::uint64_t rest = mixed_a & q.full; rest != 0; rest = _blsr_u64(rest))
        sum += a.areas[first_a + bits(mixed_a & (_blsi_u64(rest) - 1))];
      for (std::uint64_t rest = mixed_b & p.full; rest != 0; rest = _blsr_u64(rest))
        sum += b.areas[first_b + bits(mixed_b & (_blsi_u64(rest) - 1))];
      for (std::uint64_t rest = mixed_a & mixed_b; rest != 0; rest = _blsr_u64(rest)) {
        const std::uint64_t lower = _blsi_u64(rest) - 1;
        sum += common(a.blocks[first_a + bits(mixed_a & lower)], b.blocks[first_b + bits(mixed_b & lower)]);
      }
    }
  return sum;
}

/// One block: as bits of `BlockBits`.
VISLABEL_AVX2 inline BlockBits classify(__m256i low, __m256i high) {
  const __m256i any = _mm256_or_si256(low, high), all = _mm256_and_si256(low, high);
  const bool some = _mm256_testz_si256(any, any) == 0;
  const bool full = _mm256_testc_si256(all, _mm256_set1_epi32(-1)) != 0;
  return {std::uint64_t{some}, std::uint64_t{full}};
}

VISLABEL_AVX2 inline BlockBits classify(const Block* blocks, std::size_t count) {
  BlockBits out;
  for (std::size_t i = 0; i < count; ++i) {
    const auto* half = reinterpret_cast<const __m256i*>(blocks[i].data());
    const BlockBits one = classify(_mm256_loadu_si256(half), _mm256_loadu_si256(half + 1));
    out.some |= one.some << i, out.full |= one.full << i;
  }
  return out;
}

VISLABEL_AVX2 inline BlockBits fill_blocks(Block* blocks, std::size_t count, Block& carry) {
  auto* carried = reinterpret_cast<__m256i*>(carry.data());
  __m256i low = _mm256_loadu_si256(carried), high = _mm256_loadu_si256(carried + 1);
  BlockBits out;
  for (std::size_t i = 0; i < count; ++i) {
    auto* half = reinterpret_cast<__m256i*>(blocks[i].data());
    low = _mm256_xor_si256(low, _mm256_loadu_si256(half));
    high = _mm256_xor_si256(high, _mm256_loadu_si256(half + 1));
    _mm256_storeu_si256(half, low);
    _mm256_storeu_si256(half + 1, high);
    const BlockBits one = classify(low, high);
    out.some |= one.some << i, out.full |= one.full << i;
    low = _mm256_srai_epi32(low, 31), high = _mm256_srai_epi32(high, 31);
  }
  _mm256_storeu_si256(carried, low);
  _mm256_storeu_si256(carried + 1, high);
  return out;
}

/// Eight columns of `mark_changes`; bit c of the result: column c has a mark.
VISLABEL_AVX2 inline unsigned mark_half(const Block& above, const Block& block, std::size_t half,
                                        Block& marks) {
  const __m256i pixels = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block.data() + 8 * half));
  const __m256i before = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(above.data() + 8 * half));
  const __m256i shifted = _mm256_or_si256(_mm256_slli_epi32(pixels, 1), _mm256_srli_epi32(before, 31));
  const __m256i changes = _mm256_xor_si256(pixels, shifted);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(marks.data() + 8 * half), changes);
  const __m256i none = _mm256_cmpeq_epi32(changes, _mm256_setzero_si256());
  return ~static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(none))) & 0xff;
}

VISLABEL_AVX2 inline ColumnRows mark_changes(const Block* const* column, std::size_t count, Block* marks) {
  ColumnRows rows{};
  for (std::size_t i = 0; i < count; ++i) {
    if (column[i] == column[i + 1]) continue;
    unsigned marked = mark_half(*column[i], *column[i + 1], 0, marks[i]) |
                      mark_half(*column[i], *column[i + 1], 1, marks[i]) << 8;
    for (; marked != 0; marked = _blsr_u32(marked)) rows[_tzcnt_u32(marked)] |= std::uint64_t{1} << i;
  }
  return rows;
}

/// 16 columns of 4 lanes, each of which holds 8 rows in a byte per column.
VISLABEL_AVX2 inline Block interleave(__m128i a, __m128i b, __m128i c, __m128i d) {
  const __m128i ab_low = _mm_unpacklo_epi8(a, b), ab_high = _mm_unpackhi_epi8(a, b);
  const __m128i cd_low = _mm_unpacklo_epi8(c, d), cd_high = _mm_unpackhi_epi8(c, d);
  Block out;
  auto* to = reinterpret_cast<__m128i*>(out.data());
  _mm_storeu_si128(to, _mm_unpacklo_epi16(ab_low, cd_low));
  _mm_storeu_si128(to + 1, _mm_unpackhi_epi16(ab_low, cd_low));
  _mm_storeu_si128(to + 2, _mm_unpacklo_epi16(ab_high, cd_high));
  _mm_storeu_si128(to + 3, _mm_unpackhi_epi16(ab_high, cd_high));
  return out;
}

/// 32 columns of up to 8 rows: bit r of each byte says whether row r is not 0 there.
VISLABEL_AVX2 inline __m256i pack_lane(const std::uint8_t* from, std::ptrdiff_t stride, std::size_t rows) {
  __m256i lane = _mm256_setzero_si256();
  for (std::size_t r = 0; r < rows; ++r) {
    const auto* row = reinterpret_cast<const __m256i*>(from + static_cast<std::ptrdiff_t>(r) * stride);
    const __m256i zero = _mm256_cmpeq_epi8(_mm256_loadu_si256(row), _mm256_setzero_si256());
    lane = _mm256_or_si256(lane, _mm256_andnot_si256(zero, _mm256_set1_epi8(static_cast<char>(1U << r))));
  }
  return lane;
}

/// As `portable::place_block`.
VISLABEL_AVX2 inline void place_block(const Block& block, std::size_t column, Block*& mixed,
                                      BlockBits* bits) {
  const auto* half = reinterpret_cast<const __m256i*>(block.data());
  const __m256i low = _mm256_loadu_si256(half), high = _mm256_loadu_si256(half + 1);
  const BlockBits one = classify(low, high);
  bits[column / 64].some |= one.some << column % 64;
  bits[column / 64].full |= one.full << column % 64;
  auto* to = reinterpret_cast<__m256i*>(mixed->data());
  _mm256_storeu_si256(to, low);
  _mm256_storeu_si256(to + 1, high);
  mixed += one.some & ~one.full;
}

// Functions, not lambdas: nvcc, which compiles these headers in .cu files, takes a lambda's target from it.

/// Bytes 32 i to 32 i + 31 of a row.
VISLABEL_AVX2 inline __m256i load_bytes(const std::uint8_t* from, std::ptrdiff_t stride, std::size_t row,
                                        std::size_t i) {
  return _mm256_loadu_si256(
      reinterpret_cast<const __m256i*>(from + static_cast<std::ptrdiff_t>(row) * stride + 32 * i));
}

/// any[i] |= all rows' bytes 32 i to 32 i + 31. Four rows at a time, along the rows: memory likes that.
VISLABEL_AVX2 inline void merge_rows(const std::uint8_t* from, std::ptrdiff_t stride, std::size_t rows,
                                     std::size_t count, __m256i* any) {
  std::size_t r = 0;
  for (; r + 4 <= rows; r += 4)
    for (std::size_t i = 0; i < count; ++i) {
      const __m256i first =
          _mm256_or_si256(load_bytes(from, stride, r, i), load_bytes(from, stride, r + 1, i));
      const __m256i second =
          _mm256_or_si256(load_bytes(from, stride, r + 2, i), load_bytes(from, stride, r + 3, i));
      any[i] = _mm256_or_si256(any[i], _mm256_or_si256(first, second));
    }
  for (; r < rows; ++r)
    for (std::size_t i = 0; i < count; ++i) any[i] = _mm256_or_si256(any[i], load_bytes(from, stride, r, i));
}

VISLABEL_AVX2 inline __m128i half_of(__m256i lane, std::size_t half) {
  return half == 0 ? _mm256_castsi256_si128(lane) : _mm256_extracti128_si256(lane, 1);
}

/// The two blocks of up to 32 rows of 32 bytes, placed from block `column` on.
VISLABEL_AVX2 inline void pack_tile(const std::uint8_t* from, std::ptrdiff_t stride, std::size_t rows,
                                    std::size_t column, Block*& mixed, BlockBits* bits) {
  __m256i lanes[4];
  for (std::size_t k = 0; k < 4; ++k)
    lanes[k] = pack_lane(from + static_cast<std::ptrdiff_t>(8 * k) * stride, stride,
                         rows < 8 * k       ? 0
                         : rows - 8 * k < 8 ? rows - 8 * k
                                            : 8);
  for (std::size_t half = 0; half < 2; ++half) {
    place_block(interleave(half_of(lanes[0], half), half_of(lanes[1], half), half_of(lanes[2], half),
                           half_of(lanes[3], half)),
                column + half, mixed, bits);
  }
}

VISLABEL_AVX2 inline std::size_t pack_rows(const std::uint8_t* from, std::ptrdiff_t stride, std::size_t rows,
                                           std::size_t width, Block* mixed, BlockBits* bits) {
  Block* end = mixed;
  std::size_t x = 0;
  while (x + 32 <= width) {
    const std::size_t count = std::min<std::size_t>(32, (width - x) / 32);  // tiles at once
    __m256i any[32] = {};
    merge_rows(from + x, stride, rows, count, any);
    for (std::size_t i = 0; i < count; ++i, x += 32)
      if (_mm256_testz_si256(any[i], any[i]) == 0) pack_tile(from + x, stride, rows, x / 16, end, bits);
  }
  for (; x < width; x += 16)
    portable::place_block(portable::pack_tile(from + x, stride, rows, std::min<std::size_t>(16, width - x)),
                          x / 16, end, bits);
  return static_cast<std::size_t>(end - mixed);
}

VISLABEL_AVX2 inline std::uint32_t pack_word(const std::uint8_t* bytes) {
  const __m256i pixels = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
  return ~static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(pixels, _mm256_setzero_si256())));
}

VISLABEL_AVX2 inline BlockBits pack_columns(const std::uint8_t* from, std::ptrdiff_t stride,
                                            std::size_t columns, std::size_t rows, Block* out) {
  const std::size_t count = (rows + 31) / 32;
  if (columns < 16)
    for (std::size_t i = 0; i < count; ++i) out[i].fill(0);
  for (std::size_t c = 0; c < columns; ++c) {
    const std::uint8_t* column = from + static_cast<std::ptrdiff_t>(c) * stride;
    for (std::size_t i = 0; i < rows / 32; ++i) out[i][c] = pack_word(column + 32 * i);
    if (rows % 32 == 0) continue;
    out[count - 1][c] = rows < 32 ? portable::pack_tail(column, rows)
                                  : pack_word(column + rows - 32) >> (32 - rows % 32);  // its last 32 rows
  }
  return classify(out, count);
}

/// 32 bytes, 0 where they have this colour.
VISLABEL_AVX2 inline __m256i other_than(const std::uint8_t* bytes, bool colour) {
  const __m256i pixels = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
  return colour ? _mm256_cmpeq_epi8(pixels, _mm256_setzero_si256()) : pixels;
}

/// How many of `count` bytes can be passed over, 128 at a time, because all have this colour.
VISLABEL_AVX2 inline std::size_t skip_colour(const std::uint8_t* bytes, std::size_t count, bool colour) {
  std::size_t i = 0;
  for (; i + 128 <= count; i += 128) {
    const std::uint8_t* const from = bytes + i;
    const __m256i low = _mm256_or_si256(other_than(from, colour), other_than(from + 32, colour)),
                  high = _mm256_or_si256(other_than(from + 64, colour), other_than(from + 96, colour));
    const __m256i other = _mm256_or_si256(low, high);
    if (_mm256_testz_si256(other, other) == 0) break;
  }
  return i;
}

VISLABEL_AVX2 inline std::size_t find_changes(const std::uint8_t* bytes, std::size_t count, bool& colour,
                                              std::uint32_t* places) {
  std::uint32_t* out = places;
  std::size_t i = 0;
  while (true) {
    i += skip_colour(bytes + i, count - i, colour);
    if (i + 64 > count) break;
    const std::uint64_t word = std::uint64_t{pack_word(bytes + i + 32)} << 32 | pack_word(bytes + i);
    for (std::uint64_t changes = word ^ (word << 1 | std::uint64_t{colour}); changes != 0;
         changes = _blsr_u64(changes))
      *out++ = static_cast<std::uint32_t>(i + _tzcnt_u64(changes));
    colour = word >> 63 != 0;
    i += 64;
  }
  std::uint32_t* const rest = out;
  out += portable::find_changes(bytes + i, count - i, colour, out);
  for (std::uint32_t* place = rest; place != out; ++place) *place += static_cast<std::uint32_t>(i);
  return static_cast<std::size_t>(out - places);
}

VISLABEL_AVX2 inline void unpack_rows(const Block& block, std::byte* out, std::ptrdiff_t row_stride) {
  const auto* from = reinterpret_cast<const __m128i*>(block.data());
  const __m128i byte = _mm_set1_epi32(0xff), one = _mm_set1_epi8(1);
  for (int k = 0; k < 4; ++k) {
    __m128i words[4];
    for (int i = 0; i < 4; ++i)
      words[i] = _mm_and_si128(_mm_srli_epi32(_mm_loadu_si128(from + i), 8 * k), byte);
    const __m128i lane =
        _mm_packus_epi16(_mm_packus_epi32(words[0], words[1]), _mm_packus_epi32(words[2], words[3]));
    for (int r = 0; r < 8; ++r) {
      const __m128i row =
          _mm_and_si128(_mm_srli_epi16(lane, r), one);  // the bits that cross bytes are masked away
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + (8 * k + r) * row_stride), row);
    }
  }
}

VISLABEL_AVX2 inline void unpack_column(std::uint32_t word, std::byte* out) {
  const __m256i spread =
      _mm256_setr_epi64x(0x0000000000000000, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
  const __m256i bits = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201U));
  const __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int>(word)), spread);
  const __m256i set = _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bits), bits);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm256_and_si256(set, _mm256_set1_epi8(1)));
}

}  // namespace vislabel::detail::avx2

#endif
