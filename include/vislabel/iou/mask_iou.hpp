/// IoU of masks: integers first, the division last.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>
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

namespace detail {

/// common[(n - begin) * M + m] = |a[n] & b[m]| for the rows n of [begin, end).
inline void count_common(const Masks& a, std::int64_t begin, std::int64_t end, const Masks& b,
                         std::int64_t* common) {
  constexpr std::int64_t ahead = 4;
  std::array<std::int64_t, most_rows_at_once>
      meeting;  // the rows whose boxes meet that of b[m]: found without a branch
  for (std::int64_t m = 0; m < b.count(); ++m) {
    if (m + ahead < b.count()) b[m + ahead].prefetch();
    std::size_t count = 0;
    for (std::int64_t n = begin; n < end; ++n) {
      common[(n - begin) * b.count() + m] = 0;
      meeting[count] = n;
      count += boxes_meet(a[n], b[m]) ? 1 : 0;
    }
    for (std::size_t k = 0; k < count; ++k)
      common[(meeting[k] - begin) * b.count() + m] = common_pixels(a[meeting[k]], b[m]);
  }
}

/// Calls `row(n, common)` for every mask n of a, where common[m] = |a[n] & b[m]|.
template <class P, class Row>
void for_each_row(P policy, const Masks& a, const Masks& b, Row&& row) {
  if (a.count() > 0 && b.count() > 0) require_same_size(a.size(), b.size());
  const auto count = [&](std::int64_t begin, std::int64_t end, std::int64_t* common) {
    count_common(a, begin, end, b, common);
  };
  for_each_row(policy, a.count(), b.count(), 30, count, row);
}

}  // namespace detail

/// Pixels in common and together, for every pair of masks.
///
/// *Shapes*: `a` [N], `b` [M]; out [N, M] each.
/// *Errors*: different sizes.
template <exec::Policy P>
[[nodiscard]] IntersectionAndUnion intersection_and_union(P policy, const Masks& a, const Masks& b) {
  IntersectionAndUnion out{CountTable(a.count(), b.count()), CountTable(a.count(), b.count())};
  detail::for_each_row(policy, a, b, [&](std::int64_t n, const std::int64_t* common) {
    for (std::int64_t m = 0; m < b.count(); ++m) {
      out.intersection(n, m) = common[m];
      out.union_(n, m) = a[n].area() + b[m].area() - common[m];
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
  const auto is_crowd = [&](std::int64_t m) {
    return !options.crowd.empty() && options.crowd[static_cast<std::size_t>(m)] != 0 && !b[m].empty();
  };
  Table out(a.count(), b.count());
  detail::for_each_row(policy, a, b, [&](std::int64_t n, const std::int64_t* common) {
    for (std::int64_t m = 0; m < b.count(); ++m)
      out(n, m) = is_crowd(m) ? detail::quotient(common[m], a[n].area(), EmptyPair::zero)
                              : detail::quotient(common[m], a[n].area() + b[m].area() - common[m],
                                                 options.empty_pair);
  });
  return out;
}

}  // namespace vislabel
