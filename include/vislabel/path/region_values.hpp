/// The values of a map at the pixels of a packed mask, one after the other.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <vislabel/core/pixels.hpp>
#include <vislabel/core/scratch.hpp>
#include <vislabel/mask/packed.hpp>

namespace vislabel::detail {

/// The values at `bytes`, `stride` bytes apart; where they lie side by side, with the compiler knowing.
template <class T>
void read_values(const std::byte* bytes, std::ptrdiff_t stride, std::size_t count, double* out) {
  const auto read = [&](std::ptrdiff_t step) {
    for (std::size_t i = 0; i < count; ++i, bytes += step) {
      T value;
      std::memcpy(&value, bytes, sizeof(T));
      out[i] = static_cast<double>(value);
    }
  };
  stride == sizeof(T) ? read(sizeof(T)) : read(stride);
}

template <class T>
void read_row(const Pixels<const T, 2>& map, std::int64_t y, double* out) {
  read_values<T>(map.row(y), map.column_stride(), static_cast<std::size_t>(map.size().width), out);
}

/// Writes the map's values at the mask's pixels, as many as its area: block by block, full ones row by row,
/// others column by column.
template <class T>
void read_values(const PackedMask& mask, const Pixels<const T, 2>& map, double* out) {
  const std::ptrdiff_t down = map.row_stride(), right = map.column_stride();
  for_each_block(mask, [&](std::int64_t row, std::int64_t column, const Block& block) {
    const std::byte* corner = map.row(row * block_rows) + column * block_columns * right;
    if (&block == &full_block) {
      for (std::int64_t r = 0; r < block_rows; ++r, corner += down, out += block_columns)
        read_values<T>(corner, right, block_columns, out);
      return;
    }
    for (std::uint32_t rest : block) {
      for (; rest != 0; rest &= rest - 1) {
        T value;
        std::memcpy(&value, corner + std::countr_zero(rest) * down, sizeof(T));
        *out++ = static_cast<double>(value);
      }
      corner += right;
    }
  });
}

/// The map's values at the mask's pixels, in memory that is used again; valid until the next call.
template <class T>
[[nodiscard]] std::span<double> values_at(const PackedMask& mask, const Pixels<const T, 2>& map,
                                          Scratch<double>& memory) {
  const auto count = static_cast<std::size_t>(mask.area());
  double* const values = memory.room(count);
  read_values(mask, map, values);
  return {values, count};
}

}  // namespace vislabel::detail
