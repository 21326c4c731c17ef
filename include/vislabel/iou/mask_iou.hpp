/// IoU of masks: integers first, the division last.
#pragma once

#include <cstdint>
#include <span>
#include <vislabel/core/exec.hpp>
#include <vislabel/iou/tables.hpp>
#include <vislabel/mask/intersection.hpp>
#include <vislabel/mask/masks.hpp>

namespace vislabel {

/// Options of `mask_iou`.
struct MaskIouOptions {
  EmptyPair empty_pair = EmptyPair::zero;
  /// COCO's crowd regions: where crowd[m] is not 0, the divisor is the area of `a`'s mask. [M], or empty:
  /// none.
  std::span<const std::uint8_t> crowd = {};
};

/// Pixels in common and together, for every pair of masks.
///
/// *Shapes*: `a` [N], `b` [M]; out [N, M] each.
/// *Errors*: different sizes.
template <exec::Policy P>
[[nodiscard]] IntersectionAndUnion intersection_and_union(P policy, const Masks& a, const Masks& b) {
  if (a.count() > 0 && b.count() > 0) detail::require_same_size(a.size(), b.size());
  IntersectionAndUnion out{CountTable(a.count(), b.count()), CountTable(a.count(), b.count())};
  exec::for_each(policy, a.count(), b.count() * 100, [&](std::int64_t n) {
    for (std::int64_t m = 0; m < b.count(); ++m) {
      const std::int64_t common = intersection_area(a[n], b[m]);
      out.intersection(n, m) = common;
      out.union_(n, m) = a[n].area() + b[m].area() - common;
    }
  });
  return out;
}

/// IoU of every pair of masks.
///
/// *Shapes*: `a` [N], `b` [M]; out [N, M].
/// *Units and conventions*: both empty: `empty_pair`. Crowd columns: intersection / area of a's mask.
/// *Source*: COCO (pycocotools `mask.iou`), to the last bit.
/// *Errors*: different sizes; a `crowd` of another length than M.
template <exec::Policy P>
[[nodiscard]] Table mask_iou(P policy, const Masks& a, const Masks& b, const MaskIouOptions& options = {}) {
  detail::require(options.crowd.empty() || static_cast<std::int64_t>(options.crowd.size()) == b.count(),
                  "crowd has ", options.crowd.size(), " entries, expected one per mask of b (", b.count(),
                  ")");
  const IntersectionAndUnion counts = intersection_and_union(policy, a, b);
  Table out = detail::quotients(counts, options.empty_pair);
  for (std::int64_t m = 0; m < static_cast<std::int64_t>(options.crowd.size()); ++m)
    if (options.crowd[static_cast<std::size_t>(m)] != 0 && !b[m].empty())
      for (std::int64_t n = 0; n < a.count(); ++n)
        out(n, m) = detail::quotient(counts.intersection(n, m), a[n].area(), EmptyPair::zero);
  return out;
}

}  // namespace vislabel
