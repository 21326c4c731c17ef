/// Boolean operations on packed masks, block by block; no dense copy is ever made.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>
#include <vislabel/core/box.hpp>
#include <vislabel/core/exec.hpp>
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

/// All pixels with top <= y < bottom and left <= x < right, which lie in the frame.
[[nodiscard]] inline PackedMask rectangle(Packer& packer, std::int64_t left, std::int64_t top,
                                          std::int64_t right, std::int64_t bottom) {
  if (left >= right || top >= bottom) return {};
  for (std::int64_t row = top / block_rows; row * block_rows < bottom; ++row) {
    const std::int64_t y = row * block_rows, first = std::max<std::int64_t>(0, top - y);
    const std::int64_t last = std::min(block_rows, bottom - y) - 1;
    const std::uint32_t word = (~std::uint32_t{0} >> (block_rows - 1 - last)) & ~below<std::uint32_t>(first);
    for (std::int64_t column = left / block_columns; column * block_columns < right; ++column) {
      Block block{};
      const std::int64_t x = column * block_columns;
      for (std::int64_t c = std::max<std::int64_t>(0, left - x); c < std::min(block_columns, right - x); ++c)
        block[static_cast<std::size_t>(c)] = word;
      packer.add(row, column, block);
    }
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
  const PackedMask frame = detail::rectangle(packer, 0, 0, masks.size().width, masks.size().height);
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

/// Every mask without its pixels outside its box: columns [floor(x), ceil(x + width)) and rows likewise stay.
///
/// *Shapes*: `boxes` [N].
/// *Source*: PM-VIS, Sec. III-D3 (deletion of pixels outside the annotated box).
/// *Errors*: another number of boxes than masks; a box that is not finite or has a negative side.
template <exec::Policy P>
[[nodiscard]] Masks crop_to(P policy, const Masks& masks, std::span<const Box> boxes) {
  detail::require(static_cast<std::int64_t>(boxes.size()) == masks.count(), "boxes has ", boxes.size(),
                  " boxes, expected one per mask (", masks.count(), ")");
  for (std::size_t n = 0; n < boxes.size(); ++n)
    detail::require_box(boxes[n], "boxes", static_cast<std::ptrdiff_t>(n));
  const auto inside = [](double edge, std::int64_t most) {
    return static_cast<std::int64_t>(std::clamp(edge, 0.0, static_cast<double>(most)));
  };
  std::vector<PackedMask> out(boxes.size());
  exec::for_each(
      policy, masks.count(), 3'000, [&] { return detail::Packer(masks.size()); },
      [&](detail::Packer& packer, std::int64_t n) {
        const Box& box = boxes[static_cast<std::size_t>(n)];
        const Size size = masks.size();
        const PackedMask frame = detail::rectangle(packer, inside(std::floor(box.x), size.width),
                                                   inside(std::floor(box.y), size.height),
                                                   inside(std::ceil(box.x + box.width), size.width),
                                                   inside(std::ceil(box.y + box.height), size.height));
        out[static_cast<std::size_t>(n)] = detail::combine(packer, masks[n], frame, detail::And{});
      });
  return {masks.size(), std::move(out)};
}

}  // namespace vislabel
