/// The consistency loss: what is chosen in two consecutive frames should cover the same pixels.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>
#include <vislabel/iou/mask_iou.hpp>
#include <vislabel/mask/boolean.hpp>

namespace vislabel {
namespace detail {

/// *Errors*: an index outside of N masks, or indices that do not ascend.
inline void require_subset(std::span<const std::int64_t> subset, std::int64_t count, const char* name,
                           std::size_t k) {
  std::int64_t before = -1;
  for (const std::int64_t n : subset) {
    require(n >= 0 && n < count, name, "[", k, "] has index ", n, ", outside of [0, ", count, ")");
    require(n > before, name, "[", k, "] has index ", n, " after ", before, ", expected ascending indices");
    before = n;
  }
}

}  // namespace detail

/// The pixels that each of K subsets of a frame's masks covers.
///
/// *Shapes*: `masks` [N]; `subsets` K; out [K]. *Errors*: indices outside [0, N), or that do not ascend.
template <exec::Policy P>
[[nodiscard]] Masks foregrounds(P policy, const Masks& masks,
                                std::span<const std::vector<std::int64_t>> subsets) {
  for (std::size_t k = 0; k < subsets.size(); ++k)
    detail::require_subset(subsets[k], masks.count(), "subsets", k);
  std::vector<PackedMask> out(subsets.size());
  exec::for_each(policy, static_cast<std::int64_t>(subsets.size()), 10'000, [&](std::int64_t k) {
    const auto i = static_cast<std::size_t>(k);
    out[i] = unite_all(masks.select(subsets[i]));
  });
  return {masks.size(), std::move(out)};
}

/// Minus the IoU of what is chosen in one frame and in the next, for every pair of choices.
///
/// *Shapes*: `a` [K] and `b` [K'], the foregrounds of the choices; out [K, K'].
/// *Units and conventions*: -1 to 0; both empty: 0. *Source*: GBOpt, Eq. 5. *Errors*: different sizes.
template <exec::Policy P>
[[nodiscard]] Table consistency_cost(P policy, const Masks& a, const Masks& b) {
  return 0.0 - mask_iou(policy, a, b);
}

}  // namespace vislabel
