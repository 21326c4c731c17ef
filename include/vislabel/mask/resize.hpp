/// Masks from maps of numbers at another resolution, as networks give them: bilinear interpolation, threshold
/// and packing in one pass. The resized map is never stored, and most of it is never computed: between
/// numbers that are all above the threshold, or all below, every pixel is.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>
#include <vislabel/core/exec.hpp>
#include <vislabel/core/pixels.hpp>
#include <vislabel/mask/dense.hpp>
#include <vislabel/mask/masks.hpp>
#include <vislabel/mask/packer.hpp>

namespace vislabel {
namespace detail {

/// The two input rows (or columns) that an output row lies between, and how much it takes of each.
template <class T>
struct Between {
  std::int64_t first = 0, second = 0;
  T of_first = 1, of_second = 0;
};

/// Half-pixel centers, as torch's `interpolate(mode="bilinear", align_corners=False)`, in the map's own type.
///
/// *Shapes*: out [to].
template <class T>
[[nodiscard]] std::vector<Between<T>> half_pixel_centers(std::int64_t from, std::int64_t to) {
  std::vector<Between<T>> out(static_cast<std::size_t>(to));
  const T scale = static_cast<T>(from) / static_cast<T>(to);
  for (std::int64_t i = 0; i < to; ++i) {
    const T at = std::max(T{0}, scale * (static_cast<T>(i) + T{0.5}) - T{0.5});
    auto& [first, second, of_first, of_second] = out[static_cast<std::size_t>(i)];
    first = std::min(static_cast<std::int64_t>(at), from - 1);
    of_second = std::clamp(at - static_cast<T>(first), T{0}, T{1});
    second = of_second > 0 ? std::min(first + 1, from - 1) : first;  // 0 * NaN is NaN
    of_first = 1 - of_second;
  }
  return out;
}

/// The largest T that is not above the threshold: a T is above the one iff it is above the other.
template <class T>
[[nodiscard]] T threshold_as(double threshold) {
  const T rounded = static_cast<T>(threshold);
  return static_cast<double>(rounded) > threshold
             ? std::nextafter(rounded, -std::numeric_limits<T>::infinity())
             : rounded;
}

/// Packs maps of one size as masks of another, one after the other.
template <std::floating_point T>
class ResizedPacker {
 public:
  ResizedPacker(Size from, Size to, double threshold)
      : from_(from),
        to_(to),
        threshold_(threshold_as<T>(threshold)),
        rows_(half_pixel_centers<T>(from.height, to.height)),
        columns_(half_pixel_centers<T>(from.width, to.width)),
        values_(static_cast<std::size_t>(from.pixels())),
        sides_(values_.size()),
        runs_(static_cast<std::size_t>(from.width)),
        packer_(to) {
    // A pixel lies outside of the frame where the last block ends; it repeats the last one, and is cut off.
    rows_.resize(static_cast<std::size_t>(ceil_divide(to.height, block_rows) * block_rows), rows_.back());
    columns_.resize(static_cast<std::size_t>(ceil_divide(to.width, block_columns) * block_columns),
                    columns_.back());
  }

  [[nodiscard]] PackedMask pack(const Pixels<const T, 2>& map) {
    read(map);
    for (std::int64_t row = 0; row * block_rows < to_.height; ++row) {
      find_runs(row);
      for (std::int64_t column = 0; column * block_columns < to_.width; ++column) add(row, column);
    }
    return packer_.finish();
  }

 private:
  using Line = std::array<T, static_cast<std::size_t>(block_columns)>;  ///< values side by side
  enum Side : std::uint8_t { neither = 0, over = 1, under = 2 };

  /// Where the block `row` (or `column`) begins and ends in the map.
  static std::pair<std::int64_t, std::int64_t> range(const std::vector<Between<T>>& between,
                                                     std::int64_t block, std::int64_t length) {
    return {between[static_cast<std::size_t>(block * length)].first,
            between[static_cast<std::size_t>((block + 1) * length - 1)].second};
  }

  /// Copies the map and finds out on which side of the threshold each number is: far enough that no rounding
  /// of an interpolation between such numbers leads back.
  void read(const Pixels<const T, 2>& map) {
    constexpr T largest = std::numeric_limits<T>::max() / 4;  // an infinite logit is a very large one
    const T margin = std::abs(threshold_) * 8 * std::numeric_limits<T>::epsilon();
    const T low = threshold_ - margin, high = threshold_ + margin + 16 * std::numeric_limits<T>::min();
    for (std::int64_t y = 0; y < from_.height; ++y) {
      T* const values = values_.data() + y * from_.width;
      std::uint8_t* const sides = sides_.data() + y * from_.width;
      for (std::int64_t x = 0; x < from_.width; ++x) {
        T value;
        std::memcpy(&value, map.row(y) + x * map.column_stride(), sizeof(T));
        values[x] = value = std::clamp(value, -largest, largest);
        sides[x] =
            static_cast<std::uint8_t>((value > high ? over : neither) | (value <= low ? under : neither));
      }
    }
  }

  /// runs_[x]: from column x to the left, over all map rows of a block row, so many columns are above, and so
  /// many below.
  void find_runs(std::int64_t row) {
    const auto [first, last] = range(rows_, row, block_rows);
    std::array<std::int32_t, 2> run{};
    both_.assign(sides_.begin() + first * from_.width, sides_.begin() + (first + 1) * from_.width);
    for (std::int64_t y = first + 1; y <= last; ++y)
      for (std::int64_t x = 0; x < from_.width; ++x)
        both_[static_cast<std::size_t>(x)] &= sides_[static_cast<std::size_t>(y * from_.width + x)];
    for (std::size_t x = 0; x < runs_.size(); ++x) {
      run[0] = (both_[x] & over) != 0 ? run[0] + 1 : 0;
      run[1] = (both_[x] & under) != 0 ? run[1] + 1 : 0;
      runs_[x] = run;
    }
  }

  void add(std::int64_t row, std::int64_t column) {
    const auto [first, last] = range(columns_, column, block_columns);
    const auto [all_over, all_under] = runs_[static_cast<std::size_t>(last)];
    if (all_under > last - first) return;
    Block block = all_over > last - first ? full_block : computed(row, column);
    cut_at_frame(block, row, column);
    packer_.add(row, column, block);
  }

  /// The block's pixels, each interpolated along its rows first.
  [[nodiscard]] Block computed(std::int64_t row, std::int64_t column) const {
    Block block{};
    std::array<Line, 2> lines;
    std::array<std::int64_t, 2> held{-1, -1};  // which map rows they are
    for (std::int64_t r = 0; r < block_rows; ++r) {
      const Between<T>& rows = rows_[static_cast<std::size_t>(row * block_rows + r)];
      if (held[1] == rows.first) std::swap(lines[0], lines[1]), std::swap(held[0], held[1]);
      if (held[0] != rows.first) interpolate(lines[0], held[0] = rows.first, column);
      if (held[1] != rows.second) interpolate(lines[1], held[1] = rows.second, column);
      for (std::size_t c = 0; c < block.size(); ++c) {
        const T value = rows.of_first * lines[0][c] + rows.of_second * lines[1][c];
        block[c] |= (value > threshold_ ? std::uint32_t{1} : 0) << r;
      }
    }
    return block;
  }

  void interpolate(Line& line, std::int64_t y, std::int64_t column) const {
    const T* const values = values_.data() + y * from_.width;
    const Between<T>* const between = columns_.data() + column * block_columns;
    for (std::size_t c = 0; c < line.size(); ++c)
      line[c] =
          between[c].of_first * values[between[c].first] + between[c].of_second * values[between[c].second];
  }

  void cut_at_frame(Block& block, std::int64_t row, std::int64_t column) const {
    const std::int64_t rows = to_.height - row * block_rows, columns = to_.width - column * block_columns;
    if (rows >= block_rows && columns >= block_columns) return;
    const std::uint32_t inside = rows >= block_rows ? ~std::uint32_t{0} : below<std::uint32_t>(rows);
    for (std::int64_t c = 0; c < block_columns; ++c)
      block[static_cast<std::size_t>(c)] &= c < columns ? inside : 0;
  }

  Size from_, to_;
  T threshold_;
  std::vector<Between<T>> rows_, columns_;
  std::vector<T> values_;            // the map
  std::vector<std::uint8_t> sides_;  // Side of each of its numbers
  std::vector<std::uint8_t> both_;   // of each of its columns, in one block row
  std::vector<std::array<std::int32_t, 2>> runs_;
  Packer packer_;
};

template <exec::Policy P, class T, std::size_t D>
[[nodiscard]] std::vector<PackedMask> pack_all_resized(P policy, const Pixels<const T, D>& values, Size size,
                                                       double threshold) {
  require(!std::isnan(threshold), "threshold is NaN, expected a number");
  require_size(size);
  require(size.pixels() == 0 || values.size().pixels() != 0, "a map of ", values.size(),
          " cannot be resized to ", size);
  return pack_each(policy, values, size, size.pixels() / 4 + 1000,
                   [&] { return ResizedPacker<T>(values.size(), size, threshold); });
}

}  // namespace detail

/// Packs maps of numbers (logits) at another resolution: set where the bilinearly resized map > threshold.
///
/// *Shapes*: `values` [N, h, w], any strides; out [N] of `size`.
/// *Units and conventions*: half-pixel centers, numbers at the border continued, along rows first, in the
/// map's own type: torch's `interpolate(mode="bilinear", align_corners=False)`, but for its fused
/// multiplications. NaN makes the pixels between unset; an infinite number is a very large one.
/// *Errors*: a threshold that is NaN; maps without pixels for masks with some.
/// *Cost*: one read of `values`, and the pixels of blocks that the threshold's contour crosses.
template <exec::Policy P, std::floating_point T>
[[nodiscard]] Masks pack_resized(P policy, const Pixels<const T, 3>& values, Size size, double threshold) {
  return {size, detail::pack_all_resized(policy, values, size, threshold)};
}

}  // namespace vislabel
