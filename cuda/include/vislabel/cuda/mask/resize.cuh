/// Words of maps of numbers at another resolution, as networks give them: bilinear interpolation, threshold
/// and packing in one, to the host's bits. The resized map is never stored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vislabel/core/error.hpp>
#include <vislabel/core/pixels.hpp>
#include <vislabel/cuda/core/elements.cuh>
#include <vislabel/cuda/core/launch.cuh>
#include <vislabel/cuda/core/reduce.cuh>
#include <vislabel/cuda/core/view.cuh>
#include <vislabel/cuda/mask/pack.cuh>
#include <vislabel/cuda/mask/words.hpp>
#include <vislabel/mask/bilinear.hpp>

namespace vislabel::cuda {

/// How maps become masks.
template <class T>
struct Resize {
  std::int32_t height, width;  ///< of the maps
  ValueOf<T> down, across;     ///< rows and columns of a map in one of the masks
  ValueOf<T> threshold;
  vislabel::detail::Sides<ValueOf<T>> sides;

  Resize(Size from, Size to, double exact)
      : height(static_cast<std::int32_t>(from.height)),
        width(static_cast<std::int32_t>(from.width)),
        down(vislabel::detail::scale_of<ValueOf<T>>(from.height, to.height)),
        across(vislabel::detail::scale_of<ValueOf<T>>(from.width, to.width)),
        threshold(vislabel::detail::threshold_as<ValueOf<T>>(exact)),
        sides(threshold) {}
};

namespace kernels {

/// One map: where it begins, and its strides in bytes.
struct Map {
  const std::byte* data;
  std::ptrdiff_t row, column;
  bool aligned;

  template <class T>
  [[nodiscard]] __device__ ValueOf<T> at(std::int64_t y, std::int64_t x) const {
    return vislabel::detail::tame(value_of(load<T>(data + y * row + x * column, aligned)));
  }
};

/// The word of a resized map at (row, column): 32 pixels of a column.
template <class T>
[[nodiscard]] __device__ std::uint32_t resized_word(const Map& map, const Resize<T>& resize,
                                                    const Layout& layout, std::int32_t row,
                                                    std::int32_t column) {
  using Value = ValueOf<T>;
  using Between = vislabel::detail::Between<Value>;
  if (column >= layout.width) return 0;
  const std::int32_t top = row * 32, rows = Least()(32, layout.height - top);
  const auto rows_between = [&](std::int32_t y) {
    return vislabel::detail::between(y, resize.height, resize.down);
  };
  const Between across = vislabel::detail::between(column, resize.width, resize.across);
  const std::uint32_t all = rows == 32 ? ~std::uint32_t{0} : (std::uint32_t{1} << rows) - 1;

  // Where all numbers that it takes of are on one side, so is every pixel: only contours are computed.
  bool over = true, under = true;
  const std::int64_t last = rows_between(top + rows - 1).second;
  for (std::int64_t y = rows_between(top).first; y <= last && (over || under); ++y) {
    const Value left = map.at<T>(y, across.first), right = map.at<T>(y, across.second);
    over = over && resize.sides.over(left) && resize.sides.over(right);
    under = under && resize.sides.under(left) && resize.sides.under(right);
  }
  if (over) return all;
  if (under) return 0;

  const auto line = [&](std::int64_t y) {
    return across.of_first * map.at<T>(y, across.first) + across.of_second * map.at<T>(y, across.second);
  };
  std::int64_t held_first = -1, held_second = -1;
  Value first = 0, second = 0;
  std::uint32_t word = 0;
  for (std::int32_t r = 0; r < rows; ++r) {
    const Between down = rows_between(top + r);
    if (held_first != down.first) {
      first = held_second == down.first ? second : line(down.first);
      held_first = down.first;
    }
    if (held_second != down.second) {
      second = held_first == down.second ? first : line(down.second);
      held_second = down.second;
    }
    const bool set = down.of_first * first + down.of_second * second > resize.threshold;
    word |= static_cast<std::uint32_t>(set) << r;
  }
  return word;
}

/// A thread makes one word.
template <unsigned Threads, class T>
__global__ void __launch_bounds__(Threads)
    pack_resized(View<const T, 4> maps, Resize<T> resize, Layout layout, std::int64_t count,
                 std::uint32_t* words) {
  const unsigned unit = blockIdx.x * Threads + threadIdx.x, across = static_cast<unsigned>(layout.columns);
  const auto row = static_cast<std::int32_t>(unit / across),
             column = static_cast<std::int32_t>(unit % across);
  if (row >= layout.rows) return;
  for (std::int64_t n = blockIdx.y; n < count; n += gridDim.y) {
    const Map map{image(maps, n), maps.strides[2], maps.strides[3], maps.aligned};
    words[n * layout.words() + unit] = resized_word<T>(map, resize, layout, row, column);
  }
}

}  // namespace kernels

/// Packs maps of numbers at another resolution: set where the bilinearly resized map > threshold.
///
/// *Shapes*: `maps` [N, T, h, w] of float, double, `Half` or `Bfloat16` on the device, any strides; `words`
/// [N T, rows, columns] of `size`. *Units and conventions*: those of the host's `pack_resized`. *Errors*:
/// maps without pixels for masks with some.
template <class T>
void pack_resized(const Pixels<const T, 4>& maps, double threshold, Size size, std::uint32_t* words,
                  Stream stream) {
  vislabel::detail::require(size.pixels() == 0 || maps.size().pixels() != 0, "a map of ", maps.size(),
                            " cannot be resized to ", size);
  const Layout layout(size);
  constexpr unsigned threads = 128;
  launch(kernels::pack_resized<threads, T>, detail::grid_of(layout.words(), threads, maps.count()), threads,
         stream, maps, Resize<T>(maps.size(), size, threshold), layout, maps.count(), words);
}

}  // namespace vislabel::cuda
