/// IoU of masks, of tracks in every frame and of tracks over time, from the integers of `common_pixels`: the
/// host's numbers to the last bit.
#pragma once

#include <cstdint>
#include <vislabel/cuda/core/launch.cuh>
#include <vislabel/cuda/core/reduce.cuh>
#include <vislabel/cuda/iou/pairs.hpp>
#include <vislabel/cuda/mask/words.hpp>
#include <vislabel/iou/quotient.hpp>

namespace vislabel::cuda {

namespace kernels {

/// A thread makes one IoU.
template <unsigned Threads>
__global__ void __launch_bounds__(Threads)
    frame_iou(const std::int64_t* common, TrackAreas a, TrackAreas b, std::int64_t frames,
              const std::uint8_t* crowd, EmptyPair empty_pair, double* out) {
  const std::int64_t i = std::int64_t{blockIdx.x} * Threads + threadIdx.x;
  if (i >= a.count * b.count * frames) return;
  const std::int64_t t = i % frames, m = i / frames % b.count, n = i / frames / b.count;
  const std::int64_t of_a = a.areas[n * frames + t], of_b = b.areas[m * frames + t];
  const bool is_crowd = crowd != nullptr && crowd[m] != 0 && of_b > 0;
  out[i] = is_crowd ? vislabel::detail::quotient(common[i], of_a, EmptyPair::zero)
                    : vislabel::detail::quotient(common[i], of_a + of_b - common[i], empty_pair);
}

/// The IoU of tracks n and m; `common[t stride]` is what they share in frame t.
[[nodiscard]] __device__ inline double over_time(const std::int64_t* common, std::int64_t stride,
                                                 const std::int64_t* a, const std::int64_t* b,
                                                 std::int64_t frames, OverTime mode, EmptyPair empty_pair) {
  if (frames == 0) return vislabel::detail::quotient(0, 0, empty_pair);
  std::int64_t shared = 0, areas = 0;
  double sum = 0, largest = 0;
  for (std::int64_t t = 0; t < frames; ++t) {
    const std::int64_t both = common[t * stride], together = a[t] + b[t];
    shared += both, areas += together;
    const double iou = vislabel::detail::quotient(both, together - both, empty_pair);
    sum += iou, largest = Most()(largest, iou);
  }
  if (mode == OverTime::volume) return vislabel::detail::quotient(shared, areas - shared, empty_pair);
  return mode == OverTime::any_frame ? largest : sum / static_cast<double>(frames);
}

/// A thread makes one IoU of two tracks.
template <unsigned Threads>
__global__ void __launch_bounds__(Threads)
    track_iou(const std::int64_t* common, TrackAreas a, TrackAreas b, std::int64_t frames, OverTime mode,
              EmptyPair empty_pair, double* out) {
  const std::int64_t m = std::int64_t{blockIdx.x} * Threads + threadIdx.x;
  if (m >= b.count) return;
  for (std::int64_t n = blockIdx.y; n < a.count; n += gridDim.y) {
    const std::int64_t pair = n * b.count + m;
    out[pair] = over_time(common + pair, a.count * b.count, a.areas + n * frames, b.areas + m * frames,
                          frames, mode, empty_pair);
  }
}

}  // namespace kernels

/// IoU of every pair of tracks in every frame; of masks, with T = 1.
///
/// *Shapes*: `common` [N, M, T]; `crowd` [M], or null: no mask of b is a crowd region, whose divisor is the
/// area of a's mask; `out` [N, M, T].
inline void frame_iou(const std::int64_t* common, const TrackAreas& a, const TrackAreas& b,
                      std::int64_t frames, const std::uint8_t* crowd, EmptyPair empty_pair, double* out,
                      Stream stream) {
  constexpr unsigned threads = 256;
  launch(kernels::frame_iou<threads>, {(a.count * b.count * frames + threads - 1) / threads}, threads, stream,
         common, a, b, frames, crowd, empty_pair, out);
}

/// IoU of every pair of tracks.
///
/// *Shapes*: `common` [T, N, M]; `out` [N, M].
inline void track_iou(const std::int64_t* common, const TrackAreas& a, const TrackAreas& b,
                      std::int64_t frames, OverTime mode, EmptyPair empty_pair, double* out, Stream stream) {
  constexpr unsigned threads = 128;
  launch(kernels::track_iou<threads>,
         {(b.count + threads - 1) / threads, Least()(a.count, std::int64_t{0xffff})}, threads, stream, common,
         a, b, frames, mode, empty_pair, out);
}

}  // namespace vislabel::cuda
