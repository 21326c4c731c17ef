/// The sub-masks of a frame ("decomposing-then-hashing"): the partition of all covered pixels into regions,
/// one for every set of masks that covers some pixel and that no other mask does. Costs of overlapping masks
/// are sums over regions, in which every pixel counts once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>
#include <vislabel/iou/tables.hpp>
#include <vislabel/mask/cover.hpp>
#include <vislabel/mask/crop.hpp>
#include <vislabel/mask/masks.hpp>
#include <vislabel/mask/packer.hpp>

namespace vislabel {

/// The regions of a frame, and which mask is made of which.
struct Submasks {
  Masks regions;    ///< [R], none empty, no two of them share a pixel; ordered by their covering sets
  BoolTable table;  ///< [N, R]: the region is a part of the mask
};

namespace detail {

/// Regions and the masks that cover them.
struct Regions {
  std::vector<PackedMask> masks;                   ///< [R]
  std::vector<std::vector<std::int64_t>> members;  ///< [R], ascending
  PackedMask uncovered;                            ///< all other pixels of the frame
};

/// The frame's pixels that no part has; parts come block by block.
[[nodiscard]] inline PackedMask uncovered(Packer& packer, Size size, const std::vector<CoverPart>& parts) {
  const PackedMask frame = filled(packer, {0, 0, size.width, size.height});
  auto part = parts.begin();
  for_each_block(frame, [&](std::int64_t row, std::int64_t column, Block block) {
    for (; part != parts.end() && part->row == row && part->column == column; ++part)
      block = block_minus(block, part->pixels);
    packer.add(row, column, block);
  });
  return packer.finish();
}

/// The regions of a frame's masks, ordered by their covering sets.
[[nodiscard]] inline Regions regions_of(const Masks& masks) {
  MaskSets sets;
  std::vector<CoverPart> parts;
  const std::vector<PackedMask> all(masks.begin(), masks.end());
  add_cover_parts(all, 1, sets, parts);

  const auto count = static_cast<std::size_t>(sets.count());
  std::vector<std::vector<std::int64_t>> members(count);
  for (std::size_t s = 0; s < count; ++s) {
    const auto set = sets[static_cast<std::int32_t>(s)];
    members[s].assign(set.rbegin(), set.rend());
  }
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return members[a] < members[b]; });

  std::vector<std::vector<const CoverPart*>> own(count);
  for (const CoverPart& part : parts) own[static_cast<std::size_t>(part.set)].push_back(&part);
  Regions regions;
  Packer packer(masks.size());
  for (const std::size_t s : order) {
    for (const CoverPart* part : own[s]) packer.add(part->row, part->column, part->pixels);
    regions.masks.push_back(packer.finish());
    regions.members.push_back(std::move(members[s]));
  }
  regions.uncovered = uncovered(packer, masks.size(), parts);
  return regions;
}

}  // namespace detail

/// The partition of the covered pixels into maximal regions with the same covering masks.
///
/// *Shapes*: `masks` [N], all of one frame; at most 2^N - 1 regions, and no more than pixels.
/// *Source*: GBOpt, App. B.1.
[[nodiscard]] inline Submasks submasks(const Masks& masks) {
  detail::Regions regions = detail::regions_of(masks);
  const auto count = static_cast<Eigen::Index>(regions.masks.size());
  BoolTable table = BoolTable::Constant(masks.count(), count, false);
  for (Eigen::Index r = 0; r < count; ++r)
    for (const std::int64_t n : regions.members[static_cast<std::size_t>(r)]) table(n, r) = true;
  return {Masks(masks.size(), std::move(regions.masks)), std::move(table)};
}

}  // namespace vislabel
