/// Axis-aligned boxes in COCO's convention, and the two other conventions in use, as named conversions.
#pragma once

#include <array>
#include <cmath>
#include <limits>
#include <vislabel/core/error.hpp>

namespace vislabel {

/// x, y of the upper left corner, width and height, in pixels; half-open pixel edges, so that the box of the
/// single pixel (row 2, column 5) is {5, 2, 1, 1}. No pixels: {0, 0, 0, 0}. Source: COCO's annotation format.
struct Box {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;

  [[nodiscard]] constexpr double area() const { return width * height; }
  friend bool operator==(const Box&, const Box&) = default;
};

/// x0, y0, x1, y1 with x1 = x + width (detectron2's convention).
[[nodiscard]] inline std::array<double, 4> half_open_corners(const Box& box) {
  return {box.x, box.y, box.x + box.width, box.y + box.height};
}

/// x0, y0, x1, y1 with x1 = x + width - 1, the last column inside (torchvision's `masks_to_boxes`).
[[nodiscard]] inline std::array<double, 4> inclusive_corners(const Box& box) {
  return {box.x, box.y, box.x + box.width - 1, box.y + box.height - 1};
}

namespace detail {

/// A box below `most` in every number: with 1e100, areas and hulls of boxes do not overflow. `place` names
/// it.
template <class... Place>
void require_box(const Box& box, double most, const Place&... place) {
  const bool fits = std::abs(box.x) < most && std::abs(box.y) < most && box.width >= 0 && box.width < most &&
                    box.height >= 0 && box.height < most;
  require(fits, place..., " is (", box.x, ", ", box.y, ", ", box.width, ", ", box.height,
          "), expected finite x, y, width, height",
          most < std::numeric_limits<double>::infinity() ? " below 1e100" : "",
          " with width and height of at least 0");
}

}  // namespace detail
}  // namespace vislabel
