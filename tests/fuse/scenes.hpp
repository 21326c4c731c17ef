/// Random scenes under box annotations, and PM-VIS's scores on dense masks: slow, and as the paper writes
/// them.
#pragma once

#include <algorithm>
#include <cmath>
#include <oracle.hpp>
#include <vislabel/fuse/pseudo_masks.hpp>

namespace oracle {

using vislabel::Box;
using vislabel::BoxOverlap;
using vislabel::BoxTracks;

/// Boxes of every kind: in, over and outside of the frame, with fractions, without area, none.
inline BoxTracks random_boxes(Random& random, Size size, std::int64_t count, std::int64_t frames) {
  std::vector<BoxTracks::Slot> boxes;
  for (std::int64_t i = 0; i < count * frames; ++i) {
    const auto edge = [&](std::int64_t length, std::int64_t low) {
      const std::int64_t quarters = random.between(low, 4 * length + 4);
      return static_cast<double>(random.one_in(2) ? quarters - quarters % 4 : quarters) / 4;
    };
    Box box{edge(size.width, -4), edge(size.height, -4), edge(size.width, 0), edge(size.height, 0)};
    if (random.one_in(12)) box.width = 0;
    if (random.one_in(12)) box.x = static_cast<double>(2 * size.width);
    boxes.push_back(random.one_in(8) ? BoxTracks::Slot{} : box);
  }
  return {count, frames, std::move(boxes)};
}

/// A source that mostly sees what another one sees: ties, and much in common.
inline DenseTracks similar(Random& random, const DenseTracks& tracks) {
  DenseTracks out = tracks;
  for (Slot& slot : out.slots) {
    if (random.one_in(6)) slot = random.one_in(2) ? Slot{} : Slot(Dense(tracks.size));
    if (slot && random.one_in(2) && tracks.size.pixels() > 0)
      (*slot)(random.below(tracks.size.height), random.below(tracks.size.width)) ^= 1;
  }
  return out;
}

inline double box_iou(const Box& a, const Box& b, BoxOverlap kind) {
  const double width = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
  const double height = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
  const double common = std::max(0.0, width) * std::max(0.0, height);
  const double together = a.width * a.height + b.width * b.height - common;
  const double iou = together > 0 ? common / together : 0;
  if (kind == BoxOverlap::iou) return iou;
  const double hull = (std::max(a.x + a.width, b.x + b.width) - std::min(a.x, b.x)) *
                      (std::max(a.y + a.height, b.y + b.height) - std::min(a.y, b.y));
  return std::max(0.0, hull > 0 ? iou - (hull - together) / hull : 0);
}

inline double agreement(const Slot& mask, const BoxTracks::Slot& gt, BoxOverlap kind) {
  return mask && gt && area(*mask) > 0 ? box_iou(box(*mask), *gt, kind) : 0;
}

/// Eq. 4 and 5.
inline double scm(const Slot& a, const Slot& b, const BoxTracks::Slot& gt,
                  BoxOverlap kind = BoxOverlap::iou) {
  return frame_iou(a, b) * (agreement(a, gt, kind) * agreement(b, gt, kind));
}

inline std::vector<Tracks> packed(const std::vector<DenseTracks>& sources) {
  std::vector<Tracks> out;
  for (const DenseTracks& source : sources) out.push_back(packed(source));
  return out;
}

/// S sources of one random scene.
inline std::vector<DenseTracks> random_sources(Random& random, Size size, std::int64_t sources,
                                               std::int64_t count, std::int64_t frames) {
  std::vector<DenseTracks> out{random_tracks(random, size, count, frames)};
  while (static_cast<std::int64_t>(out.size()) < sources)
    out.push_back(random.one_in(2) ? similar(random, out.front())
                                   : random_tracks(random, size, count, frames));
  return out;
}

}  // namespace oracle
