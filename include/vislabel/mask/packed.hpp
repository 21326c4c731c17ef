/// One packed mask. Every dense, RLE or boolean source ends here (`mask/packer.hpp`), and every intersection
/// reads from here (`mask/intersection.hpp`).
///
/// Pixels live in blocks of 32 rows x 16 columns (one cache line), aligned to the frame, so that blocks of
/// two masks meet without shifts. Only the block rows and occupancy words that the mask's box touches are
/// kept. Two bits say what a block is: empty (neither), full (all 512 pixels; nothing stored) or mixed
/// (stored). The inside of an object therefore costs two bits per 512 pixels, in memory and in every
/// intersection; its boundary costs the rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vislabel/core/block.hpp>
#include <vislabel/core/box.hpp>
#include <vislabel/core/kernels_portable.hpp>

namespace vislabel {

namespace detail {

/// Which block rows and occupancy words of the frame a mask keeps, from `row` and `word` on.
struct BlockRange {
  std::int64_t row = 0, rows = 0, word = 0, words = 0;
};

class Packer;

}  // namespace detail

/// One immutable packed mask. Copies share the pixels (one reference count), so batches can be indexed,
/// joined and cut without copying any.
///
/// *Cost*: 48 bytes, 20 bytes per occupancy word (32 rows x 1024 columns of the box), 66 bytes per mixed
/// block.
class PackedMask {
 public:
  /// A mask with no pixel.
  PackedMask() = default;

  /// Set pixels.
  [[nodiscard]] std::int64_t area() const { return area_; }
  [[nodiscard]] bool empty() const { return area_ == 0; }
  /// The smallest box around the set pixels; {0, 0, 0, 0} where there are none.
  [[nodiscard]] Box box() const {
    return {static_cast<double>(x_), static_cast<double>(y_), static_cast<double>(width_),
            static_cast<double>(height_)};
  }

  /// Bytes of memory that this mask holds, shared or not.
  [[nodiscard]] std::size_t memory() const {
    constexpr std::size_t control_block = 16;
    return sizeof(*this) + (storage_ ? control_block + storage_bytes(mixed_, grid_words()) : 0);
  }

  /// Same pixels. (Two masks of different sizes may have the same pixels: compare the sizes of their batches
  /// too.)
  friend bool operator==(const PackedMask& a, const PackedMask& b) {
    if (a.area_ != b.area_ || a.x_ != b.x_ || a.y_ != b.y_ || a.width_ != b.width_ ||
        a.height_ != b.height_ || a.mixed_ != b.mixed_)
      return false;
    if (a.storage_ == b.storage_) return true;
    return std::memcmp(a.blocks(), b.blocks(), storage_bytes(a.mixed_, a.grid_words()) - alignment) == 0;
  }

  // --- the packed form, for the library's own algorithms
  // -------------------------------------------------------

  [[nodiscard]] std::int32_t left() const { return x_; }
  [[nodiscard]] std::int32_t top() const { return y_; }
  [[nodiscard]] std::int32_t right() const { return x_ + width_; }    ///< one past the last column
  [[nodiscard]] std::int32_t bottom() const { return y_ + height_; }  ///< one past the last row

  [[nodiscard]] detail::BlockRange range() const {
    if (area_ == 0) return {};
    const auto in = [](std::int32_t x, std::int64_t unit) {  // x >= 0: a shift, where the compiler must know
      return static_cast<std::int64_t>(static_cast<std::uint32_t>(x) / static_cast<std::uint32_t>(unit));
    };
    const std::int64_t row = in(y_, detail::block_rows), word = in(x_, detail::word_columns);
    return {row, in(bottom() - 1, detail::block_rows) - row + 1, word,
            in(right() - 1, detail::word_columns) - word + 1};
  }

  /// The mixed blocks, row-major: where the mask's memory begins.
  [[nodiscard]] const detail::Block* blocks() const {
    const auto address = reinterpret_cast<std::uintptr_t>(storage_.get());
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the next cache line
    return reinterpret_cast<const detail::Block*>((address + alignment) & ~std::uintptr_t{alignment});
  }

  /// Asks for what an intersection looks at first, a few masks ahead.
  void prefetch() const {
#if defined(__GNUC__)
    if (area_ != 0) __builtin_prefetch(blocks() + mixed_);  // its occupancy words
#endif
  }

  /// The occupancy words from (`row`, `word`) of the frame on, which must lie in `range`, this mask's.
  [[nodiscard]] detail::BlockGrid grid(const detail::BlockRange& range, std::int64_t row,
                                       std::int64_t word) const {
    const detail::Block* blocks = this->blocks();
    const auto* bits = reinterpret_cast<const detail::BlockBits*>(blocks + mixed_);
    const auto* first = reinterpret_cast<const std::uint32_t*>(bits + range.rows * range.words);
    const auto* areas = reinterpret_cast<const std::uint16_t*>(first + range.rows * range.words);
    const std::int64_t i = (row - range.row) * range.words + word - range.word;
    return {blocks, areas, bits + i, first + i, range.words};
  }

 private:
  friend class detail::Packer;

  [[nodiscard]] std::int64_t grid_words() const {
    const detail::BlockRange range = this->range();
    return range.rows * range.words;
  }

  static constexpr std::size_t alignment = 63;  // room to move the blocks to the next cache line

  static std::size_t storage_bytes(std::size_t mixed, std::int64_t grid) {
    return alignment + mixed * (sizeof(detail::Block) + sizeof(std::uint16_t)) +
           static_cast<std::size_t>(grid) * (sizeof(detail::BlockBits) + sizeof(std::uint32_t));
  }

  std::int64_t area_ = 0;
  std::int32_t x_ = 0, y_ = 0, width_ = 0, height_ = 0;
  std::uint32_t mixed_ = 0;
  std::shared_ptr<const std::byte[]> storage_;  // blocks [mixed_]; bits, first [rows, words]; areas [mixed_]
};

namespace detail {

/// The 64 blocks under one occupancy word of a mask.
struct WordBlocks {
  BlockBits bits;
  const Block* mixed = nullptr;  ///< the first of its mixed ones; the others follow in order

  /// One of the mask's own blocks, `full_block` or `empty_block`.
  [[nodiscard]] const Block& operator[](std::int64_t bit) const {
    if ((bits.some >> bit & 1) == 0) return empty_block;
    if ((bits.full >> bit & 1) != 0) return full_block;
    return mixed[count_bits(bits.some & ~bits.full & below<std::uint64_t>(bit))];
  }
};

/// A mask's blocks by their place in the frame, counted in blocks.
class BlocksOf {
 public:
  explicit BlocksOf(const PackedMask& mask)
      : range_(mask.range()), grid_(mask.grid(range_, range_.row, range_.word)) {}

  /// The 64 blocks under an occupancy word of the frame; nothing outside of the mask's own.
  [[nodiscard]] WordBlocks word(std::int64_t row, std::int64_t word) const {
    const std::int64_t i = index(row, word);
    return i < 0 ? WordBlocks{} : WordBlocks{grid_.bits[i], grid_.blocks + grid_.first[i]};
  }

  /// One of the mask's own blocks, `full_block`, or `empty_block`, everywhere outside too.
  [[nodiscard]] const Block& operator()(std::int64_t row, std::int64_t column) const {
    const std::int64_t i = index(row, column / 64);
    return i < 0 ? empty_block : WordBlocks{grid_.bits[i], grid_.blocks + grid_.first[i]}[column % 64];
  }

 private:
  [[nodiscard]] std::int64_t index(std::int64_t row, std::int64_t word) const {
    const std::int64_t r = row - range_.row, w = word - range_.word;
    return r < 0 || r >= range_.rows || w < 0 || w >= range_.words ? -1 : r * range_.words + w;
  }

  BlockRange range_;
  BlockGrid grid_;
};

/// Calls `visit(row, column, block)` for every block with pixels, row by row, each row from left to right.
template <class Visit>
void for_each_block(const PackedMask& mask, Visit&& visit) {
  const BlockRange range = mask.range();
  auto [mixed, areas, bits, first, stride] = mask.grid(range, range.row, range.word);
  for (std::int64_t row = range.row; row < range.row + range.rows; ++row)
    for (std::int64_t word = range.word; word < range.word + range.words; ++word) {
      const auto [some, full] = *bits++;
      for (std::uint64_t rest = some; rest != 0; rest &= rest - 1) {
        const int bit = std::countr_zero(rest);
        const bool is_full = (full >> bit & 1) != 0;
        visit(row, word * 64 + bit, is_full ? full_block : *mixed);
        if (!is_full) ++mixed;
      }
    }
}

}  // namespace detail
}  // namespace vislabel
