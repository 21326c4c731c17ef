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

namespace vislabel {
namespace detail {

/// Builds packed masks of one size, one after the other, from their non-empty blocks in any order.
class Packer {
 public:
  explicit Packer(Size size)
      : words_per_row_(ceil_divide(size.width, word_columns)),
        some_(static_cast<std::size_t>(ceil_divide(size.height, block_rows) * words_per_row_)),
        full_(some_.size()) {}

  /// Adds the block at (`row`, `column`), counted in blocks; pixels outside the frame must be 0. Each block
  /// once.
  void add(std::int64_t row, std::int64_t column, const Block& block) {
    std::uint32_t any = 0, all = ~std::uint32_t{0};
    for (const std::uint32_t word : block) any |= word, all &= word;
    if (any == 0) return;
    std::size_t first = 0, last = block.size() - 1;
    while (block[first] == 0) ++first;
    while (block[last] == 0) --last;
    extend(row, column, any, first, last);
    const auto i = static_cast<std::size_t>(row * words_per_row_ + column / 64);
    some_[i] |= std::uint64_t{1} << (column % 64);
    if (all == ~std::uint32_t{0}) {
      full_[i] |= std::uint64_t{1} << (column % 64);
    } else {
      blocks_.push_back(block);
      places_.push_back({static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(column)});
    }
  }

  /// The mask of the blocks added since the last call; the packer is empty again.
  [[nodiscard]] PackedMask finish() {
    PackedMask mask;
    if (x_begin_ < x_end_) {
      mask.x_ = static_cast<std::int32_t>(x_begin_),
      mask.width_ = static_cast<std::int32_t>(x_end_ - x_begin_);
      mask.y_ = static_cast<std::int32_t>(y_begin_),
      mask.height_ = static_cast<std::int32_t>(y_end_ - y_begin_);
      mask.area_ = 1;  // the box alone does not say that there are pixels; the area follows
      store(mask);
    }
    clear();
    return mask;
  }

 private:
  struct Place {
    std::uint32_t row, column;
  };

  void extend(std::int64_t row, std::int64_t column, std::uint32_t any, std::size_t first, std::size_t last) {
    const std::int64_t y = row * block_rows, x = column * block_columns;
    x_begin_ = std::min(x_begin_, x + static_cast<std::int64_t>(first));
    x_end_ = std::max(x_end_, x + static_cast<std::int64_t>(last) + 1);
    y_begin_ = std::min(y_begin_, y + std::countr_zero(any));
    y_end_ = std::max(y_end_, y + block_rows - std::countl_zero(any));
  }

  void store(PackedMask& mask) {
    const BlockRange range = mask.range();
    const auto grid = static_cast<std::size_t>(range.rows * range.words);
    auto storage = std::make_shared_for_overwrite<std::byte[]>(
        PackedMask::storage_bytes(blocks_.size(), range.rows * range.words));
    mask.mixed_ = static_cast<std::uint32_t>(blocks_.size());
    mask.storage_ = std::move(storage);
    auto* some = const_cast<std::uint64_t*>(mask.some());
    auto* full = some + grid;
    auto* first = reinterpret_cast<std::uint32_t*>(full + grid);
    std::uint32_t mixed = 0;
    std::int64_t full_blocks = 0;
    for (std::size_t i = 0; i < grid; ++i) {
      const std::size_t from = frame_word(range, i);
      some[i] = some_[from], full[i] = full_[from], first[i] = mixed;
      mixed += count_bits(some[i] & ~full[i]);
      full_blocks += count_bits(full[i]);
    }
    auto* blocks = const_cast<Block*>(mask.blocks());
    for (std::size_t k = 0; k < blocks_.size(); ++k) {
      const std::int64_t r = places_[k].row - range.row, w = places_[k].column / 64 - range.word;
      blocks[mask.place(r * range.words + w, places_[k].column % 64)] = blocks_[k];
    }
    auto* areas = const_cast<std::uint16_t*>(mask.areas());
    kernels().popcount_blocks(blocks, blocks_.size(), areas);
    mask.area_ = std::accumulate(areas, areas + blocks_.size(), full_blocks * block_rows * block_columns);
  }

  /// Where word `i` of a mask's grid lies in the frame's grid.
  [[nodiscard]] std::size_t frame_word(const BlockRange& range, std::size_t i) const {
    const auto k = static_cast<std::int64_t>(i);
    return static_cast<std::size_t>((range.row + k / range.words) * words_per_row_ + range.word +
                                    k % range.words);
  }

  void clear() {
    if (y_begin_ < y_end_) {
      const std::int64_t begin = y_begin_ / block_rows * words_per_row_;
      const std::int64_t end = ((y_end_ - 1) / block_rows + 1) * words_per_row_;
      std::fill(some_.begin() + begin, some_.begin() + end, 0);
      std::fill(full_.begin() + begin, full_.begin() + end, 0);
    }
    blocks_.clear(), places_.clear();
    x_begin_ = y_begin_ = INT64_MAX;
    x_end_ = y_end_ = 0;
  }

  std::int64_t words_per_row_;
  std::vector<std::uint64_t> some_, full_;  // the whole frame's grid, zero between masks
  std::vector<Block> blocks_;               // mixed blocks in the order in which they came
  std::vector<Place> places_;
  std::int64_t x_begin_ = INT64_MAX, x_end_ = 0, y_begin_ = INT64_MAX, y_end_ = 0;
};

}  // namespace detail

}  // namespace vislabel
