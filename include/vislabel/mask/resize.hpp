/// Masks from maps of numbers at another resolution, as networks give them: bilinear interpolation, threshold
/// and packing in one pass. The resized map is never stored, and most of it is never computed: between
/// numbers that are all above the threshold, or all below, every pixel is.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>
#include <vislabel/core/exec.hpp>
#include <vislabel/core/pixels.hpp>
#include <vislabel/mask/bilinear.hpp>
#include <vislabel/mask/dense.hpp>
#include <vislabel/mask/masks.hpp>
#include <vislabel/mask/packer.hpp>

namespace vislabel {
namespace detail {

/// `between` for every output row (or column).
///
/// *Shapes*: out [to].
template <class T>
[[nodiscard]] std::vector<Between<T>> all_between(std::int64_t from, std::int64_t to) {
  std::vector<Between<T>> out(static_cast<std::size_t>(to));
  for (std::int64_t i = 0; i < to; ++i)
    out[static_cast<std::size_t>(i)] = between(i, from, scale_of<T>(from, to));
  return out;
}

// The 16 columns of a block as vectors of 16 bytes, which every machine has: written as loops over numbers,
// GCC takes them one by one.
template <class T>
struct Vectors;
template <>
struct Vectors<float> {
  using Values = float __attribute__((vector_size(16)));
  using Bits = std::int32_t __attribute__((vector_size(16)));
  static std::pair<Values, Values> unzipped(const std::array<Values, 2>& x) {
    return {__builtin_shufflevector(x[0], x[1], 0, 2, 4, 6), __builtin_shufflevector(x[0], x[1], 1, 3, 5, 7)};
  }
};
template <>
struct Vectors<double> {
  using Values = double __attribute__((vector_size(16)));
  using Bits = std::int64_t __attribute__((vector_size(16)));
  static std::pair<Values, Values> unzipped(const std::array<Values, 2>& x) {
    return {__builtin_shufflevector(x[0], x[1], 0, 2), __builtin_shufflevector(x[0], x[1], 1, 3)};
  }
};
template <class T>
using ColumnValues = std::array<typename Vectors<T>::Values, sizeof(T)>;
template <class T>
using ColumnBits = std::array<typename Vectors<T>::Bits, sizeof(T)>;

/// Packs maps of one size as masks of another, one after the other.
template <std::floating_point T>
class ResizedPacker {
 public:
  ResizedPacker(Size from, Size to, double threshold)
      : from_(from),
        to_(to),
        threshold_(threshold_as<T>(threshold)),
        rows_(all_between<T>(from.height, to.height)),
        columns_(all_between<T>(from.width, to.width)),
        values_(static_cast<std::size_t>(from.height * stride())),
        sides_(static_cast<std::size_t>(from.pixels())),
        runs_(static_cast<std::size_t>(from.width)),
        packer_(to) {
    // A pixel lies outside of the frame where the last block ends; it repeats the last one, and is cut off.
    rows_.resize(static_cast<std::size_t>(ceil_divide(to.height, block_rows) * block_rows), rows_.back());
    columns_.resize(static_cast<std::size_t>(ceil_divide(to.width, block_columns) * block_columns),
                    columns_.back());
    for (const Between<T>& column : columns_) {
      first_.push_back(static_cast<std::int32_t>(column.first));
      of_first_.push_back(column.of_first), of_second_.push_back(column.of_second);
    }
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
  static constexpr std::uint8_t over = 1, under = 2;  ///< sides of the threshold

  [[nodiscard]] std::int64_t stride() const { return from_.width + 1; }

  /// Where the `nth` block of so many rows (or columns) begins and ends in the map.
  static std::pair<std::int64_t, std::int64_t> under_block(const std::vector<Between<T>>& between,
                                                           std::int64_t nth, std::int64_t length) {
    return {between[static_cast<std::size_t>(nth * length)].first,
            between[static_cast<std::size_t>((nth + 1) * length - 1)].second};
  }

  /// Copies the map and finds out on which side of the threshold each number is: far enough that no rounding
  /// of an interpolation between such numbers leads back.
  void read(const Pixels<const T, 2>& map) {
    const Sides<T> where(threshold_);
    const auto read_row = [&](const std::byte* from, std::ptrdiff_t stride, T* values, std::uint8_t* sides) {
      for (std::int64_t x = 0; x < from_.width; ++x) {
        T value;
        std::memcpy(&value, from + x * stride, sizeof(T));
        values[x] = value = tame(value);
        sides[x] =
            static_cast<std::uint8_t>((where.over(value) ? over : 0) | (where.under(value) ? under : 0));
      }
    };
    constexpr auto element = static_cast<std::ptrdiff_t>(sizeof(T));
    for (std::int64_t y = 0; y < from_.height; ++y) {
      T* const values = values_.data() + y * stride();
      std::uint8_t* const sides = sides_.data() + y * from_.width;
      if (map.column_stride() == element)  // known to the compiler, which then takes several at once
        read_row(map.row(y), element, values, sides);
      else
        read_row(map.row(y), map.column_stride(), values, sides);
      values[from_.width] = values[from_.width - 1];  // the right neighbour of the last one
    }
  }

  /// runs_[x]: from column x to the left, over all map rows of a block row, so many columns are above, and so
  /// many below.
  void find_runs(std::int64_t row) {
    const auto [first, last] = under_block(rows_, row, block_rows);
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
    const auto [first, last] = under_block(columns_, column, block_columns);
    const auto [all_over, all_under] = runs_[static_cast<std::size_t>(last)];
    if (all_under > last - first) return;
    Block block = all_over > last - first ? full_block : computed(row, column);
    cut_at_frame(block, row, column);
    packer_.add(row, column, block);
  }

  /// The block's pixels, each interpolated along its rows first.
  [[nodiscard]] Block computed(std::int64_t row, std::int64_t column) const {
    ColumnBits<T> bits{};
    std::array<ColumnValues<T>, 2> lines;
    std::array<std::int64_t, 2> held{-1, -1};  // which map rows they are
    for (std::int64_t r = 0; r < block_rows; ++r) {
      const Between<T>& rows = rows_[static_cast<std::size_t>(row * block_rows + r)];
      if (held[1] == rows.first) std::swap(lines[0], lines[1]), std::swap(held[0], held[1]);
      if (held[0] != rows.first) lines[0] = interpolated(held[0] = rows.first, column);
      if (held[1] != rows.second) lines[1] = interpolated(held[1] = rows.second, column);
      mark_above(bits, lines[0], lines[1], rows, r);
    }
    Block block;
    constexpr std::size_t side_by_side = block.size() / std::tuple_size_v<ColumnBits<T>>;
    for (std::size_t c = 0; c < block.size(); ++c)
      block[c] = static_cast<std::uint32_t>(bits[c / side_by_side][c % side_by_side]);
    return block;
  }

  /// Sets bit r of the columns where the two lines, weighted, are above the threshold.
  void mark_above(ColumnBits<T>& bits, const ColumnValues<T>& first, const ColumnValues<T>& second,
                  const Between<T>& rows, std::int64_t r) const {
    using Bits = typename Vectors<T>::Bits;
    const Bits bit =
        Bits{} + static_cast<std::remove_reference_t<decltype(Bits{}[0])>>(std::uint32_t{1} << r);
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((bits[I] |= (rows.of_first * first[I] + rows.of_second * second[I] > threshold_) & bit), ...);
    }(std::make_index_sequence<std::tuple_size_v<ColumnBits<T>>>());
  }

  /// A row of the map at the 16 columns of a block. A number and its right neighbour are loaded as one pair.
  [[nodiscard]] ColumnValues<T> interpolated(std::int64_t y, std::int64_t column) const {
    using Values = typename Vectors<T>::Values;
    constexpr std::size_t length = sizeof(Values) / sizeof(T);
    const T* const values = values_.data() + y * stride();
    const auto begin = static_cast<std::size_t>(column * block_columns);
    ColumnValues<T> line;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const std::size_t c = begin + i * length;
      std::array<std::array<T, 2>, length> pairs;
      for (std::size_t k = 0; k < length; ++k) std::memcpy(&pairs[k], values + first_[c + k], 2 * sizeof(T));
      const auto [left, right] = Vectors<T>::unzipped(std::bit_cast<std::array<Values, 2>>(pairs));
      Values of_left, of_right;
      std::memcpy(&of_left, of_first_.data() + c, sizeof(Values));
      std::memcpy(&of_right, of_second_.data() + c, sizeof(Values));
      line[i] = of_left * left + of_right * right;
    }
    return line;
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
  std::vector<std::int32_t> first_;      // of columns_
  std::vector<T> of_first_, of_second_;  // of columns_
  std::vector<T> values_;                // the map, its last column twice
  std::vector<std::uint8_t> sides_;      // of each of its numbers
  std::vector<std::uint8_t> both_;       // of each of its columns, in one block row
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
/// multiplications. NaN makes the pixels that take of it unset; an infinite number is a very large one.
/// *Errors*: a threshold that is NaN; maps without pixels for masks with some.
/// *Cost*: one read of `values`, and the pixels of blocks that the threshold's contour crosses.
template <exec::Policy P, std::floating_point T>
[[nodiscard]] Masks pack_resized(P policy, const Pixels<const T, 3>& values, Size size, double threshold) {
  return {size, detail::pack_all_resized(policy, values, size, threshold)};
}

}  // namespace vislabel
