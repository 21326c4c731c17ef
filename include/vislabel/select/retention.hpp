/// Which detections and frames of a video enter the training set, as the AutoQ-VIS paper says and as its code
/// does.
#pragma once

#include <boost/dynamic_bitset.hpp>
#include <cstdint>
#include <vector>
#include <vislabel/core/rule.hpp>
#include <vislabel/iou/tables.hpp>
#include <vislabel/select/quality.hpp>
#include <vislabel/track/tracks.hpp>

namespace vislabel {

/// Options of `retain`.
struct RetentionOptions {
  double threshold = 0.75;  ///< AutoQ-VIS, Table 5
  Rule rule = Rule::paper;
};

/// What `retain` decides.
struct Retention {
  Tracks tracks;                     ///< [K, T'] the staying detections, in the frames of `frames`
  std::vector<std::int64_t> kept;    ///< [K] their indices
  BoolTable selected;                ///< [N, T] where each detection's quality reaches the threshold
  std::vector<std::int64_t> frames;  ///< [T'] the frames that stay
};

namespace detail {

[[nodiscard]] inline std::vector<std::int64_t> rows_with_at_least(const BoolTable& selected,
                                                                  Eigen::Index least) {
  std::vector<std::int64_t> rows;
  for (Eigen::Index n = 0; n < selected.rows(); ++n)
    if (selected.row(n).count() >= least) rows.push_back(n);
  return rows;
}

/// The frames in which every staying detection is selected or has no pixel.
[[nodiscard]] inline boost::dynamic_bitset<> clean_frames(const Tracks& tracks, const BoolTable& selected,
                                                          const std::vector<std::int64_t>& kept) {
  boost::dynamic_bitset<> clean(static_cast<std::size_t>(tracks.frames()));
  clean.set();
  for (const std::int64_t n : kept)
    for (std::int64_t t = 0; t < tracks.frames(); ++t)
      if (!selected(n, t) && tracks.area(n, t) > 0) clean.reset(static_cast<std::size_t>(t));
  return clean;
}

[[nodiscard]] inline Retention retain_as_paper(const Tracks& tracks, BoolTable selected) {
  const std::vector<std::int64_t> kept = rows_with_at_least(selected, 1);
  std::vector<Tracks::Slot> slots;
  slots.reserve(kept.size() * static_cast<std::size_t>(tracks.frames()));
  std::vector<std::int64_t> frames;
  for (std::int64_t t = 0; t < tracks.frames(); ++t) frames.push_back(t);
  for (const std::int64_t n : kept)
    for (std::int64_t t = 0; t < tracks.frames(); ++t)
      slots.push_back(selected(n, t) ? tracks(n, t) : Tracks::Slot{});
  Tracks staying(tracks.size(), static_cast<std::int64_t>(kept.size()), tracks.frames(), std::move(slots));
  return {std::move(staying), kept, std::move(selected), std::move(frames)};
}

[[nodiscard]] inline Retention retain_as_reference(const Tracks& tracks, BoolTable selected) {
  constexpr std::size_t fewest = 2;  // frames of a detection, and frames of a video
  std::vector<std::int64_t> kept = rows_with_at_least(selected, fewest);
  const boost::dynamic_bitset<> clean = clean_frames(tracks, selected, kept);
  std::vector<std::int64_t> frames;
  if (clean.count() >= fewest && !kept.empty())
    for (auto t = clean.find_first(); t != boost::dynamic_bitset<>::npos; t = clean.find_next(t))
      frames.push_back(static_cast<std::int64_t>(t));
  else
    kept.clear();
  Tracks staying = tracks.select(kept).select_frames(frames);
  return {std::move(staying), std::move(kept), std::move(selected), std::move(frames)};
}

}  // namespace detail

/// Keeps the detections that are good enough to learn from.
///
/// `Rule::paper`: a detection stays iff it is selected in at least one frame; its other frames become absent;
/// all frames stay. `Rule::reference`: a detection stays iff it is selected in at least two frames; a frame
/// stays iff every staying detection is selected there or has no pixel there; with fewer than two frames, or
/// no staying detection, nothing stays.
///
/// *Shapes*: `tracks` [N, T]; `quality` [N, T].
/// *Source*: AutoQ-VIS, supplement Eq. 21-22; `reference`: its published code.
/// *Errors*: NaN in the quality or the threshold; shapes that do not fit.
[[nodiscard]] inline Retention retain(const Tracks& tracks, const Eigen::Ref<const Table>& quality,
                                      const RetentionOptions& options = {}) {
  BoolTable good = selected(tracks, quality, options.threshold);
  return options.rule == Rule::paper ? detail::retain_as_paper(tracks, std::move(good))
                                     : detail::retain_as_reference(tracks, std::move(good));
}

}  // namespace vislabel
