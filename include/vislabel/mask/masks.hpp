/// A batch of packed masks of one size: what almost every function of the library takes.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>
#include <vislabel/core/error.hpp>
#include <vislabel/core/size.hpp>
#include <vislabel/mask/packed.hpp>

namespace vislabel {

/// N packed masks of one size, in order. Made by `pack` (`mask/convert.hpp`); cheap to copy, cut and join,
/// because masks share their pixels and never change.
class Masks {
 public:
  /// No masks, of size 0 x 0.
  Masks() = default;

  /// *Shapes*: `masks` [N], each packed for `size`.
  Masks(Size size, std::vector<PackedMask> masks) : size_(size), masks_(std::move(masks)) {
    detail::require_size(size);
    for (std::size_t n = 0; n < masks_.size(); ++n)
      detail::require(masks_[n].right() <= size.width && masks_[n].bottom() <= size.height, "masks[", n,
                      "] reaches beyond size ", size);
  }

  [[nodiscard]] Size size() const { return size_; }
  [[nodiscard]] std::int64_t count() const { return static_cast<std::int64_t>(masks_.size()); }
  [[nodiscard]] const PackedMask& operator[](std::int64_t n) const {
    return masks_[static_cast<std::size_t>(n)];
  }
  [[nodiscard]] auto begin() const { return masks_.begin(); }
  [[nodiscard]] auto end() const { return masks_.end(); }

  /// The masks with the given indices, in that order; repetitions are fine.
  ///
  /// *Errors*: an index outside [0, N).
  [[nodiscard]] Masks select(std::span<const std::int64_t> indices) const {
    std::vector<PackedMask> chosen;
    chosen.reserve(indices.size());
    for (const std::int64_t n : indices) {
      detail::require(n >= 0 && n < count(), "index ", n, " is outside [0, ", count(), ")");
      chosen.push_back((*this)[n]);
    }
    return {size_, std::move(chosen)};
  }

  /// Bytes of memory held, shared or not.
  [[nodiscard]] std::size_t memory() const {
    std::size_t sum = sizeof(*this);
    for (const PackedMask& mask : masks_) sum += mask.memory();
    return sum;
  }

  friend bool operator==(const Masks&, const Masks&) = default;

 private:
  Size size_;
  std::vector<PackedMask> masks_;
};

/// All masks of the batches, one after the other.
///
/// *Errors*: no batch, or batches of different sizes.
[[nodiscard]] inline Masks concatenate(std::span<const Masks> batches) {
  detail::require(!batches.empty(), "concatenate: no batch given, expected at least 1");
  std::vector<PackedMask> all;
  for (const Masks& batch : batches) {
    detail::require_same_size(batches.front().size(), batch.size());
    all.insert(all.end(), batch.begin(), batch.end());
  }
  return {batches.front().size(), std::move(all)};
}

}  // namespace vislabel
