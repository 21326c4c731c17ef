/// Whether two colours are so much the same that their pixels should be of one object, on the host and on a
/// device; and how many pairs of pixels are asked.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vislabel/core/elementary.hpp>
#include <vislabel/core/error.hpp>
#include <vislabel/core/rectangle.hpp>
#include <vislabel/core/rule.hpp>
#include <vislabel/core/size.hpp>
#include <vislabel/loss/pair_loss.hpp>

namespace vislabel::detail {

/// Whether exp(-distance / theta) exceeds the threshold (`reference`: reaches it), from squared distances.
class ColourTest {
 public:
  ColourTest(double threshold, double theta, Rule rule) : threshold_(threshold), theta_(theta), rule_(rule) {
    const double limit = -theta * std::log(threshold);  // infinite for 0, and then `clearly_` is
    clearly_ = limit * limit * (1 - 1e-9), hardly_ = limit * limit * (1 + 1e-9);
  }

  template <class Real>
  [[nodiscard]] constexpr bool operator()(Real squared) const {
    if (squared < clearly_) return true;
    if (!(squared <= hardly_)) return false;
    const double similarity = exponential(-std::sqrt(squared) / theta_);
    return rule_ == Rule::paper ? similarity > threshold_ : similarity >= threshold_;
  }

 private:
  double threshold_, theta_;
  Rule rule_;
  double clearly_ = 0, hardly_ = 0;
};

/// The test that a loss' options ask for; without a threshold the rule's own: 0.2 (`paper`), 0.3
/// (`reference`). *Errors*: options out of range.
[[nodiscard]] inline ColourTest colour_test(Rule rule, std::optional<double> threshold, double theta) {
  if (threshold)
    require(*threshold >= 0 && *threshold <= 1, "threshold is ", *threshold, ", expected 0 to 1");
  require(theta > 0 && std::isfinite(theta), "theta is ", theta, ", expected a finite number above 0");
  return {threshold.value_or(rule == Rule::paper ? 0.2 : 0.3), theta, rule};
}

/// The pixels of a box and those that are their neighbours.
[[nodiscard]] constexpr PixelRectangle with_neighbours(const PixelRectangle& box, Size frame) {
  if (box.empty()) return {};
  return {std::max<std::int64_t>(0, box.left - neighbour_distance),
          std::max<std::int64_t>(0, box.top - neighbour_distance),
          std::min(frame.width, box.right + neighbour_distance),
          std::min(frame.height, box.bottom + neighbour_distance)};
}

/// How many ordered pairs (pixel of the rectangle, one of its eight neighbours) lie inside of the frame.
[[nodiscard]] constexpr std::int64_t pairs_from(const PixelRectangle& box, Size frame) {
  const auto both_inside = [](std::int64_t begin, std::int64_t end, std::int64_t length, std::int64_t step) {
    return std::max<std::int64_t>(0, std::min(end, length - std::max<std::int64_t>(0, step)) -
                                         std::max(begin, std::max<std::int64_t>(0, -step)));
  };
  std::int64_t count = 0;
  for (std::int64_t down = -neighbour_distance; down <= neighbour_distance; down += neighbour_distance)
    for (std::int64_t right = -neighbour_distance; right <= neighbour_distance; right += neighbour_distance)
      if (down != 0 || right != 0)
        count += both_inside(box.top, box.bottom, frame.height, down) *
                 both_inside(box.left, box.right, frame.width, right);
  return count;
}

}  // namespace vislabel::detail
