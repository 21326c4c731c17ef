/// The leaf kernels for x86-64 with AVX2, and with AVX-512 (F, VPOPCNTDQ). Each function carries its own
/// target attribute, so that a program compiled with no flags at all has them; `core/cpu.hpp` calls only what
/// the machine runs.
#pragma once

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define VISLABEL_HAS_X86_KERNELS 1

#include <immintrin.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <vislabel/core/kernels_portable.hpp>

#define VISLABEL_AVX2 __attribute__((target("avx2,popcnt")))
#define VISLABEL_AVX512 __attribute__((target("avx512f,avx512vpopcntdq")))

namespace vislabel::detail {

/// What each computes is said in `core/kernels_portable.hpp`.
namespace avx2 {

/// Two columns of a block.
VISLABEL_AVX2 inline std::uint64_t word(const Block& block, std::size_t w) {
  std::uint64_t value;
  std::memcpy(&value, block.data() + 2 * w, sizeof value);
  return value;
}

VISLABEL_AVX2 inline void popcount_blocks(const Block* blocks, std::size_t count, std::uint16_t* counts) {
  for (std::size_t i = 0; i < count; ++i) {
    long long sum = 0;
    for (std::size_t w = 0; w < 8; ++w) sum += _mm_popcnt_u64(word(blocks[i], w));
    counts[i] = static_cast<std::uint16_t>(sum);
  }
}

VISLABEL_AVX2 inline std::uint64_t and_popcount_blocks(const Block* a, const Block* b, const BlockPair* pairs,
                                                       std::size_t count) {
  long long sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Block &x = a[pairs[i].a], &y = b[pairs[i].b];
    for (std::size_t w = 0; w < 8; ++w) sum += _mm_popcnt_u64(word(x, w) & word(y, w));
  }
  return static_cast<std::uint64_t>(sum);
}

VISLABEL_AVX2 inline void pack_row(const std::uint8_t* row, std::size_t width, unsigned bit,
                                   std::uint8_t* lanes) {
  const __m256i set = _mm256_set1_epi8(static_cast<char>(1U << bit));
  std::size_t x = 0;
  for (; x + 32 <= width; x += 32) {
    const __m256i pixels = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(row + x));
    const __m256i zero = _mm256_cmpeq_epi8(pixels, _mm256_setzero_si256());
    auto* lane = reinterpret_cast<__m256i*>(lanes + x);
    _mm256_storeu_si256(lane, _mm256_or_si256(_mm256_loadu_si256(lane), _mm256_andnot_si256(zero, set)));
  }
  portable::pack_row(row + x, width - x, bit, lanes + x);
}

VISLABEL_AVX2 inline Block gather_block(const std::uint8_t* lanes, std::size_t stride) {
  const auto load = [&](std::size_t k) VISLABEL_AVX2 {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(lanes + k * stride));
  };
  const __m128i a = load(0), b = load(1), c = load(2), d = load(3);
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

VISLABEL_AVX2 inline std::uint32_t pack_column(const std::uint8_t* bytes) {
  const __m256i pixels = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
  return ~static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(pixels, _mm256_setzero_si256())));
}

VISLABEL_AVX2 inline void unpack_column(std::uint32_t word, std::byte* out) {
  const __m256i spread =
      _mm256_setr_epi64x(0x0000000000000000, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
  const __m256i bits = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201U));
  const __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int>(word)), spread);
  const __m256i set = _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bits), bits);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm256_and_si256(set, _mm256_set1_epi8(1)));
}

}  // namespace avx2

/// Only what gains: packing rows through AVX-512's byte masks measured 1.5 times slower than AVX2 (AMD EPYC).
namespace avx512 {

VISLABEL_AVX512 inline std::uint64_t and_popcount_blocks(const Block* a, const Block* b,
                                                         const BlockPair* pairs, std::size_t count) {
  __m512i sum = _mm512_setzero_si512();
  for (std::size_t i = 0; i < count; ++i) {
    const __m512i both =
        _mm512_and_si512(_mm512_loadu_si512(a[pairs[i].a].data()), _mm512_loadu_si512(b[pairs[i].b].data()));
    sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(both));
  }
  std::array<std::uint64_t, 8> parts;  // g++ 12 warns of its own _mm512_reduce_add_epi64
  _mm512_storeu_si512(parts.data(), sum);
  return std::accumulate(parts.begin(), parts.end(), std::uint64_t{0});
}

}  // namespace avx512
}  // namespace vislabel::detail

#endif
