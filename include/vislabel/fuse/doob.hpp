/// DOOB: masks of one frame that neither overlap each other nor leave their annotated boxes.
///
/// Blocks, never dense frames: where several masks have pixels, they are split by the set of masks that
/// covers them (`mask/cover.hpp`), and every part goes to its owner. Each loser is then rebuilt once: its own
/// parts where a block is shared, its own block elsewhere, and nothing outside of its box.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>
#include <vislabel/core/exec.hpp>
#include <vislabel/core/rule.hpp>
#include <vislabel/fuse/scm.hpp>
#include <vislabel/mask/cover.hpp>
#include <vislabel/mask/crop.hpp>

namespace vislabel {

/// Options of `doob`.
struct DoobOptions {
  std::int64_t margin = 0;                   ///< pixels by which a box is grown before it cuts
  BoxOverlap box_overlap = BoxOverlap::iou;  ///< of an overlap's box with the annotated ones
  Rule rule = Rule::paper;                   ///< `reference`: box edges are truncated, not rounded outward
};

namespace detail {

/// The box around pixels of several blocks, grown block by block.
class GrowingBox {
 public:
  void add(std::int64_t row, std::int64_t column, const Block& block) {
    const std::uint32_t rows = rows_of(block);
    const std::int64_t y = row * block_rows, x = column * block_columns;
    top_ = std::min(top_, y + std::countr_zero(rows));
    bottom_ = std::max(bottom_, y + block_rows - std::countl_zero(rows));
    if (left_ <= x && x + block_columns <= right_) return;
    const auto set = [](std::uint32_t word) { return word != 0; };
    left_ = std::min(left_, x + (std::find_if(block.begin(), block.end(), set) - block.begin()));
    right_ = std::max(right_, x + (block.rend() - std::find_if(block.rbegin(), block.rend(), set)));
  }
  [[nodiscard]] Box box() const {
    return {static_cast<double>(left_), static_cast<double>(top_), static_cast<double>(right_ - left_),
            static_cast<double>(bottom_ - top_)};
  }

 private:
  std::int64_t left_ = INT64_MAX, top_ = INT64_MAX, right_ = 0, bottom_ = 0;
};

/// DOOB of one frame after the other.
class OverlapRemover {
 public:
  OverlapRemover(Size size, const DoobOptions& options)
      : size_(size),
        options_(options),
        packer_(size),
        shared_(static_cast<std::size_t>(ceil_divide(size.height, block_rows) * packer_.words_per_row())) {}

  /// *Shapes*: `masks` and `boxes` [N]; masks are replaced in their places.
  void run(std::span<PackedMask> masks, std::span<const Box> boxes) {
    sets_.clear(), parts_.clear();
    std::fill(shared_.begin(), shared_.end(), 0);
    add_cover_parts(masks, 2, sets_, parts_);
    for (const CoverPart& part : parts_)
      shared_[word_of(part.row, part.column)] |= std::uint64_t{1} << part.column % 64;
    find_owners(boxes);
    own_.assign(masks.size(), {});
    for (const CoverPart& part : parts_)
      own_[static_cast<std::size_t>(owners_[static_cast<std::size_t>(part.set)])].push_back(&part);
    for (std::size_t n = 0; n < masks.size(); ++n) {
      const PixelRectangle keep = pixels_of(boxes[n], size_, options_.margin, options_.rule);
      masks[n] = loses_[n] ? rebuilt(masks[n], own_[n], keep) : cropped(packer_, masks[n], keep);
    }
  }

 private:
  [[nodiscard]] std::size_t word_of(std::int64_t row, std::int64_t column) const {
    return static_cast<std::size_t>(row * packer_.words_per_row() + column / 64);
  }

  /// Whose every region is, and who loses one.
  void find_owners(std::span<const Box> boxes) {
    std::vector<GrowingBox> regions(static_cast<std::size_t>(sets_.count()));
    for (const CoverPart& part : parts_)
      if (sets_[part.set].size() > 1)
        regions[static_cast<std::size_t>(part.set)].add(part.row, part.column, part.pixels);
    owners_.clear();
    loses_.assign(boxes.size(), false);
    for (std::int32_t set = 0; set < sets_.count(); ++set) {
      owners_.push_back(owner_of(regions[static_cast<std::size_t>(set)].box(), sets_[set], boxes));
      for (const std::int32_t mask : sets_[set])
        if (mask != owners_.back()) loses_[static_cast<std::size_t>(mask)] = true;
    }
  }

  /// The member whose box overlaps most with the region's; ties: the lower index.
  [[nodiscard]] std::int32_t owner_of(const Box& region, std::span<const std::int32_t> members,
                                      std::span<const Box> boxes) const {
    std::int32_t owner = members.front();
    double most = -1;
    for (const std::int32_t mask : members) {  // the lowest comes last
      if (members.size() == 1) break;
      const double overlap =
          std::max(0.0, box_overlap(region, boxes[static_cast<std::size_t>(mask)], options_.box_overlap));
      if (overlap >= most) most = overlap, owner = mask;
    }
    return owner;
  }

  /// The mask's own parts of shared blocks, which come in the order of its blocks, and its other blocks; cut
  /// to the rectangle.
  [[nodiscard]] PackedMask rebuilt(const PackedMask& mask, std::span<const CoverPart* const> own,
                                   const PixelRectangle& keep) {
    auto next = own.begin();
    for_each_block(mask, [&](std::int64_t row, std::int64_t column, Block block) {
      if ((shared_[word_of(row, column)] >> column % 64 & 1) != 0) {
        block = empty_block;
        for (; next != own.end() && (*next)->row == row && (*next)->column == column; ++next)
          block = block_or(block, (*next)->pixels);
      }
      cut(block, row, column, keep);
      packer_.add(row, column, block);
    });
    return packer_.finish();
  }

  Size size_;
  DoobOptions options_;
  Packer packer_;
  MaskSets sets_;                      // that cover some pixels
  std::vector<std::uint64_t> shared_;  // a bit for every block of the frame where several masks have pixels
  std::vector<CoverPart> parts_;       // of those blocks
  std::vector<std::int32_t> owners_;   // of every set of masks
  std::vector<bool> loses_;            // per mask
  std::vector<std::vector<const CoverPart*>> own_;  // per mask
};

/// The masks of one frame, and whose they are: instances without a box there take no part.
struct AnnotatedFrame {
  std::vector<std::int64_t> instances;
  std::vector<PackedMask> masks;
  std::vector<Box> boxes;
};

[[nodiscard]] inline AnnotatedFrame annotated_frame(const Tracks& tracks, const BoxTracks& boxes,
                                                    std::int64_t t) {
  AnnotatedFrame frame;
  for (std::int64_t n = 0; n < tracks.count(); ++n) {
    const Tracks::Slot& mask = tracks(n, t);
    const BoxTracks::Slot& box = boxes(n, t);
    if (!mask || !box) continue;
    frame.instances.push_back(n);
    frame.masks.push_back(*mask);
    frame.boxes.push_back(*box);
  }
  return frame;
}

}  // namespace detail

/// Deletes what overlaps and what leaves the annotated boxes, frame by frame.
///
/// The pixels that exactly the same two or more masks cover are one region. It goes to the instance among
/// them whose annotated box overlaps most with the box around the region; the others lose it. After that each
/// mask loses its pixels outside of columns [floor(x) - margin, ceil(x + width) + margin) and rows likewise.
/// No two masks of a frame then share a pixel, none leaves its box, and no pixel is new.
///
/// *Shapes*: `tracks` and `boxes` [N, T]; out [N, T].
/// *Units and conventions*: ties go to the lower index. A mask may end up empty: it stays present. Without a
/// box an instance is absent, and takes no part in overlaps. Negative GIoU counts as 0.
/// *Source*: PM-VIS, Sec. III-D3; regions of three and more masks, ties and roundings are ours.
/// *Errors*: other shapes; a negative margin.
template <exec::Policy P>
[[nodiscard]] Tracks doob(P policy, const Tracks& tracks, const BoxTracks& boxes,
                          const DoobOptions& options = {}) {
  detail::require_boxes(boxes, tracks);
  detail::require(options.margin >= 0, "margin is ", options.margin, ", expected at least 0");
  std::vector<Tracks::Slot> slots(static_cast<std::size_t>(tracks.count() * tracks.frames()));
  exec::for_each(
      policy, tracks.frames(), tracks.count() * 5'000,
      [&] { return detail::OverlapRemover(tracks.size(), options); },
      [&](detail::OverlapRemover& remover, std::int64_t t) {
        detail::AnnotatedFrame frame = detail::annotated_frame(tracks, boxes, t);
        remover.run(frame.masks, frame.boxes);
        for (std::size_t k = 0; k < frame.masks.size(); ++k)
          slots[static_cast<std::size_t>(frame.instances[k] * tracks.frames() + t)] =
              std::move(frame.masks[k]);
      });
  return {tracks.size(), tracks.count(), tracks.frames(), std::move(slots)};
}

}  // namespace vislabel
