/// Rectangles of whole pixels, and those that a box covers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vislabel/core/box.hpp>
#include <vislabel/core/rule.hpp>
#include <vislabel/core/size.hpp>

namespace vislabel::detail {

/// Pixel columns [left, right) and rows [top, bottom), inside of a frame.
struct PixelRectangle {
  std::int64_t left = 0, top = 0, right = 0, bottom = 0;

  [[nodiscard]] constexpr bool holds(std::int64_t x0, std::int64_t y0, std::int64_t x1,
                                     std::int64_t y1) const {
    return left <= x0 && x1 <= right && top <= y0 && y1 <= bottom;
  }
  [[nodiscard]] constexpr bool empty() const { return left >= right || top >= bottom; }
};

/// The largest whole number that is not above x; like `std::floor`, but also for devices.
[[nodiscard]] constexpr double floor_of(double x) {
  const bool has_fraction = x > -0x1p52 && x < 0x1p52;
  if (!has_fraction) return x;  // whole already, or no number
  const auto towards_zero = static_cast<double>(static_cast<std::int64_t>(x));
  return towards_zero > x ? towards_zero - 1 : towards_zero;
}

/// The pixels of a box in a frame: columns [floor(x) - margin, ceil(x + width) + margin) and rows likewise.
/// `Rule::reference` truncates both ends towards 0 instead. A box without width keeps the column that its
/// edge cuts, and none where that lies between two.
[[nodiscard]] constexpr PixelRectangle pixels_of(const Box& box, Size frame, std::int64_t margin = 0,
                                                 Rule rule = Rule::paper) {
  const auto grown = static_cast<double>(margin);
  const auto inside = [](double edge, std::int64_t most) {
    return static_cast<std::int64_t>(std::clamp(edge, 0.0, static_cast<double>(most)));
  };
  const auto low = [&](double edge, std::int64_t most) {
    return inside((rule == Rule::paper || edge > 0 ? floor_of(edge) : -floor_of(-edge)) - grown, most);
  };
  const auto high = [&](double edge, std::int64_t most) {
    return inside((rule == Rule::paper || edge < 0 ? -floor_of(-edge) : floor_of(edge)) + grown, most);
  };
  return {low(box.x, frame.width), low(box.y, frame.height), high(box.x + box.width, frame.width),
          high(box.y + box.height, frame.height)};
}

/// The pixels that a box covers; none of them in any row or column where it has none in the frame.
[[nodiscard]] constexpr PixelRectangle covered(const Box& box, Size frame) {
  const PixelRectangle pixels = pixels_of(box, frame);
  return pixels.empty() ? PixelRectangle{} : pixels;
}

}  // namespace vislabel::detail
