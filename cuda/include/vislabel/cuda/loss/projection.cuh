/// BoxInst's projection loss on the device: the largest logits of rows and columns in one read, then the
/// host's sums; for the gradient a second read that finds where they are, and one write.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vislabel/core/block.hpp>
#include <vislabel/core/box.hpp>
#include <vislabel/core/pixels.hpp>
#include <vislabel/core/rectangle.hpp>
#include <vislabel/cuda/core/box_slot.hpp>
#include <vislabel/cuda/core/fill.cuh>
#include <vislabel/cuda/core/launch.cuh>
#include <vislabel/cuda/core/ordered_sum.cuh>
#include <vislabel/cuda/core/reduce.cuh>
#include <vislabel/cuda/core/view.cuh>
#include <vislabel/cuda/loss/box_losses.hpp>
#include <vislabel/loss/dice.hpp>
#include <vislabel/loss/probabilities.hpp>

namespace vislabel::cuda {

namespace detail {

template <class T>
using Rank = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

/// A float as an integer that compares as it does, but for NaN, and -0 below 0.
template <class T>
[[nodiscard]] constexpr Rank<T> rank_of(T value) {
  const auto bits = std::bit_cast<Rank<T>>(value);
  constexpr Rank<T> sign = Rank<T>{1} << (8 * sizeof(T) - 1);
  return (bits & sign) != 0 ? ~bits : bits | sign;
}

/// The float that an integer stands for.
template <class T>
[[nodiscard]] constexpr T of_rank(std::uint64_t rank) {
  constexpr Rank<T> sign = Rank<T>{1} << (8 * sizeof(T) - 1);
  const auto bits = static_cast<Rank<T>>(rank);
  return std::bit_cast<T>((bits & sign) != 0 ? bits ^ sign : ~bits);
}

}  // namespace detail

namespace kernels {

/// A warp's tile of a map: 32 rows of 32 columns.
struct Tile {
  std::int32_t top, rows;  ///< `rows` of them in the frame; none: not a tile
  std::int32_t column;     ///< of this lane
  bool inside;             ///< whether that is in the frame
};

template <unsigned Threads>
[[nodiscard]] __device__ Tile own_tile(std::int64_t height, std::int64_t width) {
  const auto across = static_cast<unsigned>((width + 31) / 32);
  const unsigned tile = blockIdx.x * (Threads / warp_size) + threadIdx.x / warp_size;
  const auto h = static_cast<std::int32_t>(height), w = static_cast<std::int32_t>(width);
  const std::int32_t top = static_cast<std::int32_t>(tile / across) * 32;
  const std::int32_t column =
      static_cast<std::int32_t>(tile % across * 32) + static_cast<std::int32_t>(threadIdx.x % warp_size);
  return {top, Most()(Least()(32, h - top), 0), column, column < w};
}

/// A lane's column of a tile; lanes outside of the frame get the last one.
template <class T>
__device__ void load_tile(const View<const T, 4>& logits, std::int64_t n, const Tile& tile,
                          T (&values)[32]) {  // NOLINT(*-avoid-c-arrays)
  const std::int64_t column = tile.inside ? tile.column : logits.shape[3] - 1;
  load_column(image(logits, n) + tile.top * logits.strides[2] + column * logits.strides[3], logits.strides[2],
              tile.rows, logits.aligned, values);
}

/// The largest logits of a tile's rows and columns join those of the others.
template <unsigned Threads, class T>
__global__ void __launch_bounds__(Threads)
    shadows(View<const T, 4> logits, const Box* boxes, std::int64_t count, ProjectionWork work) {
  const std::int64_t height = logits.shape[2], width = logits.shape[3];
  const Tile tile = own_tile<Threads>(height, width);
  if (tile.rows == 0) return;  // the whole warp
  const unsigned lane = threadIdx.x % warp_size;
  for (std::int64_t n = blockIdx.y; n < count; n += gridDim.y) {
    if (slot_of(boxes[n]) != BoxSlot::good) continue;
    T values[32];  // NOLINT(*-avoid-c-arrays)
    load_tile(logits, n, tile, values);
    detail::Rank<T> rank[32];  // NOLINT(*-avoid-c-arrays)
    detail::Rank<T> of_column = 0;
    bool unknown = false;
#pragma unroll
    for (int r = 0; r < 32; ++r) {
      const bool inside = r < tile.rows && tile.inside, number = values[r] == values[r];
      unknown = unknown || (inside && !number);
      rank[r] = inside && number ? detail::rank_of(values[r]) : 0;
      of_column = Most()(of_column, rank[r]);
    }
    const detail::Rank<T> of_row = each_over_warp(rank, Most());
    if (static_cast<std::int32_t>(lane) < tile.rows && of_row != 0)
      atomicMax(reinterpret_cast<unsigned long long*>(&work.rows[n * height + tile.top + lane]),
                static_cast<unsigned long long>(of_row));
    if (of_column != 0)
      atomicMax(reinterpret_cast<unsigned long long*>(&work.columns[n * width + tile.column]),
                static_cast<unsigned long long>(of_column));
    if (__any_sync(all_lanes, unknown) && lane == 0) atomicOr(&work.nan[n], 1U);
  }
}

/// The probabilities of a line's largest logit. All threads compute some, those behind the last line in vain:
/// a division in a branch costs a device registers.
template <class T>
[[nodiscard]] __device__ vislabel::detail::Probabilities<> probabilities_of(const std::uint64_t* ranks,
                                                                            std::int64_t i,
                                                                            std::int64_t length) {
  const T logit = detail::of_rank<T>(ranks[i < length ? i : 0]);
  return vislabel::detail::probabilities(static_cast<double>(logit));
}

/// The sums of one axis' dice loss, by a whole block.
template <class T>
[[nodiscard]] __device__ vislabel::detail::DiceSums dice_of(const std::uint64_t* ranks, std::int64_t length,
                                                            std::int64_t begin, std::int64_t end) {
  double squares = 0, apart = 0, common = 0;
  for (std::int64_t first = 0; first < length; first += ordered_threads) {
    const std::int64_t i = first + threadIdx.x;
    const auto [x, other] = probabilities_of<T>(ranks, i, length);
    const bool inside = i < length, one = begin <= i && i < end;
    const double difference = one ? other : x;
    squares += inside ? x * x : 0, apart += inside ? difference * difference : 0;
    common += one ? x : 0;
  }
  return {ordered_sum(squares), ordered_sum(apart), ordered_sum(common), end - begin};
}

/// What goes to the maxima of one axis, by a whole block.
template <class T>
__device__ void write_slopes(const vislabel::detail::DiceSlopes& of, double scale, const std::uint64_t* ranks,
                             std::int64_t length, std::int64_t begin, std::int64_t end, double* slopes) {
  for (std::int64_t first = 0; first < length; first += ordered_threads) {
    const std::int64_t i = first + threadIdx.x;
    const double slope = scale * of(probabilities_of<T>(ranks, i, length), begin <= i && i < end);
    if (i < length) slopes[i] = slope;
  }
}

/// A block makes the loss of one instance (`losses`), or what its gradient is at the maxima (`gradient`).
template <class T>
__global__ void __launch_bounds__(ordered_threads)
    dice(std::int64_t height, std::int64_t width, const Box* boxes, ProjectionWork work, double* losses,
         const double* gradient) {
  const std::int64_t n = blockIdx.x;
  const BoxSlot slot = slot_of(boxes[n]);
  const bool known = slot == BoxSlot::good && work.nan[n] == 0;
  if (!known) {  // the whole block
    if (losses != nullptr && threadIdx.x == 0)
      losses[n] = slot == BoxSlot::none ? 0.0 : std::numeric_limits<double>::quiet_NaN();
    return;
  }
  const auto box = vislabel::detail::covered(boxes[n], {height, width});
  double loss = 0;
#pragma unroll 1
  for (int axis = 0; axis < 2; ++axis) {
    const std::int64_t length = axis == 0 ? height : width;
    const std::int64_t begin = axis == 0 ? box.top : box.left, end = axis == 0 ? box.bottom : box.right;
    const std::uint64_t* const ranks = (axis == 0 ? work.rows : work.columns) + n * length;
    const auto sums = dice_of<T>(ranks, length, begin, end);
    loss += sums.loss();
    if (losses == nullptr)
      write_slopes<T>(vislabel::detail::DiceSlopes(sums), gradient[n], ranks, length, begin, end,
                      (axis == 0 ? work.row_slopes : work.column_slopes) + n * length);
  }
  if (losses != nullptr && threadIdx.x == 0) losses[n] = loss;
}

/// Looks in a tile for the first maximum of every row and column.
template <unsigned Threads, class T>
__global__ void __launch_bounds__(Threads)
    first_maxima(View<const T, 4> logits, const Box* boxes, std::int64_t count, ProjectionWork work) {
  const std::int64_t height = logits.shape[2], width = logits.shape[3];
  const Tile tile = own_tile<Threads>(height, width);
  if (tile.rows == 0) return;  // the whole warp
  const unsigned lane = threadIdx.x % warp_size;
  for (std::int64_t n = blockIdx.y; n < count; n += gridDim.y) {
    if (slot_of(boxes[n]) != BoxSlot::good || work.nan[n] != 0) continue;
    T values[32];  // NOLINT(*-avoid-c-arrays)
    load_tile(logits, n, tile, values);
    const bool has_row = static_cast<std::int32_t>(lane) < tile.rows;
    const auto of_row = static_cast<detail::Rank<T>>(has_row ? work.rows[n * height + tile.top + lane] : 0);
    const T of_column = tile.inside ? detail::of_rank<T>(work.columns[n * width + tile.column]) : T{0};
    std::int32_t first = -1;
    unsigned own_hits = 0;  // in the row that has this lane's number
#pragma unroll
    for (int r = 0; r < 32; ++r) {
      const bool inside = r < tile.rows && tile.inside;
      if (inside && first < 0 && values[r] == of_column) first = r;
      const T largest = detail::of_rank<T>(__shfl_sync(all_lanes, of_row, static_cast<unsigned>(r)));
      const unsigned hits = __ballot_sync(all_lanes, inside && values[r] == largest);
      if (lane == static_cast<unsigned>(r)) own_hits = hits;
    }
    if (own_hits != 0)
      atomicMin(&work.first_of_row[n * height + tile.top + lane],
                static_cast<std::uint32_t>(tile.column) - lane +
                    static_cast<std::uint32_t>(__ffs(static_cast<int>(own_hits)) - 1));
    if (first >= 0)
      atomicMin(&work.first_of_column[n * width + tile.column], static_cast<std::uint32_t>(tile.top + first));
  }
}

/// A thread writes some elements of the gradient.
template <unsigned Threads, class T>
__global__ void __launch_bounds__(Threads)
    write_projection_gradient(View<T, 4> out, const Box* boxes, std::int64_t count, ProjectionWork work) {
  const std::int64_t height = out.shape[2], width = out.shape[3];
  const unsigned i = blockIdx.x * Threads + threadIdx.x;
  const std::int64_t y = i / static_cast<unsigned>(width), x = i % static_cast<unsigned>(width);
  if (y >= height) return;
  for (std::int64_t n = blockIdx.y; n < count; n += gridDim.y) {
    const BoxSlot slot = slot_of(boxes[n]);
    T value = 0;
    if (slot == BoxSlot::bad || (slot == BoxSlot::good && work.nan[n] != 0)) {
      value = std::numeric_limits<T>::quiet_NaN();
    } else if (slot == BoxSlot::good) {
      if (work.first_of_row[n * height + y] == static_cast<std::uint32_t>(x))
        value = static_cast<T>(0.0 + work.row_slopes[n * height + y]);
      if (work.first_of_column[n * width + x] == static_cast<std::uint32_t>(y))
        value = static_cast<T>(static_cast<double>(value) + work.column_slopes[n * width + x]);
    }
    store(image(out, n) + y * out.strides[2] + x * out.strides[3], value, out.aligned);
  }
}

}  // namespace kernels

namespace detail {

/// The largest logits of all rows and columns.
template <class T>
void project(const Pixels<const T, 4>& logits, const Box* boxes, const ProjectionWork& work, Stream stream) {
  const std::int64_t count = logits.count(), height = logits.shape[2], width = logits.shape[3];
  const std::uint64_t least = rank_of(-std::numeric_limits<T>::infinity());
  fill(work.rows, count * height, least, stream);
  fill(work.columns, count * width, least, stream);
  fill(work.nan, count, std::uint32_t{0}, stream);
  constexpr unsigned threads = 128;
  launch(kernels::shadows<threads, T>,
         grid_of(32 * vislabel::detail::ceil_divide(height, 32) * vislabel::detail::ceil_divide(width, 32),
                 threads, count),
         threads, stream, logits, boxes, count, work);
}

}  // namespace detail

/// The projection loss of every instance, as the host's with `OnNaN::propagate`; a bad box makes it NaN, too.
///
/// *Shapes*: `logits` [N, T, H, W] of float or double on the device, any strides; `boxes` [N, T], a row of
/// NaN: none; `losses` [N, T]. *Source*: PM-VIS, Eq. 1-2. *Cost*: one read of the logits of instances with
/// a box.
template <class T>
void projection_loss(const Pixels<const T, 4>& logits, const Box* boxes, const ProjectionWork& work,
                     double* losses, Stream stream) {
  detail::project(logits, boxes, work, stream);
  launch(kernels::dice<T>, {logits.count()}, ordered_threads, stream, logits.shape[2], logits.shape[3], boxes,
         work, losses, nullptr);
}

/// Its gradient by the logits: `gradient[n]` times that of instance n.
///
/// *Shapes*: `gradient` [N, T]; `out` [N, T, H, W], any strides: every element is written. *Cost*: two reads
/// of the logits and one write.
template <class T>
void projection_loss_backward(const double* gradient, const Pixels<const T, 4>& logits, const Box* boxes,
                              const ProjectionWork& work, const Pixels<T, 4>& out, Stream stream) {
  const std::int64_t count = logits.count(), height = logits.shape[2], width = logits.shape[3];
  vislabel::detail::require(out.shape == logits.shape, "out has another shape than logits");
  detail::project(logits, boxes, work, stream);
  detail::fill(work.first_of_row, count * height, ~std::uint32_t{0}, stream);
  detail::fill(work.first_of_column, count * width, ~std::uint32_t{0}, stream);
  launch(kernels::dice<T>, {count}, ordered_threads, stream, height, width, boxes, work, nullptr, gradient);
  constexpr unsigned threads = 128;
  launch(kernels::first_maxima<threads, T>,
         detail::grid_of(
             32 * vislabel::detail::ceil_divide(height, 32) * vislabel::detail::ceil_divide(width, 32),
             threads, count),
         threads, stream, logits, boxes, count, work);
  launch(kernels::write_projection_gradient<threads, T>, detail::grid_of(height * width, threads, count),
         threads, stream, out, boxes, count, work);
}

}  // namespace vislabel::cuda
