/// Boolean operations on packed masks, block by block; no dense copy is ever made.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>
#include <vislabel/core/exec.hpp>
#include <vislabel/mask/crop.hpp>
#include <vislabel/mask/masks.hpp>
#include <vislabel/mask/packer.hpp>

namespace vislabel {
namespace detail {

struct Or {
  std::uint32_t operator()(std::uint32_t a, std::uint32_t b) const { return a | b; }
};
struct And {
  std::uint32_t operator()(std::uint32_t a, std::uint32_t b) const { return a & b; }
};
struct Minus {
  std::uint32_t operator()(std::uint32_t a, std::uint32_t b) const { return a & ~b; }
};
struct Xor {
  std::uint32_t operator()(std::uint32_t a, std::uint32_t b) const { return a ^ b; }
};

/// a op b for one pair. `op(0, 0)` must be 0: blocks that are empty in both are skipped.
template <class Op>
[[nodiscard]] PackedMask combine(Packer& packer, const PackedMask& a, const PackedMask& b, Op op) {
  if (a.empty() && b.empty()) return {};
  const PackedMask &p = a.empty() ? b : a, &q = b.empty() ? a : b;
  const std::int64_t top = std::min(p.top(), q.top()) / block_rows;
  const std::int64_t bottom = (std::max(p.bottom(), q.bottom()) - 1) / block_rows;
  const std::int64_t left = std::min(p.left(), q.left()) / block_columns;
  const std::int64_t right = (std::max(p.right(), q.right()) - 1) / block_columns;
  const BlocksOf in_a(a), in_b(b);
  for (std::int64_t row = top; row <= bottom; ++row)
    for (std::int64_t column = left; column <= right; ++column) {
      const Block &x = in_a(row, column), &y = in_b(row, column);
      if (&x == &empty_block && &y == &empty_block) continue;
      Block result;
      for (std::size_t c = 0; c < result.size(); ++c) result[c] = op(x[c], y[c]);
      packer.add(row, column, result);
    }
  return packer.finish();
}

template <class P, class Op>
[[nodiscard]] Masks combine_all(P policy, const Masks& a, const Masks& b, Op op) {
  require_same_size(a.size(), b.size());
  require(a.count() == b.count(), "batches of ", a.count(), " and ", b.count(),
          " masks, expected the same number");
  std::vector<PackedMask> out(static_cast<std::size_t>(a.count()));
  exec::for_each(
      policy, a.count(), 3'000, [&] { return Packer(a.size()); },
      [&](Packer& packer, std::int64_t n) {
        out[static_cast<std::size_t>(n)] = combine(packer, a[n], b[n], op);
      });
  return {a.size(), std::move(out)};
}

}  // namespace detail

/// Mask n of `a` or mask n of `b`, for every n.
///
/// *Shapes*: `a` [N], `b` [N]; out [N].
/// *Errors*: different sizes or numbers of masks. The same holds for the three functions that follow.
template <exec::Policy P>
[[nodiscard]] Masks unite(P policy, const Masks& a, const Masks& b) {
  return detail::combine_all(policy, a, b, detail::Or{});
}

/// Mask n of `a` and mask n of `b`, for every n.
template <exec::Policy P>
[[nodiscard]] Masks intersect(P policy, const Masks& a, const Masks& b) {
  return detail::combine_all(policy, a, b, detail::And{});
}

/// Mask n of `a` without mask n of `b`, for every n.
template <exec::Policy P>
[[nodiscard]] Masks subtract(P policy, const Masks& a, const Masks& b) {
  return detail::combine_all(policy, a, b, detail::Minus{});
}

/// The pixels in exactly one of mask n of `a` and mask n of `b`, for every n.
template <exec::Policy P>
[[nodiscard]] Masks exclusive_or(P policy, const Masks& a, const Masks& b) {
  return detail::combine_all(policy, a, b, detail::Xor{});
}

/// The frame's other pixels, for every mask.
template <exec::Policy P>
[[nodiscard]] Masks complement(P policy, const Masks& masks) {
  detail::Packer packer(masks.size());
  const PackedMask frame = detail::filled(packer, {0, 0, masks.size().width, masks.size().height});
  const Masks frames(masks.size(), std::vector<PackedMask>(static_cast<std::size_t>(masks.count()), frame));
  return subtract(policy, frames, masks);
}

/// The pixels that are in any of the masks. No masks: empty.
[[nodiscard]] inline PackedMask unite_all(const Masks& masks) {
  detail::Packer packer(masks.size());
  PackedMask sum;
  for (const PackedMask& mask : masks) sum = detail::combine(packer, sum, mask, detail::Or{});
  return sum;
}

/// The pixels that are in every mask.
///
/// *Errors*: no masks, of which there is no sensible intersection.
[[nodiscard]] inline PackedMask intersect_all(const Masks& masks) {
  detail::require(masks.count() > 0, "intersection of no masks is undefined, expected at least 1");
  detail::Packer packer(masks.size());
  PackedMask common = masks[0];
  for (const PackedMask& mask : masks) common = detail::combine(packer, common, mask, detail::And{});
  return common;
}

}  // namespace vislabel
