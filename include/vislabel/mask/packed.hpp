/// One packed mask and the builder that makes it. Every dense, RLE or boolean source ends here, and every
/// intersection reads from here.
///
/// Pixels live in blocks of 32 rows x 16 columns (one cache line), aligned to the frame, so that blocks of
/// two masks meet without shifts. Only the block rows and occupancy words that the mask's box touches are
/// kept. Two bits say what a block is: empty (neither), full (all 512 pixels; nothing stored) or mixed
/// (stored). The inside of an object therefore costs two bits per 512 pixels, in memory and in every
/// intersection; its boundary costs the rest.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <numeric>
#include <span>
#include <vector>
#include <vislabel/core/box.hpp>
#include <vislabel/core/cpu.hpp>
#include <vislabel/core/size.hpp>

namespace vislabel {

namespace detail {

inline constexpr std::int64_t block_rows = 32;                    ///< pixel rows in a block
inline constexpr std::int64_t block_columns = 16;                 ///< pixel columns in a block
inline constexpr std::int64_t word_columns = 64 * block_columns;  ///< pixel columns under one occupancy word
inline constexpr Block empty_block{};
inline constexpr Block full_block = [] {
  Block block{};
  block.fill(~std::uint32_t{0});
  return block;
}();

[[nodiscard]] constexpr std::int64_t ceil_divide(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// The bits below `bit`, which is less than the number of bits of a word.
template <class Word>
[[nodiscard]] constexpr Word below(std::int64_t bit) {
  return (Word{1} << bit) - 1;
}

/// Which block rows and occupancy words of the frame a mask keeps: [row, row + rows) and [word, word +
/// words).
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
    const std::int64_t row = y_ / detail::block_rows, last_row = (bottom() - 1) / detail::block_rows;
    const std::int64_t word = x_ / detail::word_columns, last_word = (right() - 1) / detail::word_columns;
    return {row, last_row - row + 1, word, last_word - word + 1};
  }

  /// The mixed blocks, row-major.
  [[nodiscard]] const detail::Block* blocks() const {
    const auto address = reinterpret_cast<std::uintptr_t>(storage_.get());
    return reinterpret_cast<const detail::Block*>((address + alignment) & ~std::uintptr_t{alignment});
  }
  /// One bit per block: has any pixel. [rows, words] of `range()`, row-major.
  [[nodiscard]] const std::uint64_t* some() const {
    return reinterpret_cast<const std::uint64_t*>(blocks() + mixed_);
  }
  /// One bit per block: has all 512 pixels.
  [[nodiscard]] const std::uint64_t* full() const { return some() + grid_words(); }
  /// The index in `blocks()` of the first mixed block of each occupancy word; the others follow in order.
  [[nodiscard]] const std::uint32_t* first() const {
    return reinterpret_cast<const std::uint32_t*>(full() + grid_words());
  }

  /// Set pixels of each mixed block: what it shares with a full one.
  [[nodiscard]] const std::uint16_t* areas() const {
    return reinterpret_cast<const std::uint16_t*>(first() + grid_words());
  }

  /// The place in `blocks()` of a mixed block: occupancy word `i`, bit `bit`.
  [[nodiscard]] std::uint32_t place(std::int64_t i, unsigned bit) const {
    const std::uint64_t mixed = some()[i] & ~full()[i];
    return first()[i] + detail::count_bits(mixed & detail::below<std::uint64_t>(bit));
  }

  /// Block (`row`, `column`) in blocks of the frame, zeros where nothing is stored.
  [[nodiscard]] const detail::Block& block(std::int64_t row, std::int64_t column) const {
    const detail::BlockRange range = this->range();
    const std::int64_t r = row - range.row, w = column / 64 - range.word;
    if (r < 0 || r >= range.rows || w < 0 || w >= range.words) return detail::empty_block;
    const std::int64_t i = r * range.words + w;
    const auto bit = static_cast<unsigned>(column % 64);
    if ((some()[i] >> bit & 1) == 0) return detail::empty_block;
    return (full()[i] >> bit & 1) != 0 ? detail::full_block : blocks()[place(i, bit)];
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
           static_cast<std::size_t>(grid) * (2 * sizeof(std::uint64_t) + sizeof(std::uint32_t));
  }

  std::int64_t area_ = 0;
  std::int32_t x_ = 0, y_ = 0, width_ = 0, height_ = 0;
  std::uint32_t mixed_ = 0;
  std::shared_ptr<const std::byte[]>
      storage_;  // blocks [mixed_]; some, full, first [rows, words]; areas [mixed_]
};

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

/// |a & b| of two masks of the same size: the integer that every IoU of the library starts from.
///
/// *Cost*: the occupancy words of the common box; 64 bytes of each mask per block that is mixed in one of
/// them.
[[nodiscard]] inline std::int64_t intersection_area(const PackedMask& a, const PackedMask& b);

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

inline std::int64_t intersection_area(const PackedMask& a, const PackedMask& b) {
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
