/// Pixels that two sets of masks share: the integers that every IoU is made of.
#pragma once

#include <cstdint>
#include <vislabel/core/error.hpp>
#include <vislabel/cuda/core/launch.cuh>
#include <vislabel/cuda/core/reduce.cuh>
#include <vislabel/cuda/iou/pairs.hpp>
#include <vislabel/cuda/mask/words.hpp>

namespace vislabel::cuda {

namespace kernels {

/// Where two boxes meet; nothing: `right` <= `left`, or `bottom` <= `top`.
[[nodiscard]] __device__ inline PixelBox meeting(const PixelBox& a, const PixelBox& b) {
  return {Most()(a.left, b.left), Most()(a.top, b.top), Least()(a.right, b.right),
          Least()(a.bottom, b.bottom)};
}

/// The box around two; one without pixels is as if it were not there.
[[nodiscard]] __device__ inline PixelBox around(const PixelBox& a, const PixelBox& b) {
  if (a.right == 0) return b;
  if (b.right == 0) return a;
  return {Least()(a.left, b.left), Least()(a.top, b.top), Most()(a.right, b.right),
          Most()(a.bottom, b.bottom)};
}

/// The word of a mask at (row, column); 0 outside of its box, where it is not read.
[[nodiscard]] __device__ inline std::uint32_t word_at(const std::uint32_t* words, const PixelBox& box,
                                                      std::int32_t columns, std::int32_t row,
                                                      std::int32_t column) {
  const bool inside =
      column >= box.left && column < box.right && row * 32 < box.bottom && row * 32 + 32 > box.top;
  return inside ? words[std::int64_t{row} * columns + column] : 0;
}

/// A block compares `Side` masks of a with as many of b in one frame, where the boxes around them meet: of 2
/// `Side` words that it reads it makes `Side`^2 pairs. A warp takes a row of words, then the next but
/// `Threads` / 32.
template <unsigned Threads, int Side>
__global__ void __launch_bounds__(Threads)
    common_pixels(DeviceMasks a, DeviceMasks b, std::int64_t frames, std::int64_t* common,
                  std::int64_t pair_stride, std::int64_t frame_stride) {
  constexpr unsigned warps = Threads / warp_size, pairs = Side * Side;
  const std::int64_t rows_of_a = a.count / frames, rows_of_b = b.count / frames;
  const std::int64_t across = (rows_of_b + Side - 1) / Side;
  const std::int64_t first_a = blockIdx.x / across * Side, first_b = blockIdx.x % across * Side;
  const unsigned thread = threadIdx.x, warp = thread / warp_size, lane = thread % warp_size;
  VISLABEL_SHARED(std::int64_t, of_warps, warps* pairs);
  for (std::int64_t t = blockIdx.y; t < frames; t += gridDim.y) {
    PixelBox box_a[Side], box_b[Side];                   // NOLINT(*-avoid-c-arrays)
    const std::uint32_t *words_a[Side], *words_b[Side];  // NOLINT(*-avoid-c-arrays)
    PixelBox all_a{0, 0, 0, 0}, all_b{0, 0, 0, 0};
#pragma unroll
    for (int i = 0; i < Side; ++i) {
      const bool is_a = first_a + i < rows_of_a, is_b = first_b + i < rows_of_b;
      const std::int64_t n = is_a ? (first_a + i) * frames + t : 0, m = is_b ? (first_b + i) * frames + t : 0;
      box_a[i] = is_a ? a.boxes[n] : PixelBox{0, 0, 0, 0},
      box_b[i] = is_b ? b.boxes[m] : PixelBox{0, 0, 0, 0};
      words_a[i] = a.words + n * a.layout.words(), words_b[i] = b.words + m * b.layout.words();
      all_a = around(all_a, box_a[i]), all_b = around(all_b, box_b[i]);
    }
    const PixelBox part = meeting(all_a, all_b);
    std::uint32_t count[pairs] = {};  // NOLINT(*-avoid-c-arrays)
    if (part.left < part.right && part.top < part.bottom)
      for (std::int32_t row = part.top / 32 + static_cast<std::int32_t>(warp); row * 32 < part.bottom;
           row += warps)
        for (std::int32_t x = part.left + static_cast<std::int32_t>(lane); x < part.right; x += warp_size) {
          std::uint32_t of_b[Side];  // NOLINT(*-avoid-c-arrays)
#pragma unroll
          for (int j = 0; j < Side; ++j) of_b[j] = word_at(words_b[j], box_b[j], b.layout.columns, row, x);
#pragma unroll
          for (int i = 0; i < Side; ++i) {
            const std::uint32_t word = word_at(words_a[i], box_a[i], a.layout.columns, row, x);
#pragma unroll
            for (int j = 0; j < Side; ++j)
              count[i * Side + j] += static_cast<std::uint32_t>(__popc(word & of_b[j]));
          }
        }
    __syncthreads();  // the last frame's sums have been read
    // A mask has less than 2^32 pixels: so have sums of parts of it.
    const std::uint32_t of_warp = each_over_warp(count, Plus());
    if (lane < pairs) of_warps[warp * pairs + lane] = of_warp;
    __syncthreads();
    if (thread >= pairs) continue;
    const std::int64_t n = first_a + thread / Side, m = first_b + thread % Side;
    if (n >= rows_of_a || m >= rows_of_b) continue;
    std::int64_t sum = 0;
    for (unsigned w = 0; w < warps; ++w) sum += of_warps[w * pairs + thread];
    common[(n * rows_of_b + m) * pair_stride + t * frame_stride] = sum;
  }
}

}  // namespace kernels

/// Pixels in common of every pair of tracks in every frame; of masks, with T = 1.
///
/// *Shapes*: `a` [N, T], `b` [M, T] masks of one size, absent ones empty; `common` [N, M, T] or [T, N, M].
/// *Errors*: different sizes; counts that are no multiple of T.
/// *Cost*: the words of both masks where the boxes of four neighbours each meet, read from the cache N / 4
/// and M / 4 times.
inline void common_pixels(const DeviceMasks& a, const DeviceMasks& b, std::int64_t frames,
                          std::int64_t* common, PairOrder order, Stream stream) {
  if (a.count == 0 || b.count == 0) return;
  vislabel::detail::require(a.layout == b.layout, "masks of different sizes");
  vislabel::detail::require(frames > 0 && a.count % frames == 0 && b.count % frames == 0, "masks of ",
                            a.count, " and ", b.count, " slots, expected multiples of T = ", frames);
  constexpr unsigned threads = 256;
  constexpr int side = 4;
  const std::int64_t n = a.count / frames, m = b.count / frames;
  const bool last = order == PairOrder::frames_last;
  launch(kernels::common_pixels<threads, side>,
         {((n + side - 1) / side) * ((m + side - 1) / side), Least()(frames, std::int64_t{0xffff})}, threads,
         stream, a, b, frames, common, last ? frames : 1, last ? 1 : n * m);
}

}  // namespace vislabel::cuda
