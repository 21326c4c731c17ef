/// Area and box of run-length encoded masks, without packing them. (Packed masks carry both.)
#pragma once

#include <algorithm>
#include <cstdint>
#include <vislabel/core/box.hpp>
#include <vislabel/mask/rle.hpp>

namespace vislabel {

/// Set pixels of a mask.
[[nodiscard]] inline std::int64_t area(const Rle& rle) {
  const auto counts = rle.counts();
  std::int64_t sum = 0;
  for (std::size_t i = 1; i < counts.size(); i += 2) sum += counts[i];
  return sum;
}

/// The smallest box around the set pixels; {0, 0, 0, 0} where there are none.
[[nodiscard]] inline Box box(const Rle& rle) {
  const auto counts = rle.counts();
  const std::int64_t height = rle.size().height;
  std::int64_t x_begin = 0, x_end = 0, y_begin = height, y_end = 0, begin = 0;
  for (std::size_t i = 0; i + 1 < counts.size(); i += 2) {
    begin += counts[i];
    const std::int64_t end = begin + counts[i + 1], y = begin % height;
    if (i == 0) x_begin = begin / height;
    if (y + counts[i + 1] <= height) {
      y_begin = std::min(y_begin, y);
      y_end = std::max(y_end, y + counts[i + 1]);
    } else {  // crosses into the next column
      y_begin = 0;
      y_end = height;
    }
    x_end = (end - 1) / height + 1;
    begin = end;
  }
  if (x_end == 0) return {};
  return {static_cast<double>(x_begin), static_cast<double>(y_begin), static_cast<double>(x_end - x_begin),
          static_cast<double>(y_end - y_begin)};
}

}  // namespace vislabel
