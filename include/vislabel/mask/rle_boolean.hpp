/// Union and intersection of run-length encoded masks without packing them: for a few masks that come and go
/// as run lengths this is several times faster.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>
#include <vislabel/mask/rle.hpp>

namespace vislabel {
namespace detail {

/// Walks the runs of two masks at once. A plain loop: a branch-free one measured 2.5 times slower.
template <class Op>
void merge_runs(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b, Op op,
                std::vector<std::uint32_t>& out) {
  out.clear();
  std::size_t i = 0, j = 0;
  std::uint32_t left_a = a[0], left_b = b[0], run = 0;
  bool colour_a = false, colour_b = false, colour = false;
  while (true) {
    const std::uint32_t step = std::min(left_a, left_b);
    run += step;
    left_a -= step;
    left_b -= step;
    if (left_a == 0 && ++i < a.size()) left_a = a[i], colour_a = !colour_a;
    if (left_b == 0 && ++j < b.size()) left_b = b[j], colour_b = !colour_b;
    if (left_a == 0 && left_b == 0) break;  // both end at the last pixel
    if (op(colour_a, colour_b) != colour) {
      out.push_back(run);
      run = 0;
      colour = !colour;
    }
  }
  if (run > 0 || out.empty()) out.push_back(run);
}

template <class Op>
[[nodiscard]] Rle merge_all(std::span<const Rle> rles, Op op) {
  require(!rles.empty(), "rles is empty, expected at least 1 mask");
  for (std::size_t i = 1; i < rles.size(); ++i)
    require(rles[i].size() == rles[0].size(), "rles[", i, "] has size ", rles[i].size(), ", expected ",
            rles[0].size());
  std::vector<std::uint32_t> sum(rles[0].counts().begin(), rles[0].counts().end()), next;
  for (const Rle& rle : rles.subspan(1)) {
    merge_runs(sum, rle.counts(), op, next);
    std::swap(sum, next);
  }
  return RleAccess::trusted(rles[0].size(), sum);
}

}  // namespace detail

/// The pixels that are in any of the masks.
///
/// *Shapes*: `rles` [N], N >= 1, of one size.
/// *Source*: COCO (pycocotools `mask.merge`).
/// *Errors*: no masks; different sizes.
[[nodiscard]] inline Rle unite(std::span<const Rle> rles) {
  return detail::merge_all(rles, [](bool a, bool b) { return a || b; });
}

/// The pixels that are in every mask.
///
/// *Shapes*, *Errors*: as for `unite`.
[[nodiscard]] inline Rle intersect(std::span<const Rle> rles) {
  return detail::merge_all(rles, [](bool a, bool b) { return a && b; });
}

}  // namespace vislabel
