/// IoU and generalised IoU of boxes.
#pragma once

#include <cstdint>
#include <span>
#include <vislabel/core/box.hpp>
#include <vislabel/core/exec.hpp>
#include <vislabel/iou/box_overlap.hpp>
#include <vislabel/iou/tables.hpp>

namespace vislabel {

/// Options of `box_iou`.
struct BoxIouOptions {
  BoxOverlap kind = BoxOverlap::iou;
  /// COCO's crowd regions: where crowd[m] is not 0, the IoU's divisor is the area of a's box. [M], or empty:
  /// none.
  std::span<const std::uint8_t> crowd = {};
};

/// Overlap of every pair of boxes.
///
/// *Shapes*: `a` [N], `b` [M]; out [N, M].
/// *Source*: COCO (pycocotools `mask.iou` on boxes) for `iou`.
/// *Errors*: a box that is not finite, 1e100 or beyond, or has a negative side; `crowd` of another length
/// than M, or with `giou`.
template <exec::Policy P>
[[nodiscard]] Table box_iou(P policy, std::span<const Box> a, std::span<const Box> b,
                            const BoxIouOptions& options = {}) {
  for (std::size_t n = 0; n < a.size(); ++n) detail::require_box(a[n], 1e100, "a[", n, "]");
  for (std::size_t m = 0; m < b.size(); ++m) detail::require_box(b[m], 1e100, "b[", m, "]");
  detail::require(options.crowd.empty() || options.crowd.size() == b.size(), "crowd has ",
                  options.crowd.size(), " entries, expected one per box of b (", b.size(), ")");
  detail::require(options.crowd.empty() || options.kind == BoxOverlap::iou, "crowd goes with kind iou only");
  const auto rows = static_cast<std::int64_t>(a.size()), columns = static_cast<std::int64_t>(b.size());
  Table out(rows, columns);
  exec::for_each(policy, rows, columns * 3, [&](std::int64_t n) {
    const Box& left = a[static_cast<std::size_t>(n)];
    for (std::size_t m = 0; m < b.size(); ++m) {
      const bool crowd = !options.crowd.empty() && options.crowd[m] != 0;
      const double divided = left.area() > 0 ? common_area(left, b[m]) / left.area() : 0.0;
      out(n, static_cast<Eigen::Index>(m)) = crowd ? divided : box_overlap(left, b[m], options.kind);
    }
  });
  return out;
}

}  // namespace vislabel
