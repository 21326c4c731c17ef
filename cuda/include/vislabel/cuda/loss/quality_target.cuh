/// What AutoQ-VIS's quality predictor learns: logits are resized, thresholded and compared with every truth
/// while they are at hand. Neither the resized logits nor their masks are stored.
#pragma once

#include <cstdint>
#include <limits>
#include <vislabel/core/error.hpp>
#include <vislabel/core/pixels.hpp>
#include <vislabel/cuda/core/elements.cuh>
#include <vislabel/cuda/core/fill.cuh>
#include <vislabel/cuda/core/launch.cuh>
#include <vislabel/cuda/core/reduce.cuh>
#include <vislabel/cuda/core/view.cuh>
#include <vislabel/cuda/iou/common_pixels.cuh>
#include <vislabel/cuda/loss/find_nan.cuh>
#include <vislabel/cuda/loss/quality.hpp>
#include <vislabel/cuda/mask/resize.cuh>
#include <vislabel/cuda/mask/words.hpp>
#include <vislabel/iou/quotient.hpp>

namespace vislabel::cuda {

namespace kernels {

/// A block makes some of the block rows of a map, `Threads` words at a time, and compares each with all
/// truths: a warp takes every so many-th one.
template <unsigned Threads, class T>
__global__ void __launch_bounds__(Threads)
    resized_common(View<const T, 4> logits, Resize<T> resize, DeviceMasks truth, std::int64_t truths,
                   unsigned long long* common, unsigned long long* areas) {
  constexpr unsigned warps = Threads / warp_size;
  const std::int64_t map_index = blockIdx.x, frames = logits.shape[1];
  const std::int64_t t = blockIdx.x % static_cast<unsigned>(frames);
  const Map map{image(logits, map_index), logits.strides[2], logits.strides[3], logits.aligned};
  const unsigned thread = threadIdx.x, warp = thread / warp_size, lane = thread % warp_size;
  VISLABEL_SHARED(std::uint32_t, strip, Threads);
  unsigned area = 0;
  for (auto row = static_cast<std::int32_t>(blockIdx.y); row < truth.layout.rows;
       row += static_cast<std::int32_t>(gridDim.y))
    for (std::int32_t begin = 0; begin < truth.layout.width; begin += Threads) {
      const std::int32_t column = begin + static_cast<std::int32_t>(thread);
      const std::uint32_t word = resized_word<T>(map, resize, truth.layout, row, column);
      area += static_cast<unsigned>(__popc(word));
      __syncthreads();  // the last strip has been read
      strip[thread] = word;
      __syncthreads();
      for (std::int64_t g = warp; g < truths; g += warps) {
        const PixelBox box = truth.boxes[g * frames + t];
        if (box.right <= begin || box.left >= begin + static_cast<std::int32_t>(Threads) ||
            row * 32 >= box.bottom || row * 32 + 32 <= box.top)
          continue;
        const std::uint32_t* const words = truth.words + (g * frames + t) * truth.layout.words();
        unsigned shared = 0;
        for (unsigned k = lane; k < Threads; k += warp_size) {
          const std::uint32_t own = strip[k];
          if (own != 0)
            shared += static_cast<unsigned>(__popc(
                own & word_at(words, box, truth.layout.columns, row, begin + static_cast<std::int32_t>(k))));
        }
        shared = over_warp(shared, Plus());
        if (lane == 0 && shared > 0)
          atomicAdd(&common[map_index * truths + g], static_cast<unsigned long long>(shared));
      }
    }
  area = over_warp(area, Plus());
  if (lane == 0 && area > 0) atomicAdd(&areas[map_index], static_cast<unsigned long long>(area));
}

/// A thread makes the IoU of one map with one truth.
template <unsigned Threads>
__global__ void __launch_bounds__(Threads)
    map_iou(QualityOutput out, const std::int64_t* truth_areas, std::int64_t maps, unsigned truths,
            unsigned frames, EmptyPair empty_pair) {
  const unsigned g = blockIdx.x * Threads + threadIdx.x;
  if (g >= truths) return;
  for (std::int64_t map = blockIdx.y; map < maps; map += gridDim.y) {
    const auto common = static_cast<std::int64_t>(out.common[map * truths + g]);
    const auto area = static_cast<std::int64_t>(out.areas[map]);
    const unsigned t = static_cast<unsigned>(map) % frames;
    out.ious[map * truths + g] = vislabel::detail::quotient(
        common, area + truth_areas[std::int64_t{g} * frames + t] - common, empty_pair);
  }
}

/// A warp finds the best truth of one query, as the host's `BestTrack`: a lane looks at every 32nd.
template <unsigned Threads>
__global__ void __launch_bounds__(Threads)
    best_truth(QualityOutput out, std::int64_t queries, unsigned truths, unsigned frames) {
  const std::int64_t q = std::int64_t{blockIdx.x} * (Threads / warp_size) + threadIdx.x / warp_size;
  if (q >= queries) return;  // the whole warp
  const double* const ious = out.ious + q * frames * truths;
  const std::uint32_t* const nan = out.nan + q * frames;
  std::int64_t best = -1;
  double largest = -1;
  for (unsigned g = threadIdx.x % warp_size; g < truths; g += warp_size) {
    double sum = 0;
    for (unsigned t = 0; t < frames; ++t)
      if (nan[t] == 0) sum += ious[std::size_t{t} * truths + g];
    const double mean = frames > 0 ? sum / static_cast<double>(frames) : 0.0;
    if (mean > largest) best = g, largest = mean;
  }
  for (unsigned bits = warp_size / 2; bits > 0; bits /= 2) {  // ties: the first truth
    const double other = __shfl_xor_sync(all_lanes, largest, bits);
    const std::int64_t its = __shfl_xor_sync(all_lanes, best, bits);
    if (other > largest || (other == largest && its < best)) best = its, largest = other;
  }
  if (threadIdx.x % warp_size == 0) out.truth[q] = best;
  for (unsigned t = threadIdx.x % warp_size; t < frames; t += warp_size)
    out.iou[q * frames + t] = nan[t] != 0 ? std::numeric_limits<double>::quiet_NaN()
                              : best >= 0 ? ious[std::int64_t{t} * truths + best]
                                          : 0.0;
}

}  // namespace kernels

namespace detail {

/// Into how many parts, at most `most`, each of `count` pieces of work is cut so that a large card has enough
/// to do.
[[nodiscard]] inline std::int64_t parts_of(std::int64_t count, std::int64_t most) {
  constexpr std::int64_t enough = 2048;  // blocks
  return Most()(Least()(most, enough / Most()(count, std::int64_t{1})), std::int64_t{1});
}

}  // namespace detail

/// The IoU per frame of every query with the truth of its largest mean IoU (ties: the first), as the host's
/// `quality_target` with `OnNaN::propagate`: an error would have to wait for the device.
///
/// *Shapes*: `logits` [Q, T, h, w] of float, double, `Half` or `Bfloat16` on the device, any strides; `truth`
/// [G, T], absent ones empty. *Source*: AutoQ-VIS, Sec. 2.1. *Errors*: maps without pixels; truths of another
/// number of frames. *Cost*: two reads of `logits`, of which the second looks for NaN.
template <class T>
void quality_target(const Pixels<const T, 4>& logits, const DeviceMasks& truth, std::int64_t truths,
                    double threshold, EmptyPair empty_pair, const QualityOutput& out, Stream stream) {
  const std::int64_t queries = logits.shape[0], frames = logits.shape[1], maps = queries * frames;
  const Size size{truth.layout.height, truth.layout.width};
  vislabel::detail::require(size.pixels() == 0 || logits.size().pixels() > 0, "logits has maps of ",
                            logits.size(), ", which cannot be resized to truth's ", size);
  vislabel::detail::require(truth.count == truths * frames, "truth has ", truth.count, " masks, expected ",
                            truths, " of ", frames, " frames");
  detail::fill(out.common, maps * truths, 0ULL, stream);
  detail::fill(out.areas, maps, 0ULL, stream);
  detail::find_nan(logits, out.nan, stream);
  constexpr unsigned threads = 256;
  const std::int64_t parts = detail::parts_of(maps, truth.layout.rows);
  if (size.pixels() > 0)
    launch(kernels::resized_common<threads, T>, {maps, parts}, threads, stream, logits,
           Resize<T>(logits.size(), size, threshold), truth, truths, out.common, out.areas);
  const auto few_truths = static_cast<unsigned>(truths), few_frames = static_cast<unsigned>(frames);
  launch(kernels::map_iou<threads>, {(truths + threads - 1) / threads, Least()(maps, std::int64_t{0xffff})},
         threads, stream, out, truth.areas, maps, few_truths, few_frames, empty_pair);
  constexpr unsigned warps = threads / warp_size;
  launch(kernels::best_truth<threads>, {(queries + warps - 1) / warps}, threads, stream, out, queries,
         few_truths, few_frames);
}

}  // namespace vislabel::cuda
