/// Area and box of run-length encoded masks, without packing them. (Packed masks carry both.)
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vislabel/core/box.hpp>
#include <vislabel/mask/rle.hpp>

namespace vislabel {

namespace detail {

/// Set pixels under canonical runs.
[[nodiscard]] inline std::int64_t run_area(std::span<const std::uint32_t> counts) {
  std::int64_t sum = 0;
  for (std::size_t i = 1; i < counts.size(); i += 2) sum += counts[i];
  return sum;
}

/// The smallest box around the pixels under canonical runs.
[[nodiscard]] inline Box run_box(Size size, std::span<const std::uint32_t> counts) {
  const std::int64_t height = size.height;
  std::int64_t x = 0, y = 0;  // the pixel after the last run
  std::int64_t x_begin = size.width, x_end = 0, y_begin = height, y_end = 0;
  const auto advance = [&](std::int64_t run) {
    y += run;
    if (y < height) return;
    y -= height, ++x;
    if (y < height) return;  // divide only where a run covers columns
    x += y / height;
    y %= height;
  };
  for (std::size_t i = 0; i + 1 < counts.size(); i += 2) {
    advance(counts[i]);
    const std::int64_t top = y, bottom = y + counts[i + 1];
    x_begin = std::min(x_begin, x);
    advance(counts[i + 1]);
    x_end = y > 0 ? x + 1 : x;
    const bool wraps = bottom > height;  // into the next column
    y_begin = std::min(y_begin, wraps ? 0 : top);
    y_end = std::max(y_end, wraps ? height : bottom);
  }
  if (x_end == 0) return {};
  return {static_cast<double>(x_begin), static_cast<double>(y_begin), static_cast<double>(x_end - x_begin),
          static_cast<double>(y_end - y_begin)};
}

}  // namespace detail

/// Set pixels of a mask.
[[nodiscard]] inline std::int64_t area(const Rle& rle) { return detail::run_area(rle.counts()); }

/// The smallest box around the set pixels; {0, 0, 0, 0} where there are none.
[[nodiscard]] inline Box box(const Rle& rle) { return detail::run_box(rle.size(), rle.counts()); }

}  // namespace vislabel
