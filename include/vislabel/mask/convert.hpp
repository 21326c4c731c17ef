/// Ways into and out of the packed form: dense arrays, logits, run lengths. Batches of masks, one call each.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>
#include <vislabel/core/exec.hpp>
#include <vislabel/core/pixels.hpp>
#include <vislabel/mask/dense.hpp>
#include <vislabel/mask/masks.hpp>
#include <vislabel/mask/rle.hpp>
#include <vislabel/mask/rle_string.hpp>
#include <vislabel/mask/runs.hpp>

namespace vislabel {

/// Packs dense masks: non-zero is set.
///
/// *Shapes*: `dense` [N, H, W], any strides.
/// *Cost*: one read of `dense`; C-ordered and F-ordered single bytes are fastest.
template <exec::Policy P, class T>
[[nodiscard]] Masks pack(P policy, const Pixels<const T, 3>& dense) {
  return {dense.size(), detail::pack_all(policy, dense, detail::NonZero{})};
}

/// Packs maps of numbers (logits, probabilities): set where value > threshold. NaN is not set.
///
/// *Shapes*: `values` [N, H, W], any strides.
template <exec::Policy P, class T>
[[nodiscard]] Masks pack_above(P policy, const Pixels<const T, 3>& values, double threshold) {
  detail::require(!std::isnan(threshold), "threshold is NaN, expected a number");
  return {values.size(), detail::pack_all(policy, values, detail::Above<T>(threshold))};
}

/// Packs run-length encoded masks.
///
/// *Shapes*: `rles` [N], each of `size`.
/// *Errors*: an Rle of another size, by its index.
template <exec::Policy P>
[[nodiscard]] Masks pack(P policy, Size size, std::span<const Rle> rles) {
  detail::require_size(size);
  for (std::size_t n = 0; n < rles.size(); ++n)
    detail::require(rles[n].size() == size, "rles[", n, "] has size ", rles[n].size(), ", expected ", size);
  std::vector<PackedMask> masks(rles.size());
  exec::for_each(
      policy, static_cast<std::int64_t>(rles.size()), 3'000, [&] { return detail::RunPacker(size); },
      [&](detail::RunPacker& packer, std::int64_t n) {
        masks[static_cast<std::size_t>(n)] = packer.pack(rles[static_cast<std::size_t>(n)].counts());
      });
  return {size, std::move(masks)};
}

/// The run lengths of one packed mask of the given size.
[[nodiscard]] inline Rle to_rle(const PackedMask& mask, Size size) {
  return detail::RleAccess::trusted(size, detail::RunWriter(size).write(mask));
}

/// The run lengths of every mask.
///
/// *Shapes*: out [N].
template <exec::Policy P>
[[nodiscard]] std::vector<Rle> to_rle(P policy, const Masks& masks) {
  std::vector<Rle> rles(static_cast<std::size_t>(masks.count()));
  exec::for_each(
      policy, masks.count(), 3'000, [&] { return detail::RunWriter(masks.size()); },
      [&](detail::RunWriter& writer, std::int64_t n) {
        rles[static_cast<std::size_t>(n)] = detail::RleAccess::trusted(masks.size(), writer.write(masks[n]));
      });
  return rles;
}

/// COCO's compressed text of every mask, as `pycocotools.mask.encode` writes it.
///
/// *Shapes*: out [N].
template <exec::Policy P>
[[nodiscard]] std::vector<std::string> to_text(P policy, const Masks& masks) {
  std::vector<std::string> texts(static_cast<std::size_t>(masks.count()));
  exec::for_each(
      policy, masks.count(), 4'000,
      [&] { return std::pair(detail::RunWriter(masks.size()), detail::TextWriter()); },
      [&](auto& writers, std::int64_t n) {
        texts[static_cast<std::size_t>(n)] = writers.second.write(writers.first.write(masks[n]));
      });
  return texts;
}

/// Writes every mask as 0 and 1 into a dense array.
///
/// *Shapes*: `out` [N, H, W], any strides; every element is written.
/// *Errors*: `out` of another shape.
template <exec::Policy P, class T>
  requires(!std::is_const_v<T>)
void to_dense(P policy, const Masks& masks, const Pixels<T, 3>& out) {
  detail::require(out.count() == masks.count() && (out.size() == masks.size() || masks.count() == 0),
                  "out has shape [", out.count(), ", ", out.shape[1], ", ", out.shape[2], "], expected [",
                  masks.count(), ", ", masks.size().height, ", ", masks.size().width, "]");
  if (masks.size().pixels() == 0) return;  // then `out` may have no address
  exec::for_each(policy, masks.count(), masks.size().pixels() / 16 + 100,
                 [&](std::int64_t n) { detail::unpack(masks[n], out.image(n)); });
}

}  // namespace vislabel
