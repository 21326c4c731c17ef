/// BoxInst's pairwise affinity loss on the device: a block takes a tile of an instance, whose probabilities
/// it keeps in shared memory; sums in the host's order (`loss/pair_loss.hpp`).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vislabel/core/box.hpp>
#include <vislabel/core/error.hpp>
#include <vislabel/core/pixels.hpp>
#include <vislabel/core/rectangle.hpp>
#include <vislabel/core/rule.hpp>
#include <vislabel/cuda/core/box_slot.hpp>
#include <vislabel/cuda/core/fill.cuh>
#include <vislabel/cuda/core/launch.cuh>
#include <vislabel/cuda/core/ordered_sum.cuh>
#include <vislabel/cuda/core/reduce.cuh>
#include <vislabel/cuda/core/view.cuh>
#include <vislabel/cuda/loss/box_losses.hpp>
#include <vislabel/cuda/loss/find_nan.cuh>
#include <vislabel/loss/colour_test.hpp>
#include <vislabel/loss/pair_loss.hpp>
#include <vislabel/loss/probabilities.hpp>

namespace vislabel::cuda {

namespace kernels {

using vislabel::detail::Odds;
using vislabel::detail::PixelRectangle;

inline constexpr int tile_height = vislabel::detail::tile_rows, tile_width = vislabel::detail::tile_columns;
inline constexpr int reach = vislabel::detail::neighbour_distance;  // of a pixel to its neighbours
inline constexpr unsigned tile_threads = tile_height * tile_width;
static_assert(tile_width == warp_size, "a warp takes a row of a tile");

/// Neighbour k of a pixel, of those that come after it: the host's `neighbours`.
[[nodiscard]] __device__ constexpr int down_to(int k) { return k == 0 ? 0 : reach; }
[[nodiscard]] __device__ constexpr int right_to(int k) { return k == 1 ? -reach : k == 2 ? 0 : reach; }

/// A thread compares a pixel with the four neighbours that come after it.
template <unsigned Threads, class T>
__global__ void __launch_bounds__(Threads)
    similar_pairs(View<const T, 4> lab, vislabel::detail::ColourTest alike, std::uint8_t* out) {
  const std::int64_t height = lab.shape[2], width = lab.shape[3];
  const unsigned i = blockIdx.x * Threads + threadIdx.x;
  const std::int64_t y = i / static_cast<unsigned>(width), x = i % static_cast<unsigned>(width);
  if (y >= height) return;
  for (std::int64_t image = blockIdx.y; image < lab.shape[0]; image += gridDim.y) {
    const auto at = [&](std::int64_t channel, std::int64_t v, std::int64_t u) {
      return static_cast<double>(load<T>(lab.data + image * lab.strides[0] + channel * lab.strides[1] +
                                             v * lab.strides[2] + u * lab.strides[3],
                                         lab.aligned));
    };
    const double own[3] = {at(0, y, x), at(1, y, x), at(2, y, x)};  // NOLINT(*-avoid-c-arrays)
    unsigned bits = 0;
    for (int k = 0; k < 4; ++k) {
      const std::int64_t v = y + down_to(k), u = x + right_to(k);
      if (v >= height || u < 0 || u >= width) continue;
      double squared = 0;
      for (int channel = 0; channel < 3; ++channel) {
        const double difference = own[channel] - at(channel, v, u);
        squared += difference * difference;
      }
      bits |= alike(squared) ? 1U << k : 0U;
    }
    out[image * height * width + i] = static_cast<std::uint8_t>(bits);
  }
}

/// What a block knows of its instance.
struct Instance {
  BoxSlot slot;
  PixelRectangle box, part;   ///< part: the pixels of the box and those that are their neighbours
  const std::uint8_t* alike;  ///< of its image

  [[nodiscard]] __device__ int in_box(std::int64_t y, std::int64_t x) const {
    return box.left <= x && x < box.right && box.top <= y && y < box.bottom ? 1 : 0;
  }
};

[[nodiscard]] __device__ inline Instance instance(const AffinityInput& input, std::int64_t n,
                                                  std::int64_t height, std::int64_t width) {
  const std::int64_t image = input.image != nullptr ? input.image[n]
                             : input.images > 0     ? n % input.images
                                                    : -1;
  const bool has_image = image >= 0 && image < input.images;
  BoxSlot slot = slot_of(input.boxes[n]);
  if (slot == BoxSlot::good && !has_image) slot = BoxSlot::bad;
  if (slot != BoxSlot::good) return {slot, {}, {}, nullptr};
  const PixelRectangle box = vislabel::detail::covered(input.boxes[n], {height, width});
  return {slot, box, vislabel::detail::with_neighbours(box, {height, width}),
          input.alike + image * height * width};
}

/// A tile's pixels and those around it, of which a block keeps the odds in shared memory.
template <int Above, int Below>
struct Surroundings {
  static constexpr int rows = Above + tile_height + Below, columns = tile_width + 2 * reach;
  static constexpr unsigned count = rows * columns;
  std::int64_t top, left;  ///< of the first one, in the frame

  Surroundings() = default;
  __device__ Surroundings(std::int64_t tile_top, std::int64_t tile_left)
      : top(tile_top - Above), left(tile_left - reach) {}

  [[nodiscard]] __device__ unsigned place(std::int64_t y, std::int64_t x) const {
    return static_cast<unsigned>((y - top) * columns + (x - left));
  }

  /// By the whole block. Pixels outside of `part`, which nobody asks for, are not read.
  template <class T, class Array>
  __device__ void load_odds(const View<const T, 4>& logits, std::int64_t n, const PixelRectangle& part,
                            Array& logit, Array& foreground, Array& background) const {
    const std::byte* const from = image(logits, n);
    for (unsigned i = threadIdx.x; i < count; i += tile_threads) {
      const std::int64_t y = top + i / columns, x = left + i % columns;
      const bool inside = y >= part.top && y < part.bottom && x >= part.left && x < part.right;
      const double own = vislabel::detail::finite_logit(
          inside ? load<T>(from + y * logits.strides[2] + x * logits.strides[3], logits.aligned) : T{0});
      const auto both = vislabel::detail::probabilities(own);
      logit[i] = own, foreground[i] = both.foreground, background[i] = both.background;
    }
  }
};

/// A block sums the losses of a tile of an instance.
template <class T>
__global__ void __launch_bounds__(tile_threads)
    affinity_tile(View<const T, 4> logits, AffinityInput input, std::int64_t* counted, double* tiles) {
  const std::int64_t height = logits.shape[2], width = logits.shape[3];
  const auto across = static_cast<unsigned>((width + tile_width - 1) / tile_width), tile = blockIdx.x;
  const std::int64_t n = blockIdx.y + std::int64_t{gridDim.y} * blockIdx.z;
  if (n >= logits.shape[0] * logits.shape[1]) return;
  const std::int64_t top = std::int64_t{tile / across} * tile_height,
                     left = std::int64_t{tile % across} * tile_width;
  const unsigned thread = threadIdx.x, lane = thread % warp_size, row = thread / warp_size;
  const Instance own = instance(input, n, height, width);
  double& out = tiles[n * gridDim.x + tile];
  if (own.part.left >= left + tile_width || own.part.right <= left || own.part.top >= top + tile_height ||
      own.part.bottom <= top) {  // the whole block
    if (thread == 0) out = 0;
    return;
  }
  using Around = Surroundings<0, reach>;
  const Around around(top, left);
  VISLABEL_SHARED(double, logit, Around::count);
  VISLABEL_SHARED(double, foreground, Around::count);
  VISLABEL_SHARED(double, background, Around::count);
  around.load_odds(logits, n, own.part, logit, foreground, background);
  __syncthreads();
  const auto odds = [&](std::int64_t y, std::int64_t x) {
    const unsigned i = around.place(y, x);
    return Odds{logit[i], foreground[i], background[i]};
  };
  const std::int64_t y = top + row, x = left + lane;
  vislabel::detail::PairLoss sum;
  int pairs = 0;
  if (y < height && x < width) {
    const unsigned bits = own.alike[y * width + x];
    for (int k = 0; k < 4; ++k) {
      const std::int64_t v = y + down_to(k), u = x + right_to(k);
      const int weight = own.in_box(y, x) + own.in_box(v, u);
      if (weight == 0 || (bits >> k & 1) == 0) continue;
      sum.add(odds(y, x), odds(v, u), weight);
      pairs += weight;
    }
  }
  for (unsigned bit = 1; bit < vislabel::detail::group_columns; bit *= 2) {
    sum.product *= __shfl_xor_sync(all_lanes, sum.product, bit);
    sum.terms += __shfl_xor_sync(all_lanes, sum.terms, bit);
  }
  const double group = sum.loss();
  double of_row = 0;
  for (unsigned first = 0; first < warp_size; first += vislabel::detail::group_columns)
    of_row += __shfl_sync(all_lanes, group, first);
  pairs = over_warp(pairs, Plus());
  if (lane == 0 && pairs > 0)
    atomicAdd(reinterpret_cast<unsigned long long*>(&counted[n]), static_cast<unsigned long long>(pairs));
  VISLABEL_SHARED(double, of_rows, tile_height);
  if (lane == 0) of_rows[row] = of_row;
  __syncthreads();
  if (thread != 0) return;
  double all = 0;
  for (int r = 0; r < tile_height; ++r) all += of_rows[r];
  out = all;
}

/// A block adds up the tiles of an instance.
template <unsigned Threads>
__global__ void __launch_bounds__(Threads)
    affinity_loss(std::int64_t height, std::int64_t width, std::int64_t tiles, AffinityInput input,
                  AffinityOutput out, Rule rule) {
  const std::int64_t n = blockIdx.x;
  const Instance own = instance(input, n, height, width);
  double of_lane = 0;
  for (std::int64_t i = threadIdx.x; i < tiles; i += Threads) of_lane += out.tiles[n * tiles + i];
  const double sum = ordered_sum(of_lane);
  if (threadIdx.x != 0) return;
  const bool unknown = own.slot == BoxSlot::bad || (own.slot == BoxSlot::good && input.nan[n] != 0);
  out.loss[n] = unknown ? std::numeric_limits<double>::quiet_NaN() : sum;
  if (rule == Rule::paper) out.pairs[n] = vislabel::detail::pairs_from(own.box, {height, width});
}

/// One of a pixel's eight neighbours: where it is, and which pair the two are of the one that comes first.
struct Partner {
  int down, right, pair;
  bool comes_first;
};

/// In the order in which slopes are added up (`add_slopes` of the host): those of the pixel's own row, of the
/// row above from right to left, of the row below from left to right.
[[nodiscard]] __device__ constexpr Partner partner_of(int i) {
  if (i < 2) return {0, i == 0 ? -reach : reach, 0, i == 0};
  if (i < 5) return {-reach, (3 - i) * reach, i - 1, true};
  return {reach, (i - 6) * reach, i - 4, false};
}

/// A block writes a tile of the gradient: every pixel gathers what its eight pairs give, in the host's order.
template <class T>
__global__ void __launch_bounds__(tile_threads)
    affinity_gradient(View<const T, 4> logits, AffinityInput input, const double* gradient, View<T, 4> out) {
  const std::int64_t height = logits.shape[2], width = logits.shape[3];
  const auto across = static_cast<unsigned>((width + tile_width - 1) / tile_width), tile = blockIdx.x;
  const std::int64_t n = blockIdx.y + std::int64_t{gridDim.y} * blockIdx.z;
  if (n >= logits.shape[0] * logits.shape[1]) return;
  const std::int64_t top = std::int64_t{tile / across} * tile_height,
                     left = std::int64_t{tile % across} * tile_width;
  const unsigned thread = threadIdx.x;
  const std::int64_t y = top + thread / warp_size, x = left + thread % warp_size;
  const Instance own = instance(input, n, height, width);
  const bool unknown = own.slot == BoxSlot::bad || (own.slot == BoxSlot::good && input.nan[n] != 0);
  const bool outside = own.part.left >= left + tile_width || own.part.right <= left ||
                       own.part.top >= top + tile_height || own.part.bottom <= top;
  std::byte* const to = image(out, n) + y * out.strides[2] + x * out.strides[3];
  if (unknown || outside) {  // the whole block
    if (y < height && x < width) store(to, unknown ? std::numeric_limits<T>::quiet_NaN() : T{0}, out.aligned);
    return;
  }
  using Around = Surroundings<reach, reach>;
  const Around around(top, left);
  VISLABEL_SHARED(double, logit, Around::count);
  VISLABEL_SHARED(double, foreground, Around::count);
  VISLABEL_SHARED(double, background, Around::count);
  around.load_odds(logits, n, own.part, logit, foreground, background);
  __syncthreads();
  if (y >= height || x >= width) return;
  const bool in_part = own.part.left <= x && x < own.part.right && own.part.top <= y && y < own.part.bottom;
  if (!in_part) return store(to, T{0}, out.aligned);
  const auto odds = [&](std::int64_t v, std::int64_t u) {
    const unsigned i = around.place(v, u);
    return Odds{logit[i], foreground[i], background[i]};
  };
  const Odds here = odds(y, x);
  vislabel::detail::PairSlope sum;
#pragma unroll 1
  for (int i = 0; i < 8; ++i) {
    const Partner partner = partner_of(i);
    const std::int64_t v = y + partner.down, u = x + partner.right;
    if (v < 0 || u < 0 || u >= width) continue;
    const std::int64_t first = partner.comes_first ? v * width + u : y * width + x;
    const int weight = own.in_box(y, x) + own.in_box(v, u);
    if (weight > 0 && (own.alike[first] >> partner.pair & 1) != 0) sum.add(here, odds(v, u), weight);
  }
  store(to, static_cast<T>(gradient[n] * sum.of(here)), out.aligned);
}

}  // namespace kernels

namespace detail {

/// Which pairs are alike, which instances hold NaN; and the grid of tiles.
template <class T>
[[nodiscard]] Grid prepare(const Pixels<const T, 4>& logits, const Pixels<const T, 4>& lab,
                           const AffinityInput& input, const AffinityRule& rule, Stream stream) {
  vislabel::detail::require(lab.shape[1] == 3, "lab has ", lab.shape[1], " channels, expected 3: L, a, b");
  vislabel::detail::require(lab.size() == logits.size(), "lab has size ", lab.size(), ", expected ",
                            logits.size(), ", that of logits");
  constexpr unsigned threads = 128;
  launch(kernels::similar_pairs<threads, T>, grid_of(lab.size().pixels(), threads, lab.shape[0]), threads,
         stream, lab, vislabel::detail::colour_test(rule.rule, rule.threshold, rule.theta), input.alike);
  find_nan(logits, input.nan, stream);
  constexpr std::int64_t most = 0x8000;
  const std::int64_t count = logits.count();
  return {affinity_tiles(logits.size()), count < most ? count : most, (count + most - 1) / most};
}

}  // namespace detail

/// The pairwise affinity loss of every instance, as the host's with `OnNaN::propagate`; a bad box and an
/// image that is not there make it NaN, too.
///
/// *Shapes*: `logits` [N, T, H, W], `lab` [B, 3, H, W] of float or double on the device, any strides.
/// *Source*: PM-VIS, Eq. 3. *Errors*: sizes or options out of range.
template <class T>
void pairwise_affinity_loss(const Pixels<const T, 4>& logits, const Pixels<const T, 4>& lab,
                            AffinityInput input, const AffinityRule& rule, const AffinityOutput& out,
                            Stream stream) {
  input.images = lab.shape[0];
  const Grid grid = detail::prepare(logits, lab, input, rule, stream);
  detail::fill(out.pairs, logits.count(), std::int64_t{0}, stream);
  launch(kernels::affinity_tile<T>, grid, kernels::tile_threads, stream, logits, input, out.pairs, out.tiles);
  launch(kernels::affinity_loss<ordered_threads>, {logits.count()}, ordered_threads, stream, logits.shape[2],
         logits.shape[3], affinity_tiles(logits.size()), input, out, rule.rule);
}

/// Its gradient by the logits: `gradient[n]` times that of instance n.
///
/// *Shapes*: `gradient` [N, T]; `out` [N, T, H, W], any strides: every element is written.
template <class T>
void pairwise_affinity_loss_backward(const double* gradient, const Pixels<const T, 4>& logits,
                                     const Pixels<const T, 4>& lab, AffinityInput input,
                                     const AffinityRule& rule, const Pixels<T, 4>& out, Stream stream) {
  vislabel::detail::require(out.shape == logits.shape, "out has another shape than logits");
  input.images = lab.shape[0];
  const Grid grid = detail::prepare(logits, lab, input, rule, stream);
  launch(kernels::affinity_gradient<T>, grid, kernels::tile_threads, stream, logits, input, gradient, out);
}

}  // namespace vislabel::cuda
