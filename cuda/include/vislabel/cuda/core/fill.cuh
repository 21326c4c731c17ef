/// One value everywhere.
#pragma once

#include <cstdint>
#include <vislabel/cuda/core/launch.cuh>

namespace vislabel::cuda {

namespace kernels {

template <unsigned Threads, class T>
__global__ void __launch_bounds__(Threads) fill(T* values, std::int64_t count, T value) {
  const std::int64_t i = std::int64_t{blockIdx.x} * Threads + threadIdx.x;
  if (i < count) values[i] = value;
}

}  // namespace kernels

namespace detail {

template <class T>
void fill(T* values, std::int64_t count, T value, Stream stream) {
  constexpr unsigned threads = 256;
  launch(kernels::fill<threads, T>, {(count + threads - 1) / threads}, threads, stream, values, count, value);
}

}  // namespace detail
}  // namespace vislabel::cuda
