/// How packed masks lie on the device: every pixel a bit, 32 rows of a column in a word. Blocks are the
/// host's (`core/block.hpp`), but none is left out: the place of a word follows from the place of its
/// pixels, so that threads find it without looking anything up.
#pragma once

#include <cstdint>
#include <vislabel/core/block.hpp>
#include <vislabel/core/error.hpp>
#include <vislabel/core/size.hpp>

namespace vislabel::cuda {

/// The words of one mask, [rows, columns]: bit b of word (r, x) is the pixel in row 32 r + b, column x. Bits
/// beyond the frame are 0.
struct Layout {
  std::int32_t height, width;
  std::int32_t rows;     ///< ceil(height / 32)
  std::int32_t columns;  ///< width, rounded up to 16

  Layout() : Layout(Size{}) {}
  explicit Layout(Size size)
      : height(static_cast<std::int32_t>(size.height)),
        width(static_cast<std::int32_t>(size.width)),
        rows(static_cast<std::int32_t>(
            vislabel::detail::ceil_divide(size.height, vislabel::detail::block_rows))),
        columns(static_cast<std::int32_t>(
            vislabel::detail::ceil_divide(size.width, vislabel::detail::block_columns) *
            vislabel::detail::block_columns)) {
    vislabel::detail::require_size(size);
  }

  /// Of one mask.
  [[nodiscard]] constexpr std::int64_t words() const { return std::int64_t{rows} * columns; }

  friend bool operator==(const Layout&, const Layout&) = default;
};

/// The pixels from `left` up to but not including `right`, and so on; all 0 where there are none.
struct PixelBox {
  std::int32_t left, top, right, bottom;

  friend bool operator==(const PixelBox&, const PixelBox&) = default;
};

/// N packed masks on the device, and what `measure` finds out about them: device memory of the caller's.
struct DeviceMasks {
  const std::uint32_t* words = nullptr;  ///< [N, rows, columns]
  const std::int64_t* areas = nullptr;   ///< [N]
  const PixelBox* boxes = nullptr;       ///< [N]
  std::int64_t count = 0;                ///< N
  Layout layout;
};

}  // namespace vislabel::cuda
