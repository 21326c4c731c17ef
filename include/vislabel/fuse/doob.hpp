/// DOOB: masks of one frame that neither overlap each other nor leave their annotated boxes.
///
/// Blocks, never dense frames: what several masks cover is split by the set of masks that covers it
/// (`mask/cover.hpp`), every part goes to its owner, and each loser is rebuilt once, without what it lost and
/// without what lies outside of its box.
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
    std::uint32_t rows = 0, columns = 0;
    for (std::size_t c = 0; c < block.size(); ++c) {
      rows |= block[c];
      columns |= (block[c] != 0 ? 1U : 0U) << c;
    }
    const std::int64_t y = row * block_rows, x = column * block_columns;
    top_ = std::min(top_, y + std::countr_zero(rows));
    bottom_ = std::max(bottom_, y + block_rows - std::countl_zero(rows));
    left_ = std::min(left_, x + std::countr_zero(columns));
    right_ = std::max(right_, x + 32 - std::countl_zero(columns));
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
  OverlapRemover(Size size, const DoobOptions& options) : size_(size), options_(options), packer_(size) {}

  /// *Shapes*: `masks` and `boxes` [N]; masks are replaced in their places.
  void run(std::span<PackedMask> masks, std::span<const Box> boxes) {
    MaskSets sets(static_cast<std::int32_t>(masks.size()));
    parts_.clear();
    for_each_cover_part(masks, 2, sets, [&](const CoverPart& part) { parts_.push_back(part); });
    const std::vector<std::int32_t> owners = find_owners(sets, boxes);
    lost_.assign(masks.size(), {});
    for (const CoverPart& part : parts_)
      sets.for_each_member(part.set, [&](std::int32_t mask) {
        if (mask != owners[static_cast<std::size_t>(part.set)])
          lost_[static_cast<std::size_t>(mask)].push_back(&part);
      });
    for (std::size_t n = 0; n < masks.size(); ++n)
      masks[n] = reduced(masks[n], lost_[n], pixels_of(boxes[n], size_, options_.margin, options_.rule));
  }

 private:
  /// For every set of masks that covers a region: whose box overlaps most with the region's, ties to the
  /// lower index.
  [[nodiscard]] std::vector<std::int32_t> find_owners(const MaskSets& sets,
                                                      std::span<const Box> boxes) const {
    std::vector<GrowingBox> regions(static_cast<std::size_t>(sets.count()));
    std::vector<std::int32_t> owners(regions.size(), -1);
    for (const CoverPart& part : parts_) {
      const auto set = static_cast<std::size_t>(part.set);
      regions[set].add(part.row, part.column, part.pixels);
      owners[set] = 0;
    }
    for (std::int32_t set = 0; set < sets.count(); ++set) {
      std::int32_t& owner = owners[static_cast<std::size_t>(set)];
      if (owner < 0) continue;
      const Box region = regions[static_cast<std::size_t>(set)].box();
      double most = -1;
      sets.for_each_member(set, [&](std::int32_t mask) {  // the lowest index comes last
        const Box& box = boxes[static_cast<std::size_t>(mask)];
        const double overlap = std::max(0.0, box_overlap(region, box, options_.box_overlap));
        if (overlap >= most) most = overlap, owner = mask;
      });
    }
    return owners;
  }

  /// The mask without the lost parts, which are in the order of its blocks, and cut to the rectangle.
  [[nodiscard]] PackedMask reduced(const PackedMask& mask, std::span<const CoverPart* const> lost,
                                   const PixelRectangle& keep) {
    if (lost.empty()) return cropped(packer_, mask, keep);
    std::size_t next = 0;
    for_each_block(mask, [&](std::int64_t row, std::int64_t column, Block block) {
      for (; next < lost.size() && lost[next]->row == row && lost[next]->column == column; ++next)
        for (std::size_t c = 0; c < block.size(); ++c) block[c] &= ~lost[next]->pixels[c];
      cut(block, row, column, keep);
      packer_.add(row, column, block);
    });
    return packer_.finish();
  }

  Size size_;
  DoobOptions options_;
  Packer packer_;
  std::vector<CoverPart> parts_;
  std::vector<std::vector<const CoverPart*>> lost_;
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
  for (std::int64_t n = 0; n < tracks.count(); ++n)
    if (tracks.present(n, t) && boxes(n, t)) {
      frame.instances.push_back(n);
      frame.masks.push_back(*tracks(n, t));
      frame.boxes.push_back(*boxes(n, t));
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
