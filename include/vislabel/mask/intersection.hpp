/// How many pixels two packed masks share: what every IoU of the library counts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>
#include <vislabel/core/cpu.hpp>
#include <vislabel/core/exec.hpp>
#include <vislabel/mask/packed.hpp>

namespace vislabel {
namespace detail {

/// Whether the boxes of two masks have a pixel in common. One branch: in a batch it is as good as random.
[[nodiscard]] inline bool boxes_meet(const PackedMask& a, const PackedMask& b) {
  return static_cast<int>(a.left() < b.right()) & static_cast<int>(b.left() < a.right()) &
         static_cast<int>(a.top() < b.bottom()) & static_cast<int>(b.top() < a.bottom());
}

/// |a & b| of two masks whose boxes meet.
[[nodiscard]] inline std::int64_t common_pixels(const PackedMask& a, const PackedMask& b) {
  const BlockRange ra = a.range(), rb = b.range();
  const std::int64_t row = std::max(ra.row, rb.row), row_end = std::min(ra.row + ra.rows, rb.row + rb.rows);
  const std::int64_t word = std::max(ra.word, rb.word),
                     word_end = std::min(ra.word + ra.words, rb.word + rb.words);
  return static_cast<std::int64_t>(kernels().intersect(a.grid(ra, row, word), b.grid(rb, row, word),
                                                       static_cast<std::size_t>(row_end - row),
                                                       static_cast<std::size_t>(word_end - word)));
}

inline constexpr std::int64_t most_rows_at_once = 8;

/// Rows of a table of pairs that are counted together, so that a mask of the other side is read from the
/// cache; few enough that many threads find work.
[[nodiscard]] inline std::int64_t rows_at_once(std::int64_t rows) {
  return std::clamp<std::int64_t>(rows / 16, 1, most_rows_at_once);
}

/// Calls `row(n, common)` for every row n of a table of pairs [rows, columns], a few rows at a time:
/// `count(begin, end, common)` writes those of [begin, end) to `common` first, one after the other. `ns_each`
/// is a rough cost of one pair.
template <class P, class Count, class Row>
void for_each_row(P policy, std::int64_t rows, std::int64_t columns, std::int64_t ns_each, Count&& count,
                  Row&& row) {
  const std::int64_t height = rows_at_once(rows);
  exec::for_each(
      policy, ceil_divide(rows, height), height * columns * ns_each,
      [&] { return std::vector<std::int64_t>(static_cast<std::size_t>(height * columns)); },
      [&](std::vector<std::int64_t>& common, std::int64_t group) {
        const std::int64_t begin = group * height, end = std::min(begin + height, rows);
        count(begin, end, common.data());
        for (std::int64_t n = begin; n < end; ++n) row(n, common.data() + (n - begin) * columns);
      });
}

}  // namespace detail

/// |a & b| of two masks of the same size: the integer that every IoU of the library starts from.
///
/// *Cost*: the occupancy words of the common box; 64 bytes of each mask per block that is mixed in both, and
/// 2 of one per block that is mixed in that one and full in the other.
[[nodiscard]] inline std::int64_t intersection_area(const PackedMask& a, const PackedMask& b) {
  return detail::boxes_meet(a, b) ? detail::common_pixels(a, b) : 0;
}

}  // namespace vislabel
