/// DropLoss: no mask loss for predictions that overlap nothing.
#pragma once

#include <cstdint>
#include <limits>
#include <vislabel/core/error.hpp>
#include <vislabel/core/pixels.hpp>
#include <vislabel/cuda/core/launch.cuh>
#include <vislabel/cuda/core/ordered_sum.cuh>
#include <vislabel/cuda/core/reduce.cuh>
#include <vislabel/cuda/core/view.cuh>
#include <vislabel/loss/soft_iou.hpp>

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

/// A block sums the points of one prediction.
template <class T>
__global__ void __launch_bounds__(ordered_threads)
    drop_loss_of_points(View<const T, 2> logits, View<const T, 2> labels, double threshold, double* weights) {
  const std::int64_t n = blockIdx.x;
  double common = 0, predicted = 0, truth = 0;
  for (std::int64_t k = threadIdx.x; k < logits.shape[1]; k += ordered_threads) {
    const double p = vislabel::detail::probability_as(
        load<T>(logits.data + n * logits.strides[0] + k * logits.strides[1], logits.aligned));
    auto l = static_cast<double>(
        load<T>(labels.data + n * labels.strides[0] + k * labels.strides[1], labels.aligned));
    if (l < 0 || l > 1) l = std::numeric_limits<double>::quiet_NaN();
    common += p * l, predicted += p, truth += l;
  }
  common = ordered_sum(common), predicted = ordered_sum(predicted), truth = ordered_sum(truth);
  if (threadIdx.x == 0) weights[n] = vislabel::detail::weight_of_points(common, predicted, truth, threshold);
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

/// The published code's weights, of sampled points, as the host's with `OnNaN::propagate`; a label outside of
/// 0 to 1 makes the weight NaN, too.
///
/// *Shapes*: `logits`, `labels` [N, P] of float or double on the device, any strides; `weights` [N].
/// *Errors*: different shapes.
template <class T>
void drop_loss_of_points(const Pixels<const T, 2>& logits, const Pixels<const T, 2>& labels, double threshold,
                         double* weights, Stream stream) {
  vislabel::detail::require(labels.shape == logits.shape, "labels has another shape than logits");
  launch(kernels::drop_loss_of_points<T>, {logits.shape[0]}, ordered_threads, stream, logits, labels,
         threshold, weights);
}

}  // namespace vislabel::cuda
