/// The values of a map at the pixels of a packed mask, one after the other.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>
#include <vislabel/core/pixels.hpp>
#include <vislabel/mask/packed.hpp>

namespace vislabel::detail {

/// Appends the map's values at the mask's pixels: block by block, each column by column.
template <class T>
void append_values(const PackedMask& mask, const Pixels<const T, 2>& map, std::vector<double>& values) {
  std::size_t i = values.size();
  values.resize(i + static_cast<std::size_t>(mask.area()));
  for_each_block(mask, [&](std::int64_t row, std::int64_t column, const Block& block) {
    const std::byte* corner = map.row(row * block_rows) + column * block_columns * map.column_stride();
    for (const std::uint32_t word : block) {
      for (std::uint32_t rest = word; rest != 0; rest &= rest - 1) {
        T value;
        std::memcpy(&value, corner + std::countr_zero(rest) * map.row_stride(), sizeof(T));
        values[i++] = static_cast<double>(value);
      }
      corner += map.column_stride();
    }
  });
}

}  // namespace vislabel::detail
