/// How many pixels two packed masks share: what every IoU of the library counts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vislabel/core/cpu.hpp>
#include <vislabel/mask/packed.hpp>

namespace vislabel {
namespace detail {

/// Whether the boxes of two masks have a pixel in common. One branch: in a batch it is as good as random.
[[nodiscard]] inline bool boxes_meet(const PackedMask& a, const PackedMask& b) {
  return static_cast<int>(a.left() < b.right()) & static_cast<int>(b.left() < a.right()) &
         static_cast<int>(a.top() < b.bottom()) & static_cast<int>(b.top() < a.bottom());
}

}  // namespace detail

/// |a & b| of two masks of the same size: the integer that every IoU of the library starts from.
///
/// *Cost*: the occupancy words of the common box; 64 bytes of each mask per block that is mixed in both, and
/// 2 of one per block that is mixed in that one and full in the other.
[[nodiscard]] inline std::int64_t intersection_area(const PackedMask& a, const PackedMask& b) {
  if (!detail::boxes_meet(a, b)) return 0;
  const detail::BlockRange ra = a.range(), rb = b.range();
  const std::int64_t row = std::max(ra.row, rb.row), row_end = std::min(ra.row + ra.rows, rb.row + rb.rows);
  const std::int64_t word = std::max(ra.word, rb.word),
                     word_end = std::min(ra.word + ra.words, rb.word + rb.words);
  return static_cast<std::int64_t>(detail::kernels().intersect(a.grid(ra, row, word), b.grid(rb, row, word),
                                                               static_cast<std::size_t>(row_end - row),
                                                               static_cast<std::size_t>(word_end - word)));
}

}  // namespace vislabel
