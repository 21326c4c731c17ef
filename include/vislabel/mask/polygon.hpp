/// Polygons and boxes as masks, to the pixel as COCO's own tool draws them.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <span>
#include <utility>
#include <vector>
#include <vislabel/core/box.hpp>
#include <vislabel/mask/rle.hpp>

namespace vislabel {
namespace detail {

/// Collects where the outline of a polygon crosses pixel columns. COCO draws the outline as a line of points
/// on a grid five times as fine, and a pixel column is crossed where two successive points lie on both sides
/// of its centre. Only those points are computed; the numbers are the same.
class Outline {
 public:
  explicit Outline(Size size) : size_(size) {}

  /// Adds the edge between two grid points, in this direction.
  void edge(std::int64_t x0, std::int64_t y0, std::int64_t x1, std::int64_t y1) {
    const bool wide = std::abs(x1 - x0) >= std::abs(y1 - y0);
    // The slope is always taken from the smaller end of the longer axis, so that an edge that two polygons
    // share is the same line in both.
    if (wide ? x0 > x1 : y0 > y1) std::swap(x0, x1), std::swap(y0, y1);
    const std::int64_t steps = wide ? x1 - x0 : y1 - y0;
    if (steps == 0) return;
    const double slope = static_cast<double>(wide ? y1 - y0 : x1 - x0) / static_cast<double>(steps);
    const Line line{static_cast<double>(wide ? y0 : x0), slope};
    if (wide)
      cross_wide(line, x0, x1);
    else
      cross_tall(line, steps, y0);
  }

  /// The mask inside the outline.
  [[nodiscard]] Rle fill() {
    sort();
    std::vector<std::int64_t> runs;
    runs.reserve(crossings_.size() + 1);
    std::int64_t last = 0;
    for (const Crossing& crossing : crossings_) {
      const std::int64_t position = crossing.column * size_.height + crossing.row;
      runs.push_back(position - std::exchange(last, position));
    }
    runs.push_back(size_.pixels() - last);
    return Rle::from_counts<std::int64_t>(size_, runs);
  }

 private:
  /// The points of an edge, one per step along its longer axis.
  struct Line {
    double start, slope;
    [[nodiscard]] std::int64_t operator()(std::int64_t step) const {
      return static_cast<std::int64_t>(start + slope * static_cast<double>(step) + 0.5);
    }
  };

  struct Crossing {
    std::int64_t column, row;
  };

  /// The first grid column from `x` on that is a pixel's centre. Pixel k has its centre at grid column 5 k
  /// + 2.
  static std::int64_t centre_from(std::int64_t x) { return x <= 2 ? 2 : (x + 2) / 5 * 5 + 2; }

  /// Past the last centre of the frame.
  [[nodiscard]] std::int64_t centre_end() const { return 5 * size_.width + 2; }

  /// An edge with a point in every grid column of [x0, x1].
  void cross_wide(const Line& line, std::int64_t x0, std::int64_t x1) {
    for (std::int64_t x = centre_from(x0); x < std::min(x1, centre_end()); x += 5)
      cross(x, std::min(line(x - x0), line(x + 1 - x0)));
  }

  /// An edge with a point in every grid row from y0 on.
  void cross_tall(const Line& line, std::int64_t steps, std::int64_t y0) {
    const std::int64_t low = std::min(line(0), line(steps)), high = std::max(line(0), line(steps));
    for (std::int64_t x = centre_from(low); x < std::min(high, centre_end()); x += 5) {
      const bool from_right = line(0) > x;
      const auto passed = [&](std::int64_t step) { return (line(step) > x) != from_right; };
      const double guess = (static_cast<double>(x) + 0.5 - line.start) / line.slope;
      auto step = static_cast<std::int64_t>(std::clamp(guess, 1.0, static_cast<double>(steps)));
      while (step > 1 && passed(step - 1)) --step;  // the guess is a rounding away
      while (!passed(step)) ++step;
      cross(x, y0 + step - 1);
    }
  }

  /// The outline passes from grid column x to the next one, at y.
  void cross(std::int64_t x, std::int64_t y) {
    crossings_.push_back({x / 5, y <= 0 ? 0 : std::min(size_.height, (y + 2) / 5)});
  }

  /// Orders the crossings by column, then row: by counting, where they are dense enough.
  void sort() {
    const auto before = [](const Crossing& a, const Crossing& b) {
      return a.column != b.column ? a.column < b.column : a.row < b.row;
    };
    if (crossings_.empty()) return;
    const auto [low, high] =
        std::minmax_element(crossings_.begin(), crossings_.end(),
                            [](const Crossing& a, const Crossing& b) { return a.column < b.column; });
    const std::int64_t first = low->column, columns = high->column - first + 1;
    if (columns > 8 * static_cast<std::int64_t>(crossings_.size())) {
      std::sort(crossings_.begin(), crossings_.end(), before);
      return;
    }
    std::vector<std::uint32_t> place(static_cast<std::size_t>(columns) + 1);
    for (const Crossing& crossing : crossings_)
      ++place[static_cast<std::size_t>(crossing.column - first + 1)];
    std::partial_sum(place.begin(), place.end(), place.begin());
    std::vector<Crossing> sorted(crossings_.size());
    for (const Crossing& crossing : crossings_)
      sorted[place[static_cast<std::size_t>(crossing.column - first)]++] = crossing;
    crossings_ = std::move(sorted);
    for (std::size_t begin = 0, column = 0; column < static_cast<std::size_t>(columns); ++column) {
      const std::size_t end = place[column];  // which has become that of the next one
      std::sort(crossings_.begin() + static_cast<std::ptrdiff_t>(begin),
                crossings_.begin() + static_cast<std::ptrdiff_t>(end), before);
      begin = end;
    }
  }

  Size size_;
  std::vector<Crossing> crossings_;
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
