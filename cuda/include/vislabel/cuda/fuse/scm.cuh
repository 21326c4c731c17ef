/// PM-VIS's SCM of two sources' masks: how far they, and the boxes around them, agree with each other and
/// with an annotated box.
#pragma once

#include <cstdint>
#include <limits>
#include <vislabel/core/box.hpp>
#include <vislabel/core/error.hpp>
#include <vislabel/cuda/core/box_slot.hpp>
#include <vislabel/cuda/core/launch.cuh>
#include <vislabel/cuda/core/reduce.cuh>
#include <vislabel/cuda/iou/common_pixels.cuh>
#include <vislabel/cuda/mask/words.hpp>
#include <vislabel/iou/box_overlap.hpp>
#include <vislabel/iou/quotient.hpp>

namespace vislabel::cuda {

namespace kernels {

/// H of Eq. 5: overlap of the box around a mask with the annotated one; 0 where the mask is missing.
[[nodiscard]] __device__ inline double box_agreement(const PixelBox& mask, const Box& box, BoxOverlap kind) {
  if (mask.right == 0) return 0;
  const Box around{static_cast<double>(mask.left), static_cast<double>(mask.top),
                   static_cast<double>(mask.right - mask.left), static_cast<double>(mask.bottom - mask.top)};
  return Most()(0.0, box_overlap(around, box, kind));
}

/// A block compares two masks.
template <unsigned Threads>
__global__ void __launch_bounds__(Threads)
    scm(DeviceMasks a, DeviceMasks b, const Box* boxes, BoxOverlap kind, double* out) {
  const std::int64_t i = blockIdx.x;
  const PixelBox box_a = a.boxes[i], box_b = b.boxes[i], part = meeting(box_a, box_b);
  const std::uint32_t *const words_a = a.words + i * a.layout.words(), *const words_b =
                                                                           b.words + i * b.layout.words();
  const auto warp = static_cast<std::int32_t>(threadIdx.x / warp_size),
             lane = static_cast<std::int32_t>(threadIdx.x % warp_size);
  constexpr std::int32_t warps = Threads / warp_size;
  std::uint32_t count = 0;
  if (part.left < part.right && part.top < part.bottom)
    for (std::int32_t row = part.top / 32 + warp; row * 32 < part.bottom; row += warps)
      for (std::int32_t x = part.left + lane; x < part.right; x += static_cast<std::int32_t>(warp_size)) {
        const std::int64_t at = std::int64_t{row} * a.layout.columns + x;
        count += static_cast<std::uint32_t>(__popc(words_a[at] & words_b[at]));
      }
  const std::uint32_t sum = over_block<Threads>(count, std::uint32_t{0}, Plus());
  if (threadIdx.x != 0) return;
  const BoxSlot slot = slot_of(boxes[i], 1e100);
  if (slot != BoxSlot::good) {
    out[i] = slot == BoxSlot::none ? 0.0 : std::numeric_limits<double>::quiet_NaN();
    return;
  }
  const double agreement = box_agreement(box_a, boxes[i], kind) * box_agreement(box_b, boxes[i], kind);
  const auto common = static_cast<std::int64_t>(sum);
  out[i] =
      agreement > 0
          ? vislabel::detail::quotient(common, a.areas[i] + b.areas[i] - common, EmptyPair::zero) * agreement
          : 0.0;
}

}  // namespace kernels

/// SCM of two sources' masks of the same instance, in every frame.
///
/// *Shapes*: `a`, `b` [N, T] masks of one size, absent ones empty; `boxes` [N, T] on the device, a row of
/// NaN where there is none, and NaN out where one is bad; `out` [N, T]. *Units and conventions*: those of the
/// host's `scm`. *Source*: PM-VIS, Eq. 4-5. *Errors*: different sizes or numbers.
inline void scm(const DeviceMasks& a, const DeviceMasks& b, const Box* boxes, BoxOverlap kind, double* out,
                Stream stream) {
  vislabel::detail::require(a.layout == b.layout, "masks of different sizes");
  vislabel::detail::require(a.count == b.count, "sources of ", a.count, " and ", b.count,
                            " masks, expected as many");
  constexpr unsigned threads = 128;
  launch(kernels::scm<threads>, {a.count}, threads, stream, a, b, boxes, kind, out);
}

}  // namespace vislabel::cuda
