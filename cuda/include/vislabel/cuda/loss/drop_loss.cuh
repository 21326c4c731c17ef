/// DropLoss: no mask loss for predictions that overlap nothing.
#pragma once

#include <cstdint>
#include <limits>
#include <vislabel/cuda/core/launch.cuh>
#include <vislabel/cuda/core/reduce.cuh>

namespace vislabel::cuda {

namespace kernels {

/// A warp looks through a row of IoUs.
template <unsigned Threads>
__global__ void __launch_bounds__(Threads)
    rows_above(const double* iou, std::int64_t rows, std::int64_t columns, double threshold,
               const std::uint32_t* nan, std::int64_t maps, double* weights) {
  const std::int64_t n = std::int64_t{blockIdx.x} * (Threads / warp_size) + threadIdx.x / warp_size;
  if (n >= rows) return;  // the whole warp
  bool above = false, unknown = false;
  for (std::int64_t m = threadIdx.x % warp_size; m < columns; m += warp_size)
    above = above || iou[n * columns + m] > threshold;
  if (nan != nullptr)
    for (std::int64_t k = threadIdx.x % warp_size; k < maps; k += warp_size)
      unknown = unknown || nan[n * maps + k] != 0;
  above = __any_sync(all_lanes, above), unknown = __any_sync(all_lanes, unknown);
  if (threadIdx.x % warp_size == 0)
    weights[n] = unknown ? std::numeric_limits<double>::quiet_NaN() : above ? 1.0 : 0.0;
}

}  // namespace kernels

/// The weight of every predicted mask's loss: 1 iff one of its IoUs is above the threshold.
///
/// *Shapes*: `iou` [N, M]; `nan` [N, maps] or null: a prediction with NaN in one of its maps has the weight
/// NaN; `weights` [N]. *Source*: AutoQ-VIS, Eq. 1.
inline void rows_above(const double* iou, std::int64_t rows, std::int64_t columns, double threshold,
                       const std::uint32_t* nan, std::int64_t maps, double* weights, Stream stream) {
  constexpr unsigned threads = 128, warps = threads / warp_size;
  launch(kernels::rows_above<threads>, {(rows + warps - 1) / warps}, threads, stream, iou, rows, columns,
         threshold, nan, maps, weights);
}

}  // namespace vislabel::cuda
