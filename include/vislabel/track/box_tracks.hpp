/// Box annotations of one video: what a box-supervised method is given in place of masks.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>
#include <vislabel/core/box.hpp>
#include <vislabel/track/tracks.hpp>

namespace vislabel {

/// N instances over T frames, each frame a box or none: the instance is not annotated there (null in a file).
class BoxTracks {
 public:
  using Slot = std::optional<Box>;

  /// No instances over no frames.
  BoxTracks() = default;

  /// *Shapes*: `boxes` [N, T] in C order.
  /// *Units and conventions*: boxes may lie partly or wholly outside of the frame, have fractions of pixels,
  /// or no area. *Errors*: a number of slots other than N * T; a box that is not finite, 1e100 or beyond, or
  /// has a negative side.
  BoxTracks(std::int64_t count, std::int64_t frames, std::vector<Slot> boxes)
      : count_(count), frames_(frames), boxes_(std::move(boxes)) {
    detail::require_shape(count, frames, boxes_.size(), "boxes");
    for (std::int64_t n = 0; n < count; ++n)
      for (std::int64_t t = 0; t < frames; ++t) {
        const Slot& box = (*this)(n, t);
        if (box) detail::require_box(*box, 1e100, "boxes[", n, "][", t, "]");
      }
  }

  [[nodiscard]] std::int64_t count() const { return count_; }    ///< N
  [[nodiscard]] std::int64_t frames() const { return frames_; }  ///< T

  [[nodiscard]] const Slot& operator()(std::int64_t n, std::int64_t t) const {
    return boxes_[static_cast<std::size_t>(n * frames_ + t)];
  }

  friend bool operator==(const BoxTracks&, const BoxTracks&) = default;

 private:
  std::int64_t count_ = 0, frames_ = 0;
  std::vector<Slot> boxes_;
};

/// The boxes around the masks of tracks; none where a mask is absent or empty.
///
/// *Shapes*: `tracks` [N, T]; out [N, T].
[[nodiscard]] inline BoxTracks boxes_of(const Tracks& tracks) {
  std::vector<BoxTracks::Slot> boxes;
  boxes.reserve(static_cast<std::size_t>(tracks.count() * tracks.frames()));
  for (std::int64_t n = 0; n < tracks.count(); ++n)
    for (std::int64_t t = 0; t < tracks.frames(); ++t) {
      const Tracks::Slot& mask = tracks(n, t);
      boxes.push_back(mask && !mask->empty() ? BoxTracks::Slot(mask->box()) : std::nullopt);
    }
  return {tracks.count(), tracks.frames(), std::move(boxes)};
}

namespace detail {

/// One row of masks per annotated instance, over the same frames. `name` is what the caller calls the masks.
inline void require_boxes(const BoxTracks& boxes, const Tracks& tracks, const char* name = "tracks") {
  require(boxes.count() == tracks.count() && boxes.frames() == tracks.frames(), name, " is [", tracks.count(),
          ", ", tracks.frames(),
          "], expected one row per instance and one column per frame "
          "of boxes ([",
          boxes.count(), ", ", boxes.frames(), "])");
}

}  // namespace detail
}  // namespace vislabel
