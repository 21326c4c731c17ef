/// The one builder of packed masks.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory>
#include <numeric>
#include <vector>
#include <vislabel/core/cpu.hpp>
#include <vislabel/core/size.hpp>
#include <vislabel/mask/packed.hpp>

namespace vislabel::detail {

/// Builds packed masks of one size, one after the other, from blocks: each once, those of one block row from
/// left to right, pixels outside the frame 0.
class Packer {
 public:
  explicit Packer(Size size)
      : words_per_row_(ceil_divide(size.width, word_columns)),
        bits_(static_cast<std::size_t>(ceil_divide(size.height, block_rows) * words_per_row_)),
        next_(bits_.size()) {}

  /// Occupancy words of a block row.
  [[nodiscard]] std::int64_t words_per_row() const { return words_per_row_; }

  /// Adds the block at (`row`, `column`), counted in blocks.
  void add(std::int64_t row, std::int64_t column, const Block& block) {
    add_column(column, row, portable::classify(&block, 1), &block);
  }

  /// Adds blocks that lie one below the other from `row` on; `bits` says what each of them has.
  void add_column(std::int64_t column, std::int64_t row, BlockBits bits, const Block* blocks) {
    if (bits.some == 0) return;
    extend(row + first_bit(bits.some), row + end_bit(bits.some), column, column + 1);
    for (std::uint64_t rest = bits.some; rest != 0; rest &= rest - 1) {
      const auto r = static_cast<unsigned>(std::countr_zero(rest));
      const auto i = static_cast<std::size_t>((row + r) * words_per_row_ + column / 64);
      const std::uint64_t full = bits.full >> r & 1;
      bits_[i].some |= std::uint64_t{1} << column % 64;
      bits_[i].full |= full << column % 64;
      if (full == 0) {
        blocks_.push_back(blocks[r]);
        words_.push_back(static_cast<std::uint32_t>(i));
      }
    }
  }

  /// Adds a whole block row: its mixed blocks from left to right and its `words_per_row` occupancy words.
  void add_row(std::int64_t row, const Block* mixed, const BlockBits* bits) {
    for (std::int64_t w = 0; w < words_per_row_; ++w) {
      if (bits[w].some == 0) continue;
      extend(row, row + 1, w * 64 + first_bit(bits[w].some), w * 64 + end_bit(bits[w].some));
      const auto i = static_cast<std::size_t>(row * words_per_row_ + w);
      bits_[i] = bits[w];
      const std::size_t count = count_bits(bits[w].some & ~bits[w].full);
      blocks_.insert(blocks_.end(), mixed, mixed + count);
      words_.insert(words_.end(), count, static_cast<std::uint32_t>(i));
      mixed += count;
    }
  }

  /// The mask of the blocks added since the last call; the packer is empty again.
  [[nodiscard]] PackedMask finish() {
    if (rows_begin_ >= rows_end_) return {};
    PackedMask mask;
    mask.area_ = 1;  // not empty; the range is known before the box and the area
    mask.x_ = static_cast<std::int32_t>(columns_begin_ * block_columns);
    mask.y_ = static_cast<std::int32_t>(rows_begin_ * block_rows);
    mask.width_ = static_cast<std::int32_t>((columns_end_ - columns_begin_) * block_columns);
    mask.height_ = static_cast<std::int32_t>((rows_end_ - rows_begin_) * block_rows);
    store(mask);
    shrink(mask);
    clear();
    return mask;
  }

 private:
  static std::int64_t first_bit(std::uint64_t word) { return std::countr_zero(word); }
  static std::int64_t end_bit(std::uint64_t word) { return 64 - std::countl_zero(word); }

  void extend(std::int64_t row_begin, std::int64_t row_end, std::int64_t column_begin,
              std::int64_t column_end) {
    rows_begin_ = std::min(rows_begin_, row_begin), rows_end_ = std::max(rows_end_, row_end);
    columns_begin_ = std::min(columns_begin_, column_begin),
    columns_end_ = std::max(columns_end_, column_end);
  }

  /// Allocates and fills the mask's memory, and its area.
  void store(PackedMask& mask) {
    const BlockRange range = mask.range();
    mask.mixed_ = static_cast<std::uint32_t>(blocks_.size());
    mask.storage_ = std::make_shared_for_overwrite<std::byte[]>(
        PackedMask::storage_bytes(blocks_.size(), range.rows * range.words));
    const BlockGrid grid = mask.grid(range, range.row, range.word);
    auto* bits = const_cast<BlockBits*>(grid.bits);
    auto* first = const_cast<std::uint32_t*>(grid.first);
    std::uint32_t mixed = 0;
    std::int64_t full_blocks = 0;
    for (std::int64_t r = 0; r < range.rows; ++r)
      for (std::int64_t w = 0; w < range.words; ++w) {
        const auto i = static_cast<std::size_t>((range.row + r) * words_per_row_ + range.word + w);
        *bits++ = bits_[i];
        *first++ = next_[i] = mixed;
        mixed += count_bits(bits_[i].some & ~bits_[i].full);
        full_blocks += count_bits(bits_[i].full);
      }
    auto* blocks = const_cast<Block*>(grid.blocks);
    for (std::size_t k = 0; k < blocks_.size(); ++k) blocks[next_[words_[k]]++] = blocks_[k];
    auto* areas = const_cast<std::uint16_t*>(grid.areas);
    kernels().popcount_blocks(blocks, blocks_.size(), areas);
    mask.area_ = std::accumulate(areas, areas + blocks_.size(), full_blocks * block_rows * block_columns);
  }

  /// Cuts the box from whole blocks to pixels: the blocks at each of its four edges say where it begins.
  void shrink(PackedMask& mask) const {
    const BlocksOf blocks(mask);
    const auto merged = [&](std::int64_t row, std::int64_t rows, std::int64_t column, std::int64_t columns) {
      Block sum{};
      for (std::int64_t r = row; r < row + rows; ++r)
        for (std::int64_t c = column; c < column + columns; ++c) {
          const Block& block = blocks(r, c);
          for (std::size_t w = 0; w < sum.size(); ++w) sum[w] |= block[w];
        }
      return sum;
    };
    const auto row_bits = [&](std::int64_t row) {
      std::uint32_t any = 0;
      for (const std::uint32_t word : merged(row, 1, columns_begin_, columns_end_ - columns_begin_))
        any |= word;
      return any;
    };
    const auto set = [](std::uint32_t word) { return word != 0; };
    const Block left = merged(rows_begin_, rows_end_ - rows_begin_, columns_begin_, 1);
    const Block right = merged(rows_begin_, rows_end_ - rows_begin_, columns_end_ - 1, 1);
    const auto before = std::find_if(left.begin(), left.end(), set) - left.begin();
    const auto after = std::find_if(right.rbegin(), right.rend(), set) - right.rbegin();
    const int above = std::countr_zero(row_bits(rows_begin_)),
              under = std::countl_zero(row_bits(rows_end_ - 1));
    mask.x_ += static_cast<std::int32_t>(before), mask.width_ -= static_cast<std::int32_t>(before + after);
    mask.y_ += above, mask.height_ -= above + under;
  }

  void clear() {
    std::fill(bits_.begin() + rows_begin_ * words_per_row_, bits_.begin() + rows_end_ * words_per_row_,
              BlockBits{});
    blocks_.clear(), words_.clear();
    rows_begin_ = columns_begin_ = INT64_MAX;
    rows_end_ = columns_end_ = 0;
  }

  std::int64_t words_per_row_;
  std::vector<BlockBits> bits_;       // the whole frame's grid, empty between masks
  std::vector<std::uint32_t> next_;   // where the next mixed block of a word goes
  std::vector<Block> blocks_;         // mixed blocks in the order in which they came
  std::vector<std::uint32_t> words_;  // the occupancy word of each, an index into `bits_`
  std::int64_t rows_begin_ = INT64_MAX, rows_end_ = 0, columns_begin_ = INT64_MAX, columns_end_ = 0;
};

}  // namespace vislabel::detail
