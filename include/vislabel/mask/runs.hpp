/// Between run lengths and blocks, both ways, one block column of 16 pixel columns at a time, which is the
/// order in which column-major runs come.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>
#include <vislabel/mask/packed.hpp>
#include <vislabel/mask/packer.hpp>
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

/// Writes the canonical run lengths of packed masks of one size, one mask after the other, into memory that
/// it keeps.
class RunWriter {
 public:
  explicit RunWriter(Size size) : size_(size) {}

  /// The run lengths of `mask`, valid until the next call.
  [[nodiscard]] std::span<const std::uint32_t> write(const PackedMask& mask) {
    used_ = 0;
    last_ = 0;
    colour_ = false;
    make_room();
    if (!mask.empty()) write_columns(mask);
    if (last_ < size_.pixels() || used_ == 0)
      counts_[used_++] = static_cast<std::uint32_t>(size_.pixels() - last_);
    return {counts_.data(), used_};
  }

 private:
  void write_columns(const PackedMask& mask) {
    const BlockRange range = mask.range();
    words_.resize(static_cast<std::size_t>(range.rows * block_columns));
    const std::int64_t first = mask.left() / block_columns, last = (mask.right() - 1) / block_columns;
    for (std::int64_t bx = first; bx <= last; ++bx) {
      for (std::int64_t r = 0; r < range.rows; ++r) {
        const Block& block = mask.block(range.row + r, bx);
        for (std::int64_t c = 0; c < block_columns; ++c)
          words_[static_cast<std::size_t>(c * range.rows + r)] = block[static_cast<std::size_t>(c)];
      }
      const std::int64_t columns = std::min(block_columns, size_.width - bx * block_columns);
      for (std::int64_t c = 0; c < columns; ++c)
        write_column(bx * block_columns + c, words_.data() + c * range.rows, range.row, range.rows);
    }
    const std::int64_t after = (last + 1) * block_columns;
    if (after < size_.width) colour_at(after * size_.height, false);
  }

  /// Column x holds `words` (32 rows each, from block row `first_row` on), zeros above and below.
  void write_column(std::int64_t x, const std::uint32_t* words, std::int64_t first_row, std::int64_t rows) {
    const std::int64_t base = x * size_.height;
    if (first_row > 0) colour_at(base, false);
    for (std::int64_t r = 0; r < rows; ++r) {
      const std::int64_t y = (first_row + r) * block_rows;
      std::uint32_t changes = words[r] ^ (words[r] << 1 | (colour_ ? 1U : 0U));
      if (size_.height - y < block_rows) changes &= below<std::uint32_t>(size_.height - y);
      if (changes != 0) write_changes(base + y, changes);
    }
    const std::int64_t end = (first_row + rows) * block_rows;
    if (end < size_.height) colour_at(base + end, false);
  }

  /// The colour changes at the set bits, counted from pixel `position` on.
  void write_changes(std::int64_t position, std::uint32_t changes) {
    make_room();
    std::uint32_t* out = counts_.data() + used_;
    const std::uint32_t* const begin = out;
    std::int64_t last = last_;
    for (; changes != 0; changes &= changes - 1) {
      const std::int64_t at = position + std::countr_zero(changes);
      *out++ = static_cast<std::uint32_t>(at - last);
      last = at;
    }
    last_ = last;
    used_ += static_cast<std::size_t>(out - begin);
    colour_ ^= ((out - begin) & 1) != 0;
  }

  void colour_at(std::int64_t position, bool colour) {
    if (colour_ != colour && position < size_.pixels()) write_changes(position, 1);
  }

  /// Room for the changes of a word and a last run.
  void make_room() {
    if (counts_.size() < used_ + 34) counts_.resize(std::max<std::size_t>(1024, 2 * counts_.size()));
  }

  Size size_;
  std::vector<std::uint32_t> counts_, words_;
  std::size_t used_ = 0;
  std::int64_t last_ = 0;
  bool colour_ = false;
};

}  // namespace vislabel::detail
