/// Rectangles of pixels, and masks cut to them: what a box annotation leaves of a mask.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>
#include <vislabel/core/box.hpp>
#include <vislabel/core/exec.hpp>
#include <vislabel/core/rectangle.hpp>
#include <vislabel/core/rule.hpp>
#include <vislabel/mask/masks.hpp>
#include <vislabel/mask/packer.hpp>

namespace vislabel {
namespace detail {

/// Whether all of a mask's pixels lie in the rectangle.
[[nodiscard]] inline bool holds(const PixelRectangle& rectangle, const PackedMask& mask) {
  return rectangle.holds(mask.left(), mask.top(), mask.right(), mask.bottom());
}

/// Clears the pixels of the block at (`row`, `column`) that lie outside of the rectangle. Out of line, or it
/// splits the blocks of the loops that call it into words.
[[gnu::noinline]] inline void cut(Block& block, std::int64_t row, std::int64_t column,
                                  const PixelRectangle& keep) {
  const auto part = [](std::int64_t edge, std::int64_t begin, std::int64_t length) {
    return std::clamp<std::int64_t>(edge - begin, 0, length);
  };
  const std::int64_t y = row * block_rows, x = column * block_columns;
  if (keep.holds(x, y, x + block_columns, y + block_rows)) return;
  const std::uint64_t rows = below<std::uint64_t>(part(keep.bottom, y, block_rows)) &
                             ~below<std::uint64_t>(part(keep.top, y, block_rows));
  const std::int64_t first = part(keep.left, x, block_columns), last = part(keep.right, x, block_columns);
  for (std::int64_t c = 0; c < block_columns; ++c)
    block[static_cast<std::size_t>(c)] &= c >= first && c < last ? static_cast<std::uint32_t>(rows) : 0;
}

/// All pixels of the rectangle.
[[nodiscard]] inline PackedMask filled(Packer& packer, const PixelRectangle& all) {
  if (all.left >= all.right || all.top >= all.bottom) return {};
  for (std::int64_t row = all.top / block_rows; row * block_rows < all.bottom; ++row)
    for (std::int64_t column = all.left / block_columns; column * block_columns < all.right; ++column) {
      Block block = full_block;
      cut(block, row, column, all);
      packer.add(row, column, block);
    }
  return packer.finish();
}

/// The mask's pixels in the rectangle.
[[nodiscard]] inline PackedMask cropped(Packer& packer, const PackedMask& mask, const PixelRectangle& keep) {
  if (holds(keep, mask)) return mask;
  for_each_block(mask, [&](std::int64_t row, std::int64_t column, Block block) {
    cut(block, row, column, keep);
    packer.add(row, column, block);
  });
  return packer.finish();
}

}  // namespace detail

/// Every mask without its pixels outside its box: columns [floor(x), ceil(x + width)) and rows likewise stay.
///
/// *Shapes*: `boxes` [N].
/// *Source*: PM-VIS, Sec. III-D3 (deletion of pixels outside the annotated box).
/// *Errors*: another number of boxes than masks; a box that is not finite or has a negative side.
template <exec::Policy P>
[[nodiscard]] Masks crop_to(P policy, const Masks& masks, std::span<const Box> boxes) {
  detail::require(static_cast<std::int64_t>(boxes.size()) == masks.count(), "boxes has ", boxes.size(),
                  " boxes, expected one per mask (", masks.count(), ")");
  for (std::size_t n = 0; n < boxes.size(); ++n)
    detail::require_box(boxes[n], std::numeric_limits<double>::infinity(), "boxes[", n, "]");
  std::vector<PackedMask> out(boxes.size());
  exec::for_each(
      policy, masks.count(), 3'000, [&] { return detail::Packer(masks.size()); },
      [&](detail::Packer& packer, std::int64_t n) {
        const auto keep = detail::pixels_of(boxes[static_cast<std::size_t>(n)], masks.size());
        out[static_cast<std::size_t>(n)] = detail::cropped(packer, masks[n], keep);
      });
  return {masks.size(), std::move(out)};
}

}  // namespace vislabel
