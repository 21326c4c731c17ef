/// NaN among the numbers of a network.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vislabel/core/pixels.hpp>
#include <vislabel/cuda/core/elements.cuh>
#include <vislabel/cuda/core/fill.cuh>
#include <vislabel/cuda/core/launch.cuh>
#include <vislabel/cuda/core/reduce.cuh>
#include <vislabel/cuda/core/view.cuh>

namespace vislabel::cuda {

namespace kernels {

/// A block looks through some of the rows of a map.
template <unsigned Threads, class T>
__global__ void __launch_bounds__(Threads) find_nan(View<const T, 4> maps, std::uint32_t* nan) {
  const std::int64_t n = blockIdx.x;
  const std::byte* const from = image(maps, n);
  bool found = false;
  for (std::int64_t y = blockIdx.y; y < maps.shape[2]; y += gridDim.y)
    for (std::int64_t x = threadIdx.x; x < maps.shape[3]; x += Threads) {
      const auto value = value_of(load<T>(from + y * maps.strides[2] + x * maps.strides[3], maps.aligned));
      found = found || value != value;
    }
  if (__any_sync(all_lanes, found) && threadIdx.x % warp_size == 0) atomicOr(&nan[n], 1U);
}

}  // namespace kernels

namespace detail {

/// `nan` [N]: whether there is NaN in each of the maps.
template <class T>
void find_nan(const Pixels<const T, 4>& maps, std::uint32_t* nan, Stream stream) {
  fill(nan, maps.count(), std::uint32_t{0}, stream);
  constexpr unsigned threads = 256;
  const std::int64_t parts = Least()(Most()(maps.size().height / 8, std::int64_t{1}), std::int64_t{64});
  if (maps.size().pixels() > 0)
    launch(kernels::find_nan<threads, T>, {maps.count(), parts}, threads, stream, maps, nan);
}

}  // namespace detail
}  // namespace vislabel::cuda
