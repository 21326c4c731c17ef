/// Dense masks, or maps of numbers with a threshold, into words: one read of the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vislabel/core/error.hpp>
#include <vislabel/core/pixels.hpp>
#include <vislabel/cuda/core/elements.cuh>
#include <vislabel/cuda/core/launch.cuh>
#include <vislabel/cuda/core/view.cuh>
#include <vislabel/cuda/mask/words.hpp>

namespace vislabel::cuda {

namespace kernels {

/// Four bytes: which of them are not 0, as their highest bits.
[[nodiscard]] __device__ inline std::uint32_t non_zero_bytes(std::uint32_t x) {
  return (((x & 0x7f7f7f7fU) + 0x7f7f7f7fU) | x) & 0x80808080U;
}

/// Words of four columns, from four groups of eight rows: byte k of group g is rows 8 g to 8 g + 7 of column
/// k.
[[nodiscard]] __device__ inline uint4 transposed(
    const std::uint32_t (&group)[4]) {  // NOLINT(*-avoid-c-arrays)
  const std::uint32_t a = __byte_perm(group[0], group[1], 0x5140),
                      b = __byte_perm(group[2], group[3], 0x5140),
                      c = __byte_perm(group[0], group[1], 0x7362),
                      d = __byte_perm(group[2], group[3], 0x7362);
  return {__byte_perm(a, b, 0x5410), __byte_perm(a, b, 0x7632), __byte_perm(c, d, 0x5410),
          __byte_perm(c, d, 0x7632)};
}

/// A thread packs 32 rows of four columns: bytes in rows of whole, aligned words.
template <unsigned Threads>
__global__ void __launch_bounds__(Threads)
    pack_bytes(View<const std::uint8_t, 4> dense, Layout layout, std::int64_t count, uint4* words) {
  const unsigned unit = blockIdx.x * Threads + threadIdx.x,
                 across = static_cast<unsigned>(layout.columns) / 4;
  const auto row = static_cast<std::int32_t>(unit / across),
             column = static_cast<std::int32_t>(unit % across) * 4;
  if (row >= layout.rows) return;
  const std::int32_t rows = Least()(32, layout.height - row * 32);
  for (std::int64_t n = blockIdx.y; n < count; n += gridDim.y) {
    const std::byte* from = image(dense, n) + row * 32 * dense.strides[2] + column;
    std::uint32_t group[4] = {};  // NOLINT(*-avoid-c-arrays)
    if (column < layout.width) {
#pragma unroll
      for (int r = 0; r < 32; ++r) {
        const std::uint32_t bytes =
            r < rows ? *reinterpret_cast<const std::uint32_t*>(from + r * dense.strides[2]) : 0;
        group[r / 8] = group[r / 8] >> 1 | non_zero_bytes(bytes);
      }
    }
    words[n * (layout.words() / 4) + unit] = transposed(group);
  }
}

/// A thread packs 32 rows of one column, of any elements.
template <unsigned Threads, class T, class IsSet>
__global__ void __launch_bounds__(Threads)
    pack_elements(View<const T, 4> dense, Layout layout, std::int64_t count, IsSet is_set,
                  std::uint32_t* words) {
  const unsigned unit = blockIdx.x * Threads + threadIdx.x, across = static_cast<unsigned>(layout.columns);
  const auto row = static_cast<std::int32_t>(unit / across),
             column = static_cast<std::int32_t>(unit % across);
  if (row >= layout.rows) return;
  const std::int32_t rows = Least()(32, layout.height - row * 32);
  for (std::int64_t n = blockIdx.y; n < count; n += gridDim.y) {
    const std::byte* from = image(dense, n) + row * 32 * dense.strides[2] + column * dense.strides[3];
    std::uint32_t word = 0;
    if (column < layout.width) {
      T values[32];  // NOLINT(*-avoid-c-arrays)
      load_column(from, dense.strides[2], rows, dense.aligned, values);
#pragma unroll
      for (int r = 0; r < 32; ++r)
        if (is_set(values[r])) word |= std::uint32_t{1} << r;
      word &= ~std::uint32_t{0} >> (32 - rows);
    }
    words[n * layout.words() + unit] = word;
  }
}

}  // namespace kernels

namespace detail {

/// Whether rows can be read in words of four bytes.
template <class T>
[[nodiscard]] bool rows_are_words(const Pixels<const T, 4>& dense) {
  const auto whole = [](std::int64_t bytes) { return bytes % 4 == 0; };
  return dense.strides[3] == 1 && whole(dense.strides[2]) && whole(dense.strides[1]) &&
         whole(dense.strides[0]) && whole(dense.shape[3]) &&
         whole(static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(dense.data) % 4));
}

}  // namespace detail

/// Packs dense masks: set where an element is a pixel (`NonZero`, `Above`).
///
/// *Shapes*: `dense` [N, T, H, W] on the device, any strides and alignment; `words` [N T, rows, columns].
/// *Units and conventions*: unsigned integers of 1, 2, 4 or 8 bytes with `NonZero`, for integers and bool of
/// that length; float, double, `Half`, `Bfloat16` with `Above`. NaN is above nothing. *Cost*: one read of the
/// input, one write of an eighth of a byte per pixel.
template <class T, class IsSet>
void pack(const Pixels<const T, 4>& dense, IsSet is_set, std::uint32_t* words, Stream stream) {
  const Layout layout(dense.size());
  const std::int64_t count = dense.count();
  constexpr unsigned threads = 128;
  if constexpr (sizeof(T) == 1 && std::is_same_v<IsSet, NonZero>)
    if (detail::rows_are_words(dense) && reinterpret_cast<std::uintptr_t>(words) % sizeof(uint4) == 0)
      return launch(kernels::pack_bytes<threads>, detail::grid_of(layout.words() / 4, threads, count),
                    threads, stream, dense, layout, count, reinterpret_cast<uint4*>(words));
  launch(kernels::pack_elements<threads, T, IsSet>, detail::grid_of(layout.words(), threads, count), threads,
         stream, dense, layout, count, is_set, words);
}

}  // namespace vislabel::cuda
