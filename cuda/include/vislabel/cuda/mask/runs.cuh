/// Run lengths on the device: where the colour changes, counted, placed and written; and masks from those
/// places.
#pragma once

#include <cstdint>
#include <vislabel/cuda/core/launch.cuh>
#include <vislabel/cuda/core/reduce.cuh>
#include <vislabel/cuda/mask/pack.cuh>
#include <vislabel/cuda/mask/words.hpp>

namespace vislabel::cuda {

namespace kernels {

/// Calls `use(row, changes)` for the words of a column, top down: bit b of `changes` says that the colour of
/// pixel 32 row + b is not that of the pixel before, in column-major order; before the first one there is
/// none, and no colour.
template <class Use>
__device__ void for_changes(const std::uint32_t* words, const Layout& layout, std::int32_t column,
                            Use&& use) {
  const std::int32_t last = layout.rows - 1, bottom = (layout.height - 1) % 32;
  if (last < 0) return;
  std::uint32_t before =
      column > 0 ? words[std::int64_t{last} * layout.columns + column - 1] >> bottom & 1 : 0;
  for (std::int32_t row = 0; row <= last; ++row) {
    const std::uint32_t word = words[std::int64_t{row} * layout.columns + column];
    std::uint32_t changes = word ^ (word << 1 | before);
    if (row == last) changes &= ~std::uint32_t{0} >> (31 - bottom);
    before = word >> 31;
    if (changes != 0) use(row, changes);
  }
}

/// The sum of the values of all threads with a lower index; `all` becomes that of every thread.
template <unsigned Threads, class T>
[[nodiscard]] __device__ T sum_before(T value, T& all) {
  constexpr unsigned warps = Threads / warp_size;
  const unsigned thread = threadIdx.x, lane = thread % warp_size, warp = thread / warp_size;
  VISLABEL_SHARED(T, of_warps, warps);
  T up_to = value;
  for (unsigned by = 1; by < warp_size; by *= 2) {
    const T lower = __shfl_up_sync(all_lanes, up_to, by);
    up_to += lane >= by ? lower : 0;
  }
  __syncthreads();  // the last call's sums have been read
  if (lane == warp_size - 1) of_warps[warp] = up_to;
  __syncthreads();
  T before = 0;
  all = 0;
  for (unsigned w = 0; w < warps; ++w) {
    const T own = of_warps[w];
    before += w < warp ? own : 0;
    all += own;
  }
  return before + up_to - value;
}

/// A block counts the changes of one mask: before every column, and in all.
template <unsigned Threads>
__global__ void __launch_bounds__(Threads)
    count_changes(const std::uint32_t* words, Layout layout, std::uint32_t* before_column,
                  std::int64_t* changes) {
  const std::int64_t n = blockIdx.x;
  const std::uint32_t* const own = words + n * layout.words();
  std::uint32_t so_far = 0;
  for (std::int32_t begin = 0; begin < layout.width; begin += Threads) {
    const std::int32_t column = begin + static_cast<std::int32_t>(threadIdx.x);
    std::uint32_t count = 0, all = 0;
    if (column < layout.width)
      for_changes(own, layout, column, [&](std::int32_t, std::uint32_t bits) {
        count += static_cast<std::uint32_t>(__popc(bits));
      });
    const std::uint32_t before = so_far + sum_before<Threads>(count, all);
    if (column < layout.width) before_column[n * layout.width + column] = before;
    so_far += all;
  }
  if (threadIdx.x == 0) changes[n] = so_far;
}

/// One block adds up the changes before every mask.
template <unsigned Threads>
__global__ void __launch_bounds__(Threads)
    sum_changes(const std::int64_t* changes, std::int64_t count, std::int64_t* begin) {
  std::int64_t so_far = 0;
  for (std::int64_t first = 0; first < count; first += Threads) {
    const std::int64_t n = first + threadIdx.x;
    std::int64_t all = 0;
    const std::int64_t before = so_far + sum_before<Threads>(n < count ? changes[n] : std::int64_t{0}, all);
    if (n < count) begin[n] = before;
    so_far += all;
  }
  if (threadIdx.x == 0) begin[count] = so_far;
}

/// A thread writes the changes of one column.
template <unsigned Threads>
__global__ void __launch_bounds__(Threads)
    write_changes(const std::uint32_t* words, Layout layout, std::int64_t count,
                  const std::uint32_t* before_column, const std::int64_t* begin, std::uint32_t* places) {
  const auto column = static_cast<std::int32_t>(blockIdx.x * Threads + threadIdx.x);
  if (column >= layout.width) return;
  for (std::int64_t n = blockIdx.y; n < count; n += gridDim.y) {
    std::uint32_t* to = places + begin[n] + before_column[n * layout.width + column];
    const std::uint32_t top = static_cast<std::uint32_t>(column) * static_cast<std::uint32_t>(layout.height);
    for_changes(words + n * layout.words(), layout, column, [&](std::int32_t row, std::uint32_t bits) {
      for (; bits != 0; bits &= bits - 1)
        *to++ = top + static_cast<std::uint32_t>(row * 32 + __ffs(static_cast<int>(bits)) - 1);
    });
  }
}

/// A thread makes one word: it looks for the first change behind the word's first pixel, and goes on from
/// there.
template <unsigned Threads>
__global__ void __launch_bounds__(Threads)
    fill_changes(const std::uint32_t* places, const std::int64_t* begin, std::int64_t count, Layout layout,
                 std::uint32_t* words) {
  const unsigned unit = blockIdx.x * Threads + threadIdx.x, across = static_cast<unsigned>(layout.columns);
  const auto row = static_cast<std::int32_t>(unit / across),
             column = static_cast<std::int32_t>(unit % across);
  if (row >= layout.rows) return;
  const auto height = static_cast<std::uint32_t>(layout.height);
  const std::uint32_t first =
      static_cast<std::uint32_t>(column) * height + static_cast<std::uint32_t>(row) * 32;
  const std::uint32_t rows = Least()(std::uint32_t{32}, height - static_cast<std::uint32_t>(row) * 32);
  for (std::int64_t n = blockIdx.y; n < count; n += gridDim.y) {
    std::uint32_t word = 0;
    if (column < layout.width) {
      std::int64_t low = begin[n], high = begin[n + 1];
      const std::int64_t start = low, end = high;
      while (low < high) {  // the first change behind pixel `first`
        const std::int64_t middle = (low + high) / 2;
        if (places[middle] <= first)
          low = middle + 1;
        else
          high = middle;
      }
      bool set = (low - start) % 2 == 1;
      for (std::uint32_t r = 0; r < rows;) {
        const std::uint32_t next = low < end ? Least()(places[low] - first, rows) : rows;
        const std::uint32_t below_next = next == 32 ? ~std::uint32_t{0} : (std::uint32_t{1} << next) - 1;
        if (set) word |= below_next & ~((std::uint32_t{1} << r) - 1);
        r = next, set = !set, ++low;
      }
    }
    words[n * layout.words() + unit] = word;
  }
}

}  // namespace kernels

/// Counts the changes of colour of every mask, down its columns, and where each mask's begin among those of
/// all: half of what an encoder needs.
///
/// *Shapes*: `words` [N, rows, columns]; `before_column` [N, W]: changes before each column; `changes` [N]
/// (runs are one more); `begin` [N + 1]: sums of `changes` before each mask, and of all.
inline void count_changes(const std::uint32_t* words, const Layout& layout, std::int64_t count,
                          std::uint32_t* before_column, std::int64_t* changes, std::int64_t* begin,
                          Stream stream) {
  constexpr unsigned threads = 256;
  launch(kernels::count_changes<threads>, {count}, threads, stream, words, layout, before_column, changes);
  launch(kernels::sum_changes<threads>, {1}, threads, stream, changes, count, begin);
}

/// Writes where the colour changes: ascending, of mask n from `begin[n]` on.
///
/// *Shapes*: `begin` [N + 1] of `count_changes`; `places` [begin[N]]: pixels, counted down the columns.
inline void write_changes(const std::uint32_t* words, const Layout& layout, std::int64_t count,
                          const std::uint32_t* before_column, const std::int64_t* begin,
                          std::uint32_t* places, Stream stream) {
  constexpr unsigned threads = 128;
  launch(kernels::write_changes<threads>, detail::grid_of(layout.width, threads, count), threads, stream,
         words, layout, count, before_column, begin, places);
}

/// Masks from the places where their colour changes, ascending and none twice.
///
/// *Shapes*: `begin` [N + 1]; `places` [begin[N]]; `words` [N, rows, columns].
inline void fill_changes(const std::uint32_t* places, const std::int64_t* begin, std::int64_t count,
                         const Layout& layout, std::uint32_t* words, Stream stream) {
  constexpr unsigned threads = 128;
  launch(kernels::fill_changes<threads>, detail::grid_of(layout.words(), threads, count), threads, stream,
         places, begin, count, layout, words);
}

}  // namespace vislabel::cuda
