/// Composed frames: the chosen masks' pixels on another background, from which any flow model tells how the
/// chosen masks alone would move.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <vislabel/core/pixels.hpp>
#include <vislabel/mask/masks.hpp>

namespace vislabel {

/// An image [H, W, C] whose pixels are those of `frame` where a mask has one, and those of `background`
/// elsewhere.
///
/// *Shapes*: `frame`, `background`, `out` [H, W, C]; `masks` [N], the chosen ones.
/// *Source*: GBOpt, App. C.
/// *Errors*: different shapes.
template <class T>
void compose_frame(const Pixels<const T, 3>& frame, const Masks& masks, const Pixels<const T, 3>& background,
                   const Pixels<T, 3>& out) {
  const std::int64_t height = frame.shape[0], width = frame.shape[1], channels = frame.shape[2];
  const auto require_shape = [&](const auto& image, const char* name) {
    detail::require(image.shape == frame.shape, name, " has shape [", image.shape[0], ", ", image.shape[1],
                    ", ", image.shape[2], "], expected [", height, ", ", width, ", ", channels,
                    "], that of the frame");
  };
  require_shape(background, "background");
  require_shape(out, "out");
  detail::require(Size{height, width} == masks.size(), "frame has size ", Size{height, width}, ", expected ",
                  masks.size(), ", that of the masks");
  const auto copy = [&](const Pixels<const T, 3>& from, std::int64_t y, std::int64_t x) {
    const std::byte* a = from.data + y * from.strides[0] + x * from.strides[1];
    std::byte* b = out.data + y * out.strides[0] + x * out.strides[1];
    for (std::int64_t c = 0; c < channels; ++c)
      std::memcpy(b + c * out.strides[2], a + c * from.strides[2], sizeof(T));
  };
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x) copy(background, y, x);
  for (const PackedMask& mask : masks)
    detail::for_each_block(mask, [&](std::int64_t row, std::int64_t column, const detail::Block& block) {
      for (std::size_t c = 0; c < block.size(); ++c)
        for (std::uint32_t rest = block[c]; rest != 0; rest &= rest - 1)
          copy(frame, row * detail::block_rows + std::countr_zero(rest),
               column * detail::block_columns + static_cast<std::int64_t>(c));
    });
}

}  // namespace vislabel
