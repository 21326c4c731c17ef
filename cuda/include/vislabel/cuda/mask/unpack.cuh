/// Packed masks into dense ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vislabel/core/pixels.hpp>
#include <vislabel/cuda/core/launch.cuh>
#include <vislabel/cuda/core/reduce.cuh>
#include <vislabel/cuda/core/view.cuh>
#include <vislabel/cuda/mask/pack.cuh>
#include <vislabel/cuda/mask/words.hpp>

namespace vislabel::cuda {

namespace kernels {

/// A thread writes 32 rows of one column.
template <unsigned Threads>
__global__ void __launch_bounds__(Threads)
    unpack(const std::uint32_t* words, Layout layout, std::int64_t count, View<std::uint8_t, 4> dense) {
  const unsigned unit = blockIdx.x * Threads + threadIdx.x, across = static_cast<unsigned>(layout.columns);
  const auto row = static_cast<std::int32_t>(unit / across),
             column = static_cast<std::int32_t>(unit % across);
  if (row >= layout.rows || column >= layout.width) return;
  const std::int32_t rows = Least()(32, layout.height - row * 32);
  for (std::int64_t n = blockIdx.y; n < count; n += gridDim.y) {
    const std::uint32_t word = words[n * layout.words() + unit];
    std::byte* to = image(dense, n) + row * 32 * dense.strides[2] + column * dense.strides[3];
    for (std::int32_t r = 0; r < rows; ++r) to[r * dense.strides[2]] = static_cast<std::byte>(word >> r & 1);
  }
}

}  // namespace kernels

/// Writes masks as bytes, 0 or 1.
///
/// *Shapes*: `words` [N T, rows, columns]; `dense` [N, T, H, W] on the device, any strides: every element is
/// written.
inline void unpack(const std::uint32_t* words, const Pixels<std::uint8_t, 4>& dense, Stream stream) {
  const Layout layout(dense.size());
  constexpr unsigned threads = 128;
  launch(kernels::unpack<threads>, detail::grid_of(layout.words(), threads, dense.count()), threads, stream,
         words, layout, dense.count(), dense);
}

}  // namespace vislabel::cuda
