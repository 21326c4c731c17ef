/// Sums and extremes over a warp and over a block.
#pragma once

#include <cstdint>
#include <vislabel/cuda/core/language.cuh>

namespace vislabel::cuda {

inline constexpr unsigned warp_size = 32;
inline constexpr unsigned all_lanes = 0xffffffffU;

struct Plus {
  template <class T>
  [[nodiscard]] constexpr T operator()(T a, T b) const {
    return a + b;
  }
};
struct Least {
  template <class T>
  [[nodiscard]] constexpr T operator()(T a, T b) const {
    return b < a ? b : a;
  }
};
struct Most {
  template <class T>
  [[nodiscard]] constexpr T operator()(T a, T b) const {
    return a < b ? b : a;
  }
};

/// All lanes' values put together; every lane gets the result. The operation must not care for order.
template <class Operation, class T>
[[nodiscard]] __device__ T over_warp(T value, Operation operation) {
  for (unsigned bits = warp_size / 2; bits > 0; bits /= 2)
    value = operation(value, __shfl_xor_sync(all_lanes, value, bits));
  return value;
}

/// Lanes swap half of the `2 Half` values that they still have, and so on: lane i ends with value i of all.
template <unsigned Half, unsigned Count, class Operation, class T>
__device__ void swap_halves(T (&values)[Count], Operation operation) {
  if constexpr (Half > 0) {
    const bool upper = (threadIdx.x & Half) != 0;
#pragma unroll
    for (unsigned i = 0; i < Half; ++i) {
      const T kept = upper ? values[i + Half] : values[i], given = upper ? values[i] : values[i + Half];
      values[i] = operation(kept, __shfl_xor_sync(all_lanes, given, Half));
    }
    swap_halves<Half / 2>(values, operation);
  }
}

/// Each of `Count` values, a power of two up to 32, of all lanes put together: lane i gets value i, and so do
/// the lanes i + Count, i + 2 Count, .. Count - 1 shuffles, and log2(32 / Count) more, where one value after
/// the other would take 5 Count. The operation must not care for order.
template <unsigned Count, class Operation, class T>
[[nodiscard]] __device__ T each_over_warp(T (&values)[Count], Operation operation) {
  swap_halves<Count / 2>(values, operation);
  T one = values[0];
#pragma unroll
  for (unsigned bits = Count; bits < warp_size; bits *= 2)
    one = operation(one, __shfl_xor_sync(all_lanes, one, bits));
  return one;
}

/// All threads' values put together; only thread 0 gets the result. For blocks of `Threads` threads, all of
/// which come by.
template <unsigned Threads, class Operation, class T>
[[nodiscard]] __device__ T over_block(T value, T neutral, Operation operation) {
  VISLABEL_SHARED(T, of_warps, warp_size);
  const unsigned thread = threadIdx.x;
  value = over_warp(value, operation);
  __syncthreads();  // the last call's values have been read
  if (thread % warp_size == 0) of_warps[thread / warp_size] = value;
  __syncthreads();
  if (thread >= warp_size) return neutral;
  value = neutral;
  if (thread < Threads / warp_size) value = of_warps[thread];
  return over_warp(value, operation);
}

}  // namespace vislabel::cuda
