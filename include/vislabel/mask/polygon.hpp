/// Polygons and boxes as masks, to the pixel as COCO's own tool draws them.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <utility>
#include <vector>
#include <vislabel/core/box.hpp>
#include <vislabel/mask/rle.hpp>

namespace vislabel {
namespace detail {

/// Collects where the outline of a polygon crosses pixel columns. COCO draws the outline as a line of points
/// on a grid five times as fine, and a pixel column is crossed where two successive points lie on both sides
/// of its centre.
class Outline {
 public:
  explicit Outline(Size size) : size_(size) {}

  /// Draws the edge between two grid points, in this direction.
  void edge(std::int64_t x0, std::int64_t y0, std::int64_t x1, std::int64_t y1) {
    const std::int64_t steps = std::max(std::abs(x1 - x0), std::abs(y1 - y0));
    const bool wide = std::abs(x1 - x0) >= std::abs(y1 - y0);
    // The slope is always taken from the smaller end of the longer axis, so that an edge that two polygons
    // share is the same line in both.
    const bool backwards = wide ? x0 > x1 : y0 > y1;
    const std::int64_t left = backwards ? x1 : x0, top = backwards ? y1 : y0;
    const auto rise =
        static_cast<double>(wide ? (backwards ? y0 - y1 : y1 - y0) : (backwards ? x0 - x1 : x1 - x0));
    const double slope = steps == 0 ? 0.0 : rise / static_cast<double>(steps);
    for (std::int64_t d = 0; d <= steps; ++d) {
      const std::int64_t t = backwards ? steps - d : d;
      const auto across = static_cast<std::int64_t>(static_cast<double>(wide ? top : left) +
                                                    slope * static_cast<double>(t) + 0.5);
      if (wide)
        point(left + t, across);
      else
        point(across, top + t);
    }
  }

  /// The mask inside the outline.
  [[nodiscard]] Rle fill() {
    std::sort(crossings_.begin(), crossings_.end());
    crossings_.push_back(size_.pixels());
    std::vector<std::int64_t> runs;
    std::int64_t last = 0;
    for (const std::int64_t crossing : crossings_) runs.push_back(crossing - std::exchange(last, crossing));
    return Rle::from_counts<std::int64_t>(size_, runs);
  }

 private:
  void point(std::int64_t x, std::int64_t y) {
    if (started_ && x != x_) cross(std::min(x, x_), std::min(y, y_));
    started_ = true;
    x_ = x;
    y_ = y;
  }

  /// The outline passes from grid column x to the next one, at y. Pixel k has its centre at grid line 5 k
  /// + 2.
  void cross(std::int64_t x, std::int64_t y) {
    if (x < 0 || x % 5 != 2 || x / 5 >= size_.width) return;
    const std::int64_t row = y <= 0 ? 0 : std::min(size_.height, (y + 2) / 5);
    crossings_.push_back(x / 5 * size_.height + row);
  }

  Size size_;
  std::vector<std::int64_t> crossings_;
  std::int64_t x_ = 0, y_ = 0;
  bool started_ = false;
};

}  // namespace detail

/// The mask of a polygon.
///
/// *Shapes*: `corners` x0, y0, x1, y1, ..; the last corner is joined to the first.
/// *Units and conventions*: pixels; corners may lie outside the frame; pixels inside an even number of times
/// are not set. *Source*: COCO (pycocotools `frPyObjects`), to the pixel. *Errors*: fewer than three corners;
/// an odd number of coordinates; coordinates that are not finite or beyond 1e6.
[[nodiscard]] inline Rle from_polygon(Size size, std::span<const double> corners) {
  detail::require_size(size);
  detail::require(corners.size() >= 6 && corners.size() % 2 == 0, "a polygon has ", corners.size(),
                  " coordinates, expected x, y of at least 3 corners");
  constexpr double furthest = 1e6;
  std::vector<std::int64_t> grid;
  grid.reserve(corners.size());
  for (std::size_t i = 0; i < corners.size(); ++i) {
    detail::require(std::abs(corners[i]) <= furthest, "coordinate ", i, " of a polygon is ", corners[i],
                    ", expected -1e6 to 1e6");
    grid.push_back(static_cast<std::int64_t>(5 * corners[i] + 0.5));
  }
  detail::Outline outline(size);
  for (std::size_t i = 0; i < grid.size(); i += 2) {
    const std::size_t next = (i + 2) % grid.size();
    outline.edge(grid[i], grid[i + 1], grid[next], grid[next + 1]);
  }
  return outline.fill();
}

/// The mask of a box, as of the polygon of its corners.
///
/// *Source*: COCO (pycocotools `frPyObjects`), to the pixel.
/// *Errors*: those of `from_polygon`.
[[nodiscard]] inline Rle from_box(Size size, const Box& box) {
  const auto [x0, y0, x1, y1] = half_open_corners(box);
  const std::array<double, 8> corners{x0, y0, x0, y1, x1, y1, x1, y0};
  return from_polygon(size, corners);
}

}  // namespace vislabel
