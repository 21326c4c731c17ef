/// Which masks of a frame cover which pixels: the partition of the covered pixels into regions, one for every
/// set of masks that covers some pixel and no other mask does. What decides overlaps starts from here.
///
/// Blocks are split, not pixels: 512 pixels under k masks take about k^2 / 2 intersections of blocks, and
/// blocks under fewer masks than asked for are never looked at.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>
#include <vislabel/core/block.hpp>
#include <vislabel/mask/packed.hpp>

namespace vislabel::detail {

/// Sets of masks, numbered from 1 as they are met; 0 is the empty one. A set is kept as the set without its
/// largest mask, and that mask.
class MaskSets {
 public:
  explicit MaskSets(std::int32_t masks) : sets_(static_cast<std::size_t>(masks) + 1) {
    for (std::int32_t mask = 0; mask < masks; ++mask) at(mask + 1) = {0, mask, 1, 0, 0};
  }

  [[nodiscard]] std::int32_t count() const { return static_cast<std::int32_t>(sets_.size()); }
  [[nodiscard]] std::int32_t size(std::int32_t set) const { return at(set).size; }

  /// The set and a mask that is larger than all of its members.
  [[nodiscard]] std::int32_t with(std::int32_t set, std::int32_t mask) {
    if (set == 0) return mask + 1;
    std::int32_t child = at(set).first_child;
    while (child != 0 && at(child).largest != mask) child = at(child).sibling;
    if (child != 0) return child;
    sets_.push_back({set, mask, at(set).size + 1, 0, at(set).first_child});
    return at(set).first_child = count() - 1;
  }

  /// Calls `visit(mask)` for every member, the largest first.
  template <class Visit>
  void for_each_member(std::int32_t set, Visit&& visit) const {
    for (; set != 0; set = at(set).rest) visit(at(set).largest);
  }

 private:
  struct Set {
    std::int32_t rest = 0, largest = -1, size = 0;
    std::int32_t first_child = 0, sibling = 0;  // the sets with one more mask, as a list
  };
  [[nodiscard]] const Set& at(std::int32_t set) const { return sets_[static_cast<std::size_t>(set)]; }
  [[nodiscard]] Set& at(std::int32_t set) { return sets_[static_cast<std::size_t>(set)]; }

  std::vector<Set> sets_;
};

/// The pixels of one block that exactly the masks of one set cover.
struct CoverPart {
  std::int64_t row, column;  ///< of the block
  std::int32_t set;
  Block pixels;
};

/// Keeps in `a` what `b` lacks and returns what both have.
[[nodiscard]] inline Block split(Block& a, const Block& b) {
  Block both;
  for (std::size_t c = 0; c < both.size(); ++c) {
    both[c] = a[c] & b[c];
    a[c] &= ~b[c];
  }
  return both;
}

[[nodiscard]] inline bool has_pixels(const Block& block) {
  std::uint32_t any = 0;
  for (const std::uint32_t word : block) any |= word;
  return any != 0;
}

/// Splits the blocks of several masks at one place, one mask after the other.
class BlockSplitter {
 public:
  void begin() { parts_.clear(); }

  /// Adds the block of a mask that is larger than those before it.
  void add(MaskSets& sets, std::int32_t mask, Block pixels) {
    for (std::size_t i = 0, count = parts_.size(); i < count && has_pixels(pixels); ++i) {
      Block alone = parts_[i].pixels;
      const Block both = split(alone, pixels);
      if (!has_pixels(both)) continue;
      for (std::size_t c = 0; c < pixels.size(); ++c) pixels[c] &= ~both[c];
      const std::int32_t set = parts_[i].set;
      if (has_pixels(alone)) parts_.push_back({set, alone});
      parts_[i] = {sets.with(set, mask), both};
    }
    if (has_pixels(pixels)) parts_.push_back({sets.with(0, mask), pixels});
  }

  struct Part {
    std::int32_t set;
    Block pixels;
  };
  [[nodiscard]] const std::vector<Part>& parts() const { return parts_; }

 private:
  std::vector<Part> parts_;
};

/// Calls `visit(CoverPart)` for every part of every block that at least `least` masks (1 or 2) cover, row by
/// row, each row from left to right; the parts of one block in no particular order.
///
/// *Shapes*: `masks` [N], all of `frame`; `sets` was made for N masks.
template <class Visit>
void for_each_cover_part(std::span<const PackedMask> masks, std::int32_t least, MaskSets& sets,
                         Visit&& visit) {
  struct Present {
    std::int32_t mask;
    std::uint64_t some;
  };
  std::vector<BlocksOf> blocks(masks.begin(), masks.end());
  std::int64_t row_begin = INT64_MAX, row_end = 0, word_begin = INT64_MAX, word_end = 0;
  for (const PackedMask& mask : masks) {
    if (mask.empty()) continue;
    const BlockRange range = mask.range();
    row_begin = std::min(row_begin, range.row), row_end = std::max(row_end, range.row + range.rows);
    word_begin = std::min(word_begin, range.word), word_end = std::max(word_end, range.word + range.words);
  }
  std::vector<Present> present;
  BlockSplitter splitter;
  for (std::int64_t row = row_begin; row < row_end; ++row)
    for (std::int64_t word = word_begin; word < word_end; ++word) {
      present.clear();
      std::uint64_t once = 0, twice = 0;
      for (std::size_t n = 0; n < masks.size(); ++n)
        if (const std::uint64_t some = blocks[n].bits(row, word).some; some != 0) {
          present.push_back({static_cast<std::int32_t>(n), some});
          twice |= once & some, once |= some;
        }
      for (std::uint64_t rest = least > 1 ? twice : once; rest != 0; rest &= rest - 1) {
        const int bit = std::countr_zero(rest);
        const std::int64_t column = word * 64 + bit;
        splitter.begin();
        for (const Present& one : present)
          if ((one.some >> bit & 1) != 0)
            splitter.add(sets, one.mask, blocks[static_cast<std::size_t>(one.mask)](row, column));
        for (const auto& part : splitter.parts())
          if (sets.size(part.set) >= least) visit(CoverPart{row, column, part.set, part.pixels});
      }
    }
}

}  // namespace vislabel::detail
