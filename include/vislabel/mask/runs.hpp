/// Between run lengths and blocks, both ways, one block column of 16 pixel columns at a time, which is the
/// order in which column-major runs come.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>
#include <vislabel/mask/packed.hpp>
#include <vislabel/mask/rle.hpp>

namespace vislabel::detail {

/// Packs the runs of masks of one size, one mask after the other.
class RunPacker {
 public:
  explicit RunPacker(Size size)
      : height_(size.height),
        packer_(size),
        column_(static_cast<std::size_t>(ceil_divide(size.height, block_rows))) {}

  [[nodiscard]] PackedMask pack(const Rle& rle) {
    const auto counts = rle.counts();
    std::int64_t x = 0, y = 0;
    for (std::size_t i = 0; i + 1 < counts.size(); i += 2) {
      y += counts[i];
      carry(x, y);
      fill(x, y, counts[i + 1]);
      carry(x, y);
    }
    flush();
    return packer_.finish();
  }

 private:
  /// Moves (x, y) to where 0 <= y < height.
  void carry(std::int64_t& x, std::int64_t& y) const {
    if (y < height_) return;
    x += y / height_;
    y %= height_;
  }

  /// Sets `run` pixels from (x, y) on, column by column, and moves (x, y) behind them.
  void fill(std::int64_t& x, std::int64_t& y, std::int64_t run) {
    while (true) {
      if (x / block_columns != block_column_) {
        flush();
        block_column_ = x / block_columns;
      }
      const std::int64_t end = std::min(height_, y + run);
      fill_column(static_cast<std::size_t>(x % block_columns), y, end);
      run -= end - y;
      y = end;
      if (run == 0) return;
      ++x;
      y = 0;
    }
  }

  void fill_column(std::size_t c, std::int64_t begin, std::int64_t end) {
    const std::int64_t first = begin / block_rows, last = (end - 1) / block_rows;
    const std::uint32_t head = ~below<std::uint32_t>(begin % block_rows);
    const std::uint32_t tail = ~std::uint32_t{0} >> (block_rows - 1 - (end - 1) % block_rows);
    first_ = std::min(first_, first);
    last_ = std::max(last_, last);
    Block* rows = column_.data();
    if (first == last) {
      rows[first][c] |= head & tail;
      return;
    }
    rows[first][c] |= head;
    for (std::int64_t r = first + 1; r < last; ++r) rows[r][c] = ~std::uint32_t{0};
    rows[last][c] |= tail;
  }

  void flush() {
    for (std::int64_t r = first_; r <= last_; ++r) {
      packer_.add(r, block_column_, column_[static_cast<std::size_t>(r)]);
      column_[static_cast<std::size_t>(r)].fill(0);
    }
    first_ = INT64_MAX;
    last_ = -1;
  }

  std::int64_t height_;
  Packer packer_;
  std::vector<Block> column_;  // the block column being filled, zero outside rows [first_, last_]
  std::int64_t block_column_ = 0, first_ = INT64_MAX, last_ = -1;
};

/// Collects the positions where the colour changes, in column-major order, as run lengths.
class RunWriter {
 public:
  explicit RunWriter(Size size) : height_(size.height), pixels_(size.pixels()) {}

  /// Column x holds `words` (32 rows each, from block row `first_row` on), zeros above and below.
  void column(std::int64_t x, const std::uint32_t* words, std::int64_t first_row, std::int64_t rows) {
    const std::int64_t base = x * height_;
    if (first_row > 0) colour_at(base, false);
    for (std::int64_t r = 0; r < rows; ++r) {
      const std::int64_t y = (first_row + r) * block_rows;
      std::uint32_t changes = words[r] ^ (words[r] << 1 | (colour_ ? 1U : 0U));
      if (height_ - y < block_rows) changes &= below<std::uint32_t>(height_ - y);
      for (; changes != 0; changes &= changes - 1) change_at(base + y + std::countr_zero(changes));
    }
    const std::int64_t end = (first_row + rows) * block_rows;
    if (end < height_) colour_at(base + end, false);
  }

  /// Column x holds no pixel.
  void empty_column(std::int64_t x) { colour_at(x * height_, false); }

  [[nodiscard]] std::vector<std::uint32_t> finish() {
    if (last_ < pixels_ || counts_.empty()) counts_.push_back(static_cast<std::uint32_t>(pixels_ - last_));
    return std::move(counts_);
  }

  void reserve(std::size_t runs) { counts_.reserve(runs); }

 private:
  void colour_at(std::int64_t position, bool colour) {
    if (colour_ != colour && position < pixels_) change_at(position);
  }

  void change_at(std::int64_t position) {
    counts_.push_back(static_cast<std::uint32_t>(position - last_));
    last_ = position;
    colour_ = !colour_;
  }

  std::int64_t height_, pixels_;
  std::int64_t last_ = 0;
  bool colour_ = false;
  std::vector<std::uint32_t> counts_;
};

/// The canonical run lengths of a packed mask.
[[nodiscard]] inline std::vector<std::uint32_t> run_lengths(const PackedMask& mask, Size size) {
  RunWriter writer(size);
  if (mask.empty()) return writer.finish();
  const BlockRange range = mask.range();
  writer.reserve(static_cast<std::size_t>(2 * (mask.right() - mask.left()) + 2));
  std::vector<std::uint32_t> words(static_cast<std::size_t>(range.rows * block_columns));
  const std::int64_t first = mask.left() / block_columns, last = (mask.right() - 1) / block_columns;
  for (std::int64_t bx = first; bx <= last; ++bx) {
    for (std::int64_t r = 0; r < range.rows; ++r) {
      const Block& block = mask.block(range.row + r, bx);
      for (std::int64_t c = 0; c < block_columns; ++c)
        words[static_cast<std::size_t>(c * range.rows + r)] = block[static_cast<std::size_t>(c)];
    }
    const std::int64_t columns = std::min(block_columns, size.width - bx * block_columns);
    for (std::int64_t c = 0; c < columns; ++c)
      writer.column(bx * block_columns + c, words.data() + c * range.rows, range.row, range.rows);
  }
  const std::int64_t after = (last + 1) * block_columns;
  if (after < size.width) writer.empty_column(after);
  return writer.finish();
}

}  // namespace vislabel::detail
