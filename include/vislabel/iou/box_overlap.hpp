/// How much two boxes overlap, on the host and on a device.
#pragma once

#include <algorithm>
#include <vislabel/core/box.hpp>

namespace vislabel {

/// Which overlap measure of boxes.
enum class BoxOverlap {
  iou,   ///< intersection / union
  giou,  ///< IoU - (hull - union) / hull, in [-1, 1] (Rezatofighi et al. 2019; PM-VIS cites it for its box
         ///< IoU)
};

/// The area that two boxes share.
[[nodiscard]] constexpr double common_area(const Box& a, const Box& b) {
  const double width = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
  const double height = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
  return std::max(0.0, width) * std::max(0.0, height);
}

/// Overlap of two boxes. Without area on both sides the IoU is 0, and without a hull the GIoU is 0 too.
[[nodiscard]] constexpr double box_overlap(const Box& a, const Box& b, BoxOverlap kind = BoxOverlap::iou) {
  const double common = common_area(a, b), together = a.area() + b.area() - common;
  const double iou = together > 0 ? common / together : 0.0;
  if (kind == BoxOverlap::iou) return iou;
  const double hull = (std::max(a.x + a.width, b.x + b.width) - std::min(a.x, b.x)) *
                      (std::max(a.y + a.height, b.y + b.height) - std::min(a.y, b.y));
  return hull > 0 ? iou - (hull - together) / hull : 0.0;
}

}  // namespace vislabel
