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

/// Sets of masks as they grow, each one made of another and a mask that is larger than its members.
class GrowingSets {
 public:
  struct Set {
    std::int32_t rest, largest;  // rest: the set without the largest member; -1: the empty one
    std::uint64_t hash;
  };

  void clear() { sets_.clear(); }

  [[nodiscard]] std::int32_t with(std::int32_t set, std::int32_t mask) {
    std::uint64_t hash = set < 0 ? 0 : (*this)[set].hash;
    hash = (hash ^ static_cast<std::uint64_t>(mask)) * 0x9E3779B97F4A7C15;  // 2^64 / the golden ratio
    sets_.push_back({set, mask, hash ^ hash >> 32});
    return static_cast<std::int32_t>(sets_.size()) - 1;
  }

  [[nodiscard]] const Set& operator[](std::int32_t set) const { return sets_[static_cast<std::size_t>(set)]; }

 private:
  std::vector<Set> sets_;
};

/// Sets of masks, each kept once and numbered from 0 in the order in which they are met.
class MaskSets {
 public:
  [[nodiscard]] std::int32_t count() const { return static_cast<std::int32_t>(ends_.size()); }

  /// None; the memory stays.
  void clear() {
    members_.clear(), ends_.clear(), hashes_.clear();
    std::fill(places_.begin(), places_.end(), -1);
  }

  /// The members, the largest first.
  [[nodiscard]] std::span<const std::int32_t> operator[](std::int32_t set) const {
    const auto s = static_cast<std::size_t>(set);
    const std::size_t begin = s == 0 ? 0 : ends_[s - 1];
    return {members_.data() + begin, ends_[s] - begin};
  }

  /// The number of a set that has grown elsewhere.
  [[nodiscard]] std::int32_t number(const GrowingSets& grown, std::int32_t set) {
    if (2 * ends_.size() >= places_.size()) grow();
    std::size_t place = grown[set].hash & (places_.size() - 1);
    for (; places_[place] >= 0; place = (place + 1) & (places_.size() - 1))
      if (equal(places_[place], grown, set)) return places_[place];
    places_[place] = count();
    hashes_.push_back(grown[set].hash);
    for (std::int32_t rest = set; rest >= 0; rest = grown[rest].rest) members_.push_back(grown[rest].largest);
    ends_.push_back(members_.size());
    return places_[place];
  }

 private:
  [[nodiscard]] bool equal(std::int32_t known, const GrowingSets& grown, std::int32_t set) const {
    if (hashes_[static_cast<std::size_t>(known)] != grown[set].hash) return false;
    for (const std::int32_t mask : (*this)[known]) {
      if (set < 0 || grown[set].largest != mask) return false;
      set = grown[set].rest;
    }
    return set < 0;
  }

  void grow() {
    places_.assign(std::max<std::size_t>(64, 2 * places_.size()), -1);
    for (std::int32_t set = 0; set < count(); ++set) {
      std::size_t place = hashes_[static_cast<std::size_t>(set)] & (places_.size() - 1);
      while (places_[place] >= 0) place = (place + 1) & (places_.size() - 1);
      places_[place] = set;
    }
  }

  std::vector<std::int32_t> members_, places_;  // places: by hash, open addressing, -1 is free
  std::vector<std::size_t> ends_;               // in `members_`, of every set
  std::vector<std::uint64_t> hashes_;           // of every set
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
    grown_.clear();
    covered_ = empty_block;
  }

  /// Adds the block of a mask that is larger than those before it.
  [[gnu::noinline]] void add(std::int32_t mask, const Block& pixels) {
    const Block fresh = block_minus(pixels, covered_);
    covered_ = block_or(covered_, pixels);
    for (std::size_t i = begin_, end = parts_.size(); i < end; ++i)
      if (&pixels == &full_block)
        parts_[i].set = grown_.with(parts_[i].set, mask);
      else
        split(i, mask, pixels);
    if (rows_of(fresh) != 0) parts_.push_back({row_, column_, grown_.with(-1, mask), fresh});
  }

  /// All masks that have pixels at this place have been added.
  void end() {
    for (std::size_t i = begin_; i < parts_.size(); ++i) parts_[i].set = sets_.number(grown_, parts_[i].set);
  }

 private:
  /// Part i keeps what it shares with the mask's block; the rest of it goes to the end.
  void split(std::size_t i, std::int32_t mask, const Block& pixels) {
    const Block both = block_and(parts_[i].pixels, pixels);
    if (rows_of(both) == 0) return;
    const Block alone = block_minus(parts_[i].pixels, pixels);
    if (rows_of(alone) != 0) parts_.push_back({row_, column_, parts_[i].set, alone});
    parts_[i].set = grown_.with(parts_[i].set, mask);
    parts_[i].pixels = both;
  }

  MaskSets& sets_;
  std::vector<CoverPart>& parts_;
  std::size_t begin_ = 0;
  std::int32_t row_ = 0, column_ = 0;
  GrowingSets grown_;  // the sets of the parts at this place, until its end
  Block covered_ = empty_block;
};

/// Appends to `parts` those of every block where at least `least` masks (1 or 2) have pixels, row by row,
/// each row from left to right; the parts of one block in no particular order.
///
/// *Shapes*: `masks` [N], all of one frame.
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
        splitter.end();
      }
    }
}

}  // namespace vislabel::detail
