/// The leaf kernels for x86-64 with AVX-512 (F, BW, VL, VPOPCNTDQ). What each computes is said in
/// `core/kernels_portable.hpp`; what gains nothing from AVX-512 is AVX2's.
#pragma once

#include <vislabel/core/kernels_avx2.hpp>

#ifdef VISLABEL_HAS_X86_KERNELS

#include <numeric>

#define VISLABEL_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vpopcntdq,bmi,bmi2,popcnt")))

namespace vislabel::detail::avx512 {

/// Sum of eight 64-bit numbers. (g++ 12 warns of its own _mm512_reduce_add_epi64, and of shifts without a
/// mask.)
VISLABEL_AVX512 inline std::uint64_t total(__m512i sums) {
  std::array<std::uint64_t, 8> parts;
  _mm512_storeu_si512(parts.data(), sums);
  return std::accumulate(parts.begin(), parts.end(), std::uint64_t{0});
}

VISLABEL_AVX512 inline std::uint64_t bits(std::uint64_t word) {
  return static_cast<std::uint64_t>(_mm_popcnt_u64(word));
}

/// Adds the areas that `chosen` points at, bit k for areas[k], to 16 sums.
VISLABEL_AVX512 inline __m512i add_areas(__m512i sums, std::uint64_t chosen, const std::uint16_t* areas) {
  const __m512i ones = _mm512_set1_epi16(1);
  sums = _mm512_add_epi32(
      sums, _mm512_madd_epi16(_mm512_maskz_loadu_epi16(static_cast<__mmask32>(chosen), areas), ones));
  if (chosen >> 32 != 0)
    sums = _mm512_add_epi32(
        sums,
        _mm512_madd_epi16(_mm512_maskz_loadu_epi16(static_cast<__mmask32>(chosen >> 32), areas + 32), ones));
  return sums;
}

/// Writes the places `first` + k of the bits k of `chosen`, and up to 15 more numbers of no meaning.
VISLABEL_AVX512 inline void write_places(std::uint64_t chosen, std::uint32_t first, std::uint32_t* to) {
  const __m512i index = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  while (true) {
    const __m512i packed = _mm512_maskz_compress_epi32(static_cast<__mmask16>(chosen), index);
    _mm512_storeu_si512(to, _mm512_add_epi32(packed, _mm512_set1_epi32(static_cast<int>(first))));
    if (chosen >> 16 == 0) return;
    to += bits(chosen & 0xffff);
    chosen >>= 16, first += 16;
  }
}

/// Adds what the blocks at `places_a` and `places_b` share, pair by pair, to eight sums.
VISLABEL_AVX512 inline __m512i add_common(__m512i sums, const Block* a, const Block* b,
                                          const std::uint32_t* places_a, const std::uint32_t* places_b,
                                          std::size_t count) {
  for (std::size_t k = 0; k < count; ++k) {
    const __m512i both = _mm512_and_si512(_mm512_loadu_si512(a[places_a[k]].data()),
                                          _mm512_loadu_si512(b[places_b[k]].data()));
    sums = _mm512_add_epi64(sums, _mm512_popcnt_epi64(both));
  }
  return sums;
}

VISLABEL_AVX512 inline std::uint64_t intersect(const BlockGrid& a, const BlockGrid& b, std::size_t rows,
                                               std::size_t words) {
  std::uint64_t full = 0;
  __m512i areas = _mm512_setzero_si512(), common = _mm512_setzero_si512();
  constexpr std::size_t capacity = 256, most_per_word = 64 + 15;
  std::uint32_t places_a[capacity], places_b[capacity];  // of mixed blocks that meet
  std::size_t count = 0;
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t w = 0; w < words; ++w) {
      const auto i = static_cast<std::ptrdiff_t>(r) * a.stride + static_cast<std::ptrdiff_t>(w);
      const auto j = static_cast<std::ptrdiff_t>(r) * b.stride + static_cast<std::ptrdiff_t>(w);
      const BlockBits p = a.bits[i], q = b.bits[j];
      const std::uint64_t mixed_a = p.some & ~p.full, mixed_b = q.some & ~q.full, both = mixed_a & mixed_b;
      full += bits(p.full & q.full);
      areas = add_areas(areas, _pext_u64(q.full, mixed_a), a.areas + a.first[i]);
      areas = add_areas(areas, _pext_u64(p.full, mixed_b), b.areas + b.first[j]);
      if (count > capacity - most_per_word) {
        common = add_common(common, a.blocks, b.blocks, places_a, places_b, count);
        count = 0;
      }
      write_places(_pext_u64(both, mixed_a), a.first[i], places_a + count);
      write_places(_pext_u64(both, mixed_b), b.first[j], places_b + count);
      count += bits(both);
    }
  common = add_common(common, a.blocks, b.blocks, places_a, places_b, count);
  const __m512i low = _mm512_and_si512(areas, _mm512_set1_epi64(0xffffffff));
  const __m512i all =
      _mm512_add_epi64(common, _mm512_add_epi64(low, _mm512_maskz_srli_epi64(0xff, areas, 32)));
  return full * (block_rows * block_columns) + total(all);
}

}  // namespace vislabel::detail::avx512

#endif
