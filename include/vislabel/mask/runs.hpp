/// Between run lengths and blocks, both ways, one block column of 16 pixel columns at a time, which is the
/// order in which column-major runs come.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>
#include <vislabel/core/scratch.hpp>
#include <vislabel/mask/packed.hpp>
#include <vislabel/mask/packer.hpp>
#include <vislabel/mask/rle.hpp>

namespace vislabel::detail {

/// Packs the runs of masks of one size, one mask after the other.
///
/// A run leaves two marks, where it begins and behind its end, in the block column where it lies; a sweep
/// down the block column turns the marks into pixels. A run's length costs nothing but its columns.
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
    if (!mask.empty()) find_changes(mask);
    return lengths(changes_.room(used_ + 1, used_), used_, static_cast<std::size_t>(size_.pixels()));
  }

 private:
  static constexpr std::int64_t most_blocks = 64;  // of one kernel call

  /// The pixels, counted down the columns, where the colour is not that of the pixel before.
  void find_changes(const PackedMask& mask) {
    const BlocksOf blocks(mask);
    const BlockRange range = mask.range();
    const std::int64_t last = (mask.right() - 1) / block_columns, parts = range.rows / most_blocks + 1;
    column_.assign(static_cast<std::size_t>(range.rows + 2), &empty_block);  // one above, one below
    marks_.resize(static_cast<std::size_t>(range.rows + 1));
    rows_.resize(static_cast<std::size_t>(parts));
    for (std::int64_t bx = mask.left() / block_columns; bx <= last; ++bx) {
      for (std::int64_t r = 0; r < range.rows; ++r)
        column_[static_cast<std::size_t>(r + 1)] = &blocks(range.row + r, bx);
      for (std::int64_t part = 0; part < parts; ++part) {
        const std::int64_t r = part * most_blocks;
        rows_[static_cast<std::size_t>(part)] = kernels().mark_changes(
            column_.data() + r, static_cast<std::size_t>(std::min(most_blocks, range.rows + 1 - r)),
            marks_.data() + r);
      }
      for (std::int64_t c = 0; c < std::min(block_columns, size_.width - bx * block_columns); ++c)
        add_column(c, (bx * block_columns + c) * size_.height + range.row * block_rows);
    }
  }

  /// The changes of column `c` of the block column; its first row is pixel `position`.
  void add_column(std::int64_t c, std::int64_t position) {
    for (std::size_t part = 0; part < rows_.size(); ++part)
      for (std::uint64_t rest = rows_[part][static_cast<std::size_t>(c)]; rest != 0; rest &= rest - 1) {
        const std::size_t row = part * most_blocks + static_cast<std::size_t>(std::countr_zero(rest));
        add_word(marks_[row][static_cast<std::size_t>(c)],
                 static_cast<std::uint32_t>(position + static_cast<std::int64_t>(row) * block_rows));
      }
  }

  /// The changes at the set bits, counted from pixel `position` on.
  void add_word(std::uint32_t marks, std::uint32_t position) {
    std::uint32_t* const changes = changes_.room(used_ + block_rows + 1, used_);
    std::uint32_t* out = changes + used_;
    const std::uint32_t first = position + static_cast<std::uint32_t>(std::countr_zero(marks));
    if (used_ > 0 && out[-1] == first) {  // the colour goes on from the end of the column before
      --out;
      marks &= marks - 1;
    }
    for (; marks != 0; marks &= marks - 1)
      *out++ = position + static_cast<std::uint32_t>(std::countr_zero(marks));
    used_ = static_cast<std::size_t>(out - changes);
  }

  Size size_;
  std::vector<const Block*> column_;
  std::vector<Block> marks_;
  std::vector<ColumnRows> rows_;    // per part of the block column
  Scratch<std::uint32_t> changes_;  // and, in the end, the run lengths
  std::size_t used_ = 0;
};

}  // namespace vislabel::detail
