/// Which pairs of pixels of an image have so much the same colour that they should be of one object: found
/// once for all instances of the image.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>
#include <vislabel/core/error.hpp>
#include <vislabel/core/pixels.hpp>
#include <vislabel/core/rectangle.hpp>
#include <vislabel/loss/colour_test.hpp>
#include <vislabel/loss/pair_loss.hpp>

namespace vislabel::detail {

/// Bit k of a pixel: it and its neighbour k are alike, and both inside of the frame.
class SimilarPairs {
 public:
  SimilarPairs() = default;

  /// Only pairs whose first pixel lies in `part` are looked at; of others nothing is known.
  template <std::floating_point T>
  SimilarPairs(const Pixels<const T, 3>& lab, const PixelRectangle& part, const ColourTest& alike)
      : width_(lab.size().width), bits_(static_cast<std::size_t>(lab.size().pixels())) {
    std::array<std::vector<double>, neighbour_distance + 1> lines;  // channels one after the other
    const std::int64_t last = std::min(lab.size().height, part.bottom + neighbour_distance);
    for (std::int64_t y = part.top; y < last; ++y) {
      read(lab, y, lines[static_cast<std::size_t>(y % 3)]);
      if (y < part.bottom) compare(lines, y, 0, part, alike);
      if (y >= part.top + neighbour_distance)
        compare(lines, y - neighbour_distance, neighbour_distance, part, alike);
    }
  }

  [[nodiscard]] const std::uint8_t* row(std::int64_t y) const { return bits_.data() + y * width_; }

 private:
  template <class T>
  static void read(const Pixels<const T, 3>& lab, std::int64_t y, std::vector<double>& line) {
    line.resize(static_cast<std::size_t>(3 * lab.size().width));
    double* to = line.data();
    for (std::int64_t channel = 0; channel < 3; ++channel)
      for (std::int64_t x = 0; x < lab.size().width; ++x)
        *to++ = static_cast<double>(lab.image(channel).at(y, x));
  }

  /// The pairs of row y and the row `down` below it.
  void compare(const std::array<std::vector<double>, 3>& lines, std::int64_t y, std::int64_t down,
               const PixelRectangle& part, const ColourTest& alike) {
    const double* const here = lines[static_cast<std::size_t>(y % 3)].data();
    const double* const there = lines[static_cast<std::size_t>((y + down) % 3)].data();
    for (std::size_t k = 0; k < neighbours.size(); ++k) {
      if (neighbours[k].down != down) continue;
      const std::int64_t right = neighbours[k].right;
      const std::int64_t begin = std::max(part.left, -right), end = std::min(part.right, width_ - right);
      for (std::int64_t x = begin; x < end; ++x) {
        double squared = 0;
        for (std::int64_t at = x; at < 3 * width_; at += width_) {
          const double difference = here[at] - there[at + right];
          squared += difference * difference;
        }
        bits_[static_cast<std::size_t>(y * width_ + x)] |=
            static_cast<std::uint8_t>((alike(squared) ? 1 : 0) << k);
      }
    }
  }

  std::int64_t width_ = 0;
  std::vector<std::uint8_t> bits_;  // [H, W]
};

}  // namespace vislabel::detail
