/// IoU and generalised IoU of boxes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vislabel/core/box.hpp>
#include <vislabel/core/exec.hpp>
#include <vislabel/iou/tables.hpp>

namespace vislabel {

/// Which overlap measure of boxes.
enum class BoxOverlap {
  iou,   ///< intersection / union
  giou,  ///< IoU - (hull - union) / hull, in [-1, 1] (Rezatofighi et al. 2019; PM-VIS cites it for its box
         ///< IoU)
};

/// Options of `box_iou`.
struct BoxIouOptions {
  BoxOverlap kind = BoxOverlap::iou;
};

/// Overlap of two boxes. Without area on both sides the IoU is 0, and without a hull the GIoU is 0 too.
[[nodiscard]] inline double box_overlap(const Box& a, const Box& b, BoxOverlap kind = BoxOverlap::iou) {
  const double right = std::min(a.x + a.width, b.x + b.width),
               bottom = std::min(a.y + a.height, b.y + b.height);
  const double width = std::max(0.0, right - std::max(a.x, b.x));
  const double height = std::max(0.0, bottom - std::max(a.y, b.y));
  const double common = width * height, together = a.area() + b.area() - common;
  const double iou = together > 0 ? common / together : 0.0;
  if (kind == BoxOverlap::iou) return iou;
  const double hull = (std::max(a.x + a.width, b.x + b.width) - std::min(a.x, b.x)) *
                      (std::max(a.y + a.height, b.y + b.height) - std::min(a.y, b.y));
  return hull > 0 ? iou - (hull - together) / hull : 0.0;
}

/// Overlap of every pair of boxes.
///
/// *Shapes*: `a` [N], `b` [M]; out [N, M].
/// *Source*: COCO (pycocotools `mask.iou` on boxes) for `iou`.
/// *Errors*: a box that is not finite or has a negative side.
template <exec::Policy P>
[[nodiscard]] Table box_iou(P policy, std::span<const Box> a, std::span<const Box> b,
                            const BoxIouOptions& options = {}) {
  for (std::size_t n = 0; n < a.size(); ++n) detail::require_box(a[n], "a", static_cast<std::ptrdiff_t>(n));
  for (std::size_t m = 0; m < b.size(); ++m) detail::require_box(b[m], "b", static_cast<std::ptrdiff_t>(m));
  const auto rows = static_cast<std::int64_t>(a.size()), columns = static_cast<std::int64_t>(b.size());
  Table out(rows, columns);
  exec::for_each(policy, rows, columns * 3, [&](std::int64_t n) {
    for (std::int64_t m = 0; m < columns; ++m)
      out(n, m) = box_overlap(a[static_cast<std::size_t>(n)], b[static_cast<std::size_t>(m)], options.kind);
  });
  return out;
}

}  // namespace vislabel
