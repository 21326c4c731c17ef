/// Sums of doubles over a block, in the order of the host's `OrderedSum`: the same bits.
#pragma once

#include <vislabel/core/ordered_sum.hpp>
#include <vislabel/cuda/core/language.cuh>
#include <vislabel/cuda/core/reduce.cuh>

namespace vislabel::cuda {

inline constexpr unsigned ordered_threads = vislabel::detail::ordered_lanes;

/// Thread i brings the sum of numbers i, i + 256, .. from first to last; every thread gets that of all. For
/// blocks of `ordered_threads`, all of which come by.
[[nodiscard]] __device__ inline double ordered_sum(double of_lane) {
  VISLABEL_SHARED(double, lanes, ordered_threads);
  const unsigned thread = threadIdx.x;
  __syncthreads();  // the last call's sum has been read
  lanes[thread] = of_lane;
  __syncthreads();
  for (unsigned half = ordered_threads / 2; half >= warp_size; half /= 2) {
    if (thread < half) lanes[thread] += lanes[thread + half];
    __syncthreads();
  }
  if (thread < warp_size) {
    double sum = lanes[thread];
    for (unsigned half = warp_size / 2; half > 0; half /= 2) sum += __shfl_xor_sync(all_lanes, sum, half);
    if (thread == 0) lanes[0] = sum;
  }
  __syncthreads();
  return lanes[0];
}

}  // namespace vislabel::cuda
