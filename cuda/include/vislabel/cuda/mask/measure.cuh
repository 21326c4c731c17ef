/// Areas and boxes of packed masks.
#pragma once

#include <cstdint>
#include <vislabel/cuda/core/launch.cuh>
#include <vislabel/cuda/core/reduce.cuh>
#include <vislabel/cuda/mask/words.hpp>

namespace vislabel::cuda {

namespace kernels {

/// A block measures one mask.
template <unsigned Threads>
__global__ void __launch_bounds__(Threads)
    measure(const std::uint32_t* words, Layout layout, std::int64_t* areas, PixelBox* boxes) {
  const std::int64_t n = blockIdx.x;
  const unsigned count = static_cast<unsigned>(layout.words()),
                 across = static_cast<unsigned>(layout.columns);
  std::int64_t area = 0;
  PixelBox box{layout.width, layout.height, 0, 0};
  for (unsigned i = threadIdx.x; i < count; i += Threads) {
    const std::uint32_t word = words[n * count + i];
    if (word == 0) continue;
    const auto row = static_cast<std::int32_t>(i / across) * 32,
               column = static_cast<std::int32_t>(i % across);
    area += __popc(word);
    box.left = Least()(box.left, column), box.right = Most()(box.right, column + 1);
    box.top = Least()(box.top, row + __ffs(static_cast<int>(word)) - 1);
    box.bottom = Most()(box.bottom, row + 32 - __clz(static_cast<int>(word)));
  }
  area = over_block<Threads>(area, std::int64_t{0}, Plus());
  box.left = over_block<Threads>(box.left, layout.width, Least());
  box.top = over_block<Threads>(box.top, layout.height, Least());
  box.right = over_block<Threads>(box.right, 0, Most());
  box.bottom = over_block<Threads>(box.bottom, 0, Most());
  if (threadIdx.x == 0) areas[n] = area, boxes[n] = area > 0 ? box : PixelBox{0, 0, 0, 0};
}

}  // namespace kernels

/// The area and the box of every mask.
///
/// *Shapes*: `words` [N, rows, columns]; `areas`, `boxes` [N].
inline void measure(const std::uint32_t* words, const Layout& layout, std::int64_t count, std::int64_t* areas,
                    PixelBox* boxes, Stream stream) {
  constexpr unsigned threads = 256;
  launch(kernels::measure<threads>, {count}, threads, stream, words, layout, areas, boxes);
}

}  // namespace vislabel::cuda
