/// How many pixels two packed masks share: what every IoU of the library counts.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vislabel/core/cpu.hpp>
#include <vislabel/mask/packed.hpp>

namespace vislabel {
namespace detail {

/// Adds up what the blocks of two masks share; pairs of mixed blocks go to the kernel, a batch at a time.
class BlockMeeting {
 public:
  BlockMeeting(const PackedMask& a, const PackedMask& b) : a_(a), b_(b) {}

  /// Occupancy words `i` of a and `j` of b cover the same place of the frame.
  void meet(std::int64_t i, std::int64_t j) {
    const std::uint64_t common = a_.some()[i] & b_.some()[j];
    if (common == 0) return;
    const std::uint64_t full_a = a_.full()[i], full_b = b_.full()[j];
    total_ += std::int64_t{count_bits(full_a & full_b)} * (block_rows * block_columns);
    for (std::uint64_t rest = common & full_b & ~full_a; rest != 0; rest &= rest - 1)
      total_ += a_.areas()[a_.place(i, lowest(rest))];
    for (std::uint64_t rest = common & full_a & ~full_b; rest != 0; rest &= rest - 1)
      total_ += b_.areas()[b_.place(j, lowest(rest))];
    for (std::uint64_t rest = common & ~full_a & ~full_b; rest != 0; rest &= rest - 1) {
      if (count_ == capacity) flush();
      pairs_[count_++] = {a_.place(i, lowest(rest)), b_.place(j, lowest(rest))};
    }
  }

  [[nodiscard]] std::int64_t total() {
    if (count_ > 0) flush();
    return total_;
  }

 private:
  static constexpr std::size_t capacity = 64;
  static unsigned lowest(std::uint64_t word) { return static_cast<unsigned>(std::countr_zero(word)); }

  void flush() {
    total_ +=
        static_cast<std::int64_t>(kernels().and_popcount_blocks(a_.blocks(), b_.blocks(), pairs_, count_));
    count_ = 0;
  }

  const PackedMask &a_, &b_;
  std::int64_t total_ = 0;
  std::size_t count_ = 0;
  BlockPair pairs_[capacity];
};

}  // namespace detail

/// |a & b| of two masks of the same size: the integer that every IoU of the library starts from.
///
/// *Cost*: the occupancy words of the common box; 64 bytes of each mask per block that is mixed in both, and
/// 2 of one per block that is mixed in that one and full in the other.
[[nodiscard]] inline std::int64_t intersection_area(const PackedMask& a, const PackedMask& b) {
  if (a.empty() || b.empty()) return 0;
  if (a.left() >= b.right() || b.left() >= a.right() || a.top() >= b.bottom() || b.top() >= a.bottom())
    return 0;
  const detail::BlockRange ra = a.range(), rb = b.range();
  const std::int64_t row = std::max(ra.row, rb.row), row_end = std::min(ra.row + ra.rows, rb.row + rb.rows);
  const std::int64_t word = std::max(ra.word, rb.word),
                     word_end = std::min(ra.word + ra.words, rb.word + rb.words);
  detail::BlockMeeting meeting(a, b);
  for (std::int64_t y = row; y < row_end; ++y)
    for (std::int64_t w = word; w < word_end; ++w)
      meeting.meet((y - ra.row) * ra.words + w - ra.word, (y - rb.row) * rb.words + w - rb.word);
  return meeting.total();
}

}  // namespace vislabel
