/// Between dense arrays and blocks, both ways. One template for every element type and stride; bytes that lie
/// side by side in rows or in columns take the kernels' way.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>
#include <vislabel/core/exec.hpp>
#include <vislabel/core/pixels.hpp>
#include <vislabel/mask/packed.hpp>
#include <vislabel/mask/packer.hpp>

namespace vislabel::detail {

/// Which elements are pixels of the mask: those that are not 0.
struct NonZero {
  template <class T>
  bool operator()(T value) const {
    return value != T{0};
  }
};

/// Which elements are pixels of the mask: those above a threshold, compared in double (exact for every
/// float).
struct Above {
  double threshold;
  template <class T>
  bool operator()(T value) const {
    return static_cast<double>(value) > threshold;
  }
};

/// Packs dense images of one size, one after the other.
template <class T, class IsSet>
class DensePacker {
 public:
  DensePacker(Size size, IsSet is_set)
      : size_(size),
        is_set_(is_set),
        packer_(size),
        stride_(ceil_divide(size.width, block_columns) * block_columns),
        lanes_(static_cast<std::size_t>(lanes_per_block * stride_)),
        row_(static_cast<std::size_t>(size.width)) {}

  [[nodiscard]] PackedMask pack(const Pixels<const T, 2>& image) {
    const auto element = static_cast<std::ptrdiff_t>(sizeof(T));
    if (image.row_stride() == element && image.column_stride() != element && size_.height >= block_rows)
      add_columns(image);
    else
      for (std::int64_t row = 0; row * block_rows < size_.height; ++row) add_rows(image, row);
    return packer_.finish();
  }

 private:
  static constexpr bool is_plain_byte = sizeof(T) == 1 && std::is_same_v<IsSet, NonZero>;

  static constexpr std::int64_t lanes_per_block = block_rows / 8;

  /// Block row `row`: lanes, each of which collects 8 pixel rows in the 8 bits of a byte per column.
  void add_rows(const Pixels<const T, 2>& image, std::int64_t row) {
    const Kernels& k = kernels();
    const std::int64_t y = row * block_rows, rows = std::min(block_rows, size_.height - y);
    std::fill(lanes_.begin(), lanes_.end(), std::uint8_t{0});
    for (std::int64_t r = 0; r < rows; ++r)
      k.pack_row(bytes_of_row(image, y + r), row_.size(), static_cast<unsigned>(r % 8),
                 lanes_.data() + (r / 8) * stride_);
    for (std::int64_t x = 0; x < stride_; x += block_columns)
      if (any(x))
        packer_.add(row, x / block_columns,
                    k.gather_block(lanes_.data() + x, static_cast<std::size_t>(stride_)));
  }

  [[nodiscard]] bool any(std::int64_t x) const {
    std::uint64_t sum = 0, lane;
    for (std::int64_t i = 0; i < lanes_per_block; ++i)
      for (const std::int64_t half : {0, 8}) {
        std::memcpy(&lane, lanes_.data() + i * stride_ + x + half, 8);
        sum |= lane;
      }
    return sum != 0;
  }

  /// The elements of a row as bytes, non-zero where set: the row itself, or a copy.
  const std::uint8_t* bytes_of_row(const Pixels<const T, 2>& image, std::int64_t y) {
    if constexpr (is_plain_byte)
      if (image.column_stride() == 1) return reinterpret_cast<const std::uint8_t*>(image.row(y));
    const std::byte* from = image.row(y);
    const auto width = static_cast<std::ptrdiff_t>(row_.size());
    const std::ptrdiff_t stride = image.column_stride();
    const auto copy = [&](std::ptrdiff_t step) {
      for (std::ptrdiff_t x = 0; x < width; ++x) {
        T value;
        std::memcpy(&value, from + x * step, sizeof(T));
        row_[static_cast<std::size_t>(x)] = is_set_(value) ? 1 : 0;
      }
    };
    if (stride == static_cast<std::ptrdiff_t>(sizeof(T)))
      copy(static_cast<std::ptrdiff_t>(sizeof(T)));
    else
      copy(stride);
    return row_.data();
  }

  /// Pixels of a column that lie side by side in memory: 32 make a word.
  void add_columns(const Pixels<const T, 2>& image) {
    const std::int64_t blocks = ceil_divide(size_.height, block_rows);
    std::vector<Block> column(static_cast<std::size_t>(blocks));
    for (std::int64_t bx = 0; bx * block_columns < size_.width; ++bx) {
      const std::int64_t columns = std::min(block_columns, size_.width - bx * block_columns);
      for (Block& block : column) block.fill(0);
      for (std::int64_t c = 0; c < columns; ++c) {
        const std::byte* from = image.data + (bx * block_columns + c) * image.column_stride();
        for (std::int64_t r = 0; r < blocks; ++r)
          column[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)] =
              word_of_column(from + r * block_rows * static_cast<std::ptrdiff_t>(sizeof(T)),
                             std::min(block_rows, size_.height - r * block_rows));
      }
      for (std::int64_t r = 0; r < blocks; ++r) packer_.add(r, bx, column[static_cast<std::size_t>(r)]);
    }
  }

  std::uint32_t word_of_column(const std::byte* from, std::int64_t rows) const {
    if constexpr (is_plain_byte)
      if (rows == block_rows) return kernels().pack_column(reinterpret_cast<const std::uint8_t*>(from));
    std::uint32_t word = 0;
    for (std::int64_t r = 0; r < rows; ++r) {
      T value;
      std::memcpy(&value, from + r * static_cast<std::ptrdiff_t>(sizeof(T)), sizeof(T));
      word |= std::uint32_t{is_set_(value)} << r;
    }
    return word;
  }

  Size size_;
  IsSet is_set_;
  Packer packer_;
  std::int64_t stride_;
  std::vector<std::uint8_t> lanes_, row_;
};

/// Every image of a dense array, packed; the leading axes in C order.
template <exec::Policy P, class T, std::size_t D, class IsSet>
[[nodiscard]] std::vector<PackedMask> pack_all(P policy, const Pixels<const T, D>& dense, IsSet is_set) {
  for (std::size_t axis = 0; axis < D; ++axis)
    require(dense.shape[axis] >= 0, "the array's axis ", axis, " is ", dense.shape[axis],
            ", expected at least 0");
  require_size(dense.size(), "the array's last two axes");
  std::vector<PackedMask> masks(static_cast<std::size_t>(dense.count()));
  exec::for_each(
      policy, dense.count(), dense.size().pixels() / 16 + 500,
      [&] { return DensePacker<T, IsSet>(dense.size(), is_set); },
      [&](auto& packer, std::int64_t n) {
        masks[static_cast<std::size_t>(n)] = packer.pack(dense.image(n));
      });
  return masks;
}

/// Writes the 32 x 16 pixels of a block at (y, x), cut at the frame's edges.
template <class T>
void unpack_block(const Block& block, const Pixels<T, 2>& out, std::int64_t y, std::int64_t x) {
  const std::int64_t rows = std::min(block_rows, out.shape[0] - y),
                     columns = std::min(block_columns, out.shape[1] - x);
  if constexpr (sizeof(T) == 1) {
    if (rows == block_rows && columns == block_columns && out.column_stride() == 1) {
      kernels().unpack_rows(block, out.row(y) + x, out.row_stride());
      return;
    }
    if (rows == block_rows && out.row_stride() == 1) {
      for (std::int64_t c = 0; c < columns; ++c)
        kernels().unpack_column(block[static_cast<std::size_t>(c)],
                                out.row(y) + (x + c) * out.column_stride());
      return;
    }
  }
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c) {
      const T value = static_cast<T>(block[static_cast<std::size_t>(c)] >> r & 1);
      std::memcpy(out.row(y + r) + (x + c) * out.column_stride(), &value, sizeof(T));
    }
}

/// Writes zeros everywhere.
template <class T>
void clear(const Pixels<T, 2>& out) {
  const auto element = static_cast<std::ptrdiff_t>(sizeof(T));
  const std::ptrdiff_t rs = out.row_stride(), cs = out.column_stride();
  const std::int64_t height = out.shape[0], width = out.shape[1];
  if (height == 0 || width == 0) return;
  if ((cs == element && rs == element * width) || (rs == element && cs == element * height)) {
    std::memset(out.data, 0, static_cast<std::size_t>(height * width) * sizeof(T));
    return;
  }
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x) std::memset(out.row(y) + x * cs, 0, sizeof(T));
}

/// Writes a packed mask as 0 and 1.
template <class T>
void unpack(const PackedMask& mask, const Pixels<T, 2>& out) {
  clear(out);
  if (mask.empty()) return;
  const BlockRange range = mask.range();
  const std::int64_t first = mask.left() / block_columns, last = (mask.right() - 1) / block_columns;
  for (std::int64_t row = range.row; row < range.row + range.rows; ++row)
    for (std::int64_t column = first; column <= last; ++column) {
      const Block& block = mask.block(row, column);
      if (&block != &empty_block) unpack_block(block, out, row * block_rows, column * block_columns);
    }
}

}  // namespace vislabel::detail
