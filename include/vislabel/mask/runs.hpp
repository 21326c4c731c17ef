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
///
/// A run leaves two marks, where it begins and behind its end, in the block column where it lies; a sweep down
/// the block column turns the marks into pixels. A run's length costs nothing but its columns.
class RunPacker {
 public:
  explicit RunPacker(Size size)
      : height_(static_cast<std::uint64_t>(size.height)),
        packer_(size),
        marks_(static_cast<std::size_t>(ceil_divide(size.height, block_rows)) + 1) {}

  /// Packs canonical runs that add up to the frame.
  [[nodiscard]] PackedMask pack(std::span<const std::uint32_t> counts) {
    std::uint64_t x = 0, y = 0, block_column = 0;
    Rows touched;
    for (std::size_t i = 0; i + 1 < counts.size(); i += 2) {
      y += counts[i];
      if (y >= height_) {
        x += y - height_ < height_ ? 1 : y / height_;
        y = y - height_ < height_ ? y - height_ : y % height_;
      }
      if (x / columns != block_column) {
        sweep(block_column, touched);
        touched = {};
        block_column = x / columns;
      }
      std::uint64_t end = y + counts[i + 1];
      mark(x, y, touched);
      while (end > height_) {  // on in the next column
        mark(x, height_, touched);
        if (++x % columns == 0) {
          sweep(block_column++, touched);
          touched = {};
        }
        mark(x, 0, touched);
        end -= height_;
      }
      mark(x, end, touched);
      y = end;
    }
    sweep(block_column, touched);
    return packer_.finish();
  }

 private:
  static constexpr std::uint64_t rows = block_rows, columns = block_columns;

  /// Blocks of a block column with marks.
  struct Rows {
    std::uint64_t begin = UINT64_MAX, end = 0;
  };

  /// The colour changes at row y <= height of column x.
  void mark(std::uint64_t x, std::uint64_t y, Rows& touched) {
    const std::uint64_t row = y / rows;
    touched.begin = std::min(touched.begin, row), touched.end = std::max(touched.end, row + 1);
    marks_[row][x % columns] ^= ~std::uint32_t{0} << y % rows;
  }

  /// Packs a block column, which is blank afterwards.
  [[gnu::noinline]] void sweep(std::uint64_t block_column, Rows touched) {
    Block above{};
    const std::uint64_t end = std::min<std::uint64_t>(touched.end, marks_.size() - 1);
    for (std::uint64_t r = touched.begin; r < end; r += 64) {
      const BlockBits bits =
          kernels().fill_blocks(marks_.data() + r, std::min<std::uint64_t>(64, end - r), above);
      packer_.add_column(static_cast<std::int64_t>(block_column), static_cast<std::int64_t>(r), bits,
                         marks_.data() + r);
    }
    for (std::uint64_t r = touched.begin; r < touched.end; ++r) marks_[r] = empty_block;
  }

  std::uint64_t height_;
  Packer packer_;
  std::vector<Block> marks_;  // of the block column in work, and a row for marks below the frame
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
    const BlocksOf blocks(mask);
    const BlockRange range = mask.range();
    words_.resize(static_cast<std::size_t>(range.rows * block_columns));
    const std::int64_t first = mask.left() / block_columns, last = (mask.right() - 1) / block_columns;
    for (std::int64_t bx = first; bx <= last; ++bx) {
      for (std::int64_t r = 0; r < range.rows; ++r) {
        const Block& block = blocks(range.row + r, bx);
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
