/// Which masks of a frame cover which pixels: the partition of the covered pixels into regions, one for every
/// set of masks that covers some pixel and no other mask does. What decides overlaps starts from here.
///
/// Blocks are split, not pixels, and blocks with fewer masks than asked for are never looked at.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <utility>
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
  [[nodiscard]] std::int32_t largest(std::int32_t set) const { return at(set).largest; }

  /// The set and a mask that is larger than all of its members.
  [[nodiscard]] std::int32_t with(std::int32_t set, std::int32_t mask) {
    if (set == 0) return mask + 1;
    std::int32_t child = at(set).first_child, before = 0;
    while (child != 0 && at(child).largest != mask) before = child, child = at(child).sibling;
    if (child == 0) {
      child = count();
      sets_.push_back({set, mask, at(set).size + 1, 0, at(set).first_child});
    } else if (before != 0) {  // to the front: the next block most likely asks for it again
      at(before).sibling = std::exchange(at(child).sibling, at(set).first_child);
    }
    return at(set).first_child = child;
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
  std::int32_t row, column;  ///< of the block
  std::int32_t set;
  Block pixels;
};

/// Splits the blocks of several masks, one place after the other, into parts that it appends to a list.
class BlockSplitter {
 public:
  BlockSplitter(MaskSets& sets, std::vector<CoverPart>& parts) : sets_(sets), parts_(parts) {}

  /// From here on blocks lie at this place.
  void begin(std::int64_t row, std::int64_t column) {
    row_ = static_cast<std::int32_t>(row), column_ = static_cast<std::int32_t>(column);
    begin_ = parts_.size();
    covered_ = empty_block;
  }

  /// Adds the block of a mask that is larger than those before it.
  [[gnu::noinline]] void add(std::int32_t mask, const Block& pixels) {
    const Block fresh = block_minus(pixels, covered_);
    covered_ = block_or(covered_, pixels);
    for (std::size_t i = begin_, end = parts_.size(); i < end; ++i)
      if (&pixels == &full_block)
        parts_[i].set = sets_.with(parts_[i].set, mask);
      else
        split(i, mask, pixels);
    if (rows_of(fresh) != 0) parts_.push_back({row_, column_, sets_.with(0, mask), fresh});
  }

 private:
  /// Part i keeps what it shares with the mask's block; the rest of it goes to the end.
  void split(std::size_t i, std::int32_t mask, const Block& pixels) {
    const Block both = block_and(parts_[i].pixels, pixels);
    if (rows_of(both) == 0) return;
    const Block alone = block_minus(parts_[i].pixels, pixels);
    if (rows_of(alone) != 0) parts_.push_back({row_, column_, parts_[i].set, alone});
    parts_[i].set = sets_.with(parts_[i].set, mask);
    parts_[i].pixels = both;
  }

  MaskSets& sets_;
  std::vector<CoverPart>& parts_;
  std::size_t begin_ = 0;
  std::int32_t row_ = 0, column_ = 0;
  Block covered_ = empty_block;
};

/// Appends to `parts` those of every block where at least `least` masks (1 or 2) have pixels, row by row,
/// each row from left to right; the parts of one block in no particular order.
///
/// *Shapes*: `masks` [N], all of one frame; `sets` was made for N masks.
inline void add_cover_parts(std::span<const PackedMask> masks, std::int32_t least, MaskSets& sets,
                            std::vector<CoverPart>& parts) {
  struct Present {
    std::int32_t mask;
    WordBlocks blocks;
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
  BlockSplitter splitter(sets, parts);
  for (std::int64_t row = row_begin; row < row_end; ++row)
    for (std::int64_t word = word_begin; word < word_end; ++word) {
      present.clear();
      std::uint64_t once = 0, twice = 0;
      for (std::size_t n = 0; n < masks.size(); ++n)
        if (const WordBlocks own = blocks[n].word(row, word); own.bits.some != 0) {
          present.push_back({static_cast<std::int32_t>(n), own});
          twice |= once & own.bits.some, once |= own.bits.some;
        }
      for (std::uint64_t rest = least > 1 ? twice : once; rest != 0; rest &= rest - 1) {
        const int bit = std::countr_zero(rest);
        splitter.begin(row, word * 64 + bit);
        for (const Present& one : present)
          if ((one.blocks.bits.some >> bit & 1) != 0) splitter.add(one.mask, one.blocks[bit]);
      }
    }
}

}  // namespace vislabel::detail
