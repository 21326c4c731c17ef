/// Between dense arrays and blocks, both ways. One template for every element type and stride; bytes that lie
/// side by side in rows or in columns take the kernels' way.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>
#include <vislabel/core/exec.hpp>
#include <vislabel/core/pixels.hpp>
#include <vislabel/core/threshold.hpp>
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

/// Which elements are pixels of the mask: those above a threshold, as compared in double, exactly.
template <class T>
class Above {
 public:
  explicit Above(double threshold) : threshold_(threshold_as<Number>(threshold)) {}
  bool operator()(T value) const { return static_cast<Number>(value) > threshold_; }

 private:
  using Number = std::conditional_t<std::is_floating_point_v<T>, T, double>;
  Number threshold_;
};

/// Packs dense images of one size, one after the other.
template <class T, class IsSet>
class DensePacker {
 public:
  DensePacker(Size size, IsSet is_set)
      : size_(size),
        is_set_(is_set),
        packer_(size),
        blocks_(static_cast<std::size_t>(std::max(ceil_divide(size.width, block_columns) + 1, most_blocks))),
        bits_(static_cast<std::size_t>(packer_.words_per_row())) {}

  [[nodiscard]] PackedMask pack(const Pixels<const T, 2>& image) {
    const bool by_columns = image.row_stride() == element && image.column_stride() != element;
    if (by_columns && size_.height >= block_rows)
      add_columns(image);
    else
      add_rows(image);
    return packer_.finish();
  }

 private:
  static constexpr bool is_plain_byte = sizeof(T) == 1 && std::is_same_v<IsSet, NonZero>;
  static constexpr std::ptrdiff_t element = sizeof(T);
  static constexpr std::int64_t most_blocks = 64, most_rows = most_blocks * block_rows;  // of one kernel call

  void add_rows(const Pixels<const T, 2>& image) {
    for (std::int64_t row = 0; row * block_rows < size_.height; ++row) {
      const std::int64_t y = row * block_rows, rows = std::min(block_rows, size_.height - y);
      const bool in_place = is_plain_byte && image.column_stride() == 1;
      const auto [bytes, stride] =
          in_place ? in_memory(image.row(y), image.row_stride())
                   : copied(image.row(y), image.row_stride(), rows, image.column_stride(), size_.width);
      std::fill(bits_.begin(), bits_.end(), BlockBits{});
      kernels().pack_rows(bytes, stride, static_cast<std::size_t>(rows),
                          static_cast<std::size_t>(size_.width), blocks_.data(), bits_.data());
      packer_.add_row(row, blocks_.data(), bits_.data());
    }
  }

  void add_columns(const Pixels<const T, 2>& image) {
    for (std::int64_t x = 0; x < size_.width; x += block_columns)
      for (std::int64_t y = 0; y < size_.height; y += most_rows) {
        const std::int64_t columns = std::min(block_columns, size_.width - x);
        const std::int64_t rows = std::min(most_rows, size_.height - y);
        const std::byte* from = image.row(y) + x * image.column_stride();
        const auto [bytes, stride] = is_plain_byte
                                         ? in_memory(from, image.column_stride())
                                         : copied(from, image.column_stride(), columns, element, rows);
        const BlockBits bits = kernels().pack_columns(bytes, stride, static_cast<std::size_t>(columns),
                                                      static_cast<std::size_t>(rows), blocks_.data());
        packer_.add_column(x / block_columns, y / block_rows, bits, blocks_.data());
      }
  }

  using Bytes = std::pair<const std::uint8_t*, std::ptrdiff_t>;  // first one, and from line to line

  static Bytes in_memory(const std::byte* from, std::ptrdiff_t stride) {
    return {reinterpret_cast<const std::uint8_t*>(from), stride};
  }

  /// Elements as bytes, non-zero where set: `lines` lines of `length`.
  Bytes copied(const std::byte* from, std::ptrdiff_t line_stride, std::int64_t lines, std::ptrdiff_t stride,
               std::int64_t length) {
    bytes_.resize(static_cast<std::size_t>(lines * length));
    const auto copy = [&](std::uint8_t* to, const std::byte* line, std::ptrdiff_t step) {
      for (std::int64_t i = 0; i < length; ++i) {
        T value;
        std::memcpy(&value, line + i * step, sizeof(T));
        to[i] = is_set_(value) ? 1 : 0;
      }
    };
    for (std::int64_t k = 0; k < lines; ++k) {
      std::uint8_t* to = bytes_.data() + k * length;
      if (stride == element)
        copy(to, from + k * line_stride, element);
      else
        copy(to, from + k * line_stride, stride);
    }
    return {bytes_.data(), length};
  }

  Size size_;
  IsSet is_set_;
  Packer packer_;
  std::vector<Block> blocks_;    // of one kernel call
  std::vector<BlockBits> bits_;  // of one block row
  std::vector<std::uint8_t> bytes_;
};

/// Every image of a dense array as a mask of `size`, by a packer per thread; the leading axes in C order.
template <exec::Policy P, class T, std::size_t D, class MakePacker>
[[nodiscard]] std::vector<PackedMask> pack_each(P policy, const Pixels<const T, D>& dense, Size size,
                                                std::int64_t ns_each, MakePacker&& make_packer) {
  constexpr std::int64_t most_masks = std::int64_t{1} << 32;
  std::int64_t count = 1;
  for (std::size_t axis = 0; axis < D; ++axis) {
    require(dense.shape[axis] >= 0, "the array's axis ", axis, " is ", dense.shape[axis],
            ", expected at least 0");
    if (axis + 2 >= D) continue;
    require(dense.shape[axis] <= most_masks / std::max<std::int64_t>(1, count), "the array holds more than ",
            most_masks, " masks");
    count *= dense.shape[axis];
  }
  require_size(dense.size(), "the array's frame");
  std::vector<PackedMask> masks(static_cast<std::size_t>(count));
  if (size.pixels() == 0) return masks;  // and perhaps no memory
  exec::for_each(policy, count, ns_each, make_packer, [&](auto& packer, std::int64_t n) {
    masks[static_cast<std::size_t>(n)] = packer.pack(dense.image(n));
  });
  return masks;
}

/// Every image of a dense array, packed; the leading axes in C order.
template <exec::Policy P, class T, std::size_t D, class IsSet>
[[nodiscard]] std::vector<PackedMask> pack_all(P policy, const Pixels<const T, D>& dense, IsSet is_set) {
  return pack_each(policy, dense, dense.size(), dense.size().pixels() / 16 + 500,
                   [&] { return DensePacker<T, IsSet>(dense.size(), is_set); });
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

/// Whether the elements lie one after the other in memory, column after column.
template <class T>
[[nodiscard]] bool is_column_major(const Pixels<T, 2>& image) {
  const auto element = static_cast<std::ptrdiff_t>(sizeof(T));
  return image.row_stride() == element && image.column_stride() == element * image.shape[0];
}

/// Writes zeros everywhere.
template <class T>
void clear(const Pixels<T, 2>& out) {
  const auto element = static_cast<std::ptrdiff_t>(sizeof(T));
  const std::ptrdiff_t rs = out.row_stride(), cs = out.column_stride();
  const std::int64_t height = out.shape[0], width = out.shape[1];
  if (height == 0 || width == 0) return;
  if ((cs == element && rs == element * width) || is_column_major(out)) {
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
  const BlocksOf blocks(mask);
  const BlockRange range = mask.range();
  const std::int64_t first = mask.left() / block_columns, last = (mask.right() - 1) / block_columns;
  for (std::int64_t row = range.row; row < range.row + range.rows; ++row)
    for (std::int64_t column = first; column <= last; ++column) {
      const Block& block = blocks(row, column);
      if (&block != &empty_block) unpack_block(block, out, row * block_rows, column * block_columns);
    }
}

}  // namespace vislabel::detail
