/// Keyframes: from which frames of an instance to start a tracker, and how the tracks that it makes from
/// several of them become one again. The tracker is the caller's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <span>
#include <utility>
#include <vector>
#include <vislabel/core/exec.hpp>
#include <vislabel/fuse/shqm.hpp>
#include <vislabel/iou/tables.hpp>

namespace vislabel {

/// How keyframes lie in a video.
enum class Spread {
  top,          ///< the frames of highest SCM, best first
  per_segment,  ///< the best frame of each of as many equal parts of the video, in order
};

/// Options of `keyframes`.
struct KeyframeOptions {
  std::int64_t every = 10;  ///< K: one keyframe per so many frames. PM-VIS: 10 on YouTube-VIS, 100 on OVIS
  Spread spread = Spread::top;
};

/// Chooses the keyframes of every instance: max(1, floor(T / K)) frames of highest SCM.
///
/// *Shapes*: `scm` [N, T]; out [N, max(1, T / K)], frames; [N, 0] where there is no frame.
/// *Units and conventions*: ties: the earlier frame. Part s of k is [s * T / k, (s + 1) * T / k).
/// *Source*: PM-VIS, Sec. III-C3; the spread per segment is ours.
/// *Errors*: NaN; `every` below 1.
[[nodiscard]] inline IndexTable keyframes(const Eigen::Ref<const Table>& scm,
                                          const KeyframeOptions& options = {}) {
  detail::require(options.every >= 1, "every is ", options.every, ", expected at least 1");
  detail::require(!scm.isNaN().any(), "scm has NaN, expected numbers");
  const std::int64_t frames = scm.cols();
  const std::int64_t count = frames == 0 ? 0 : std::max<std::int64_t>(1, frames / options.every);
  IndexTable chosen(scm.rows(), count);
  std::vector<std::int64_t> order(static_cast<std::size_t>(frames));
  for (Eigen::Index n = 0; n < scm.rows(); ++n) {
    const auto better = [&](std::int64_t a, std::int64_t b) { return scm(n, a) > scm(n, b); };
    std::iota(order.begin(), order.end(), std::int64_t{0});
    if (options.spread == Spread::top) {
      std::stable_sort(order.begin(), order.end(), better);
      std::copy_n(order.begin(), count, chosen.row(n).begin());
    } else {
      for (std::int64_t s = 0; s < count; ++s)
        chosen(n, s) = *std::min_element(order.begin() + s * frames / count,
                                         order.begin() + (s + 1) * frames / count, better);
    }
  }
  return chosen;
}

/// Which of several keyframes' tracks counts in a frame.
enum class KeyframeChoice {
  nearest,  ///< that of the nearest keyframe; ties: the earlier keyframe, then the lower track
  shqm,     ///< the one that agrees best with the others
};

/// Options of `fuse_keyframes`.
struct FuseKeyframesOptions {
  KeyframeChoice by = KeyframeChoice::nearest;
  const BoxTracks* boxes = nullptr;          ///< [N, T], needed for `shqm`
  BoxOverlap box_overlap = BoxOverlap::iou;  ///< in SHQM
};

/// What `fuse_keyframes` makes.
struct FusedKeyframes {
  Tracks tracks;      ///< [N, T]
  IndexTable winner;  ///< [N, T] whose track it is; -1: absent
};

namespace detail {

/// The track of the nearest keyframe among those present in frame t, -1: none.
[[nodiscard]] inline std::int64_t nearest_keyframe(std::span<const Tracks> tracks,
                                                   const Eigen::Ref<const IndexTable>& keyframes,
                                                   std::int64_t n, std::int64_t t) {
  std::int64_t best = -1;
  for (std::int64_t k = 0; k < keyframes.cols(); ++k) {
    const std::int64_t frame = keyframes(n, k);
    if (frame < 0 || !tracks[static_cast<std::size_t>(k)].present(n, t)) continue;
    const auto order = [&](std::int64_t start) { return std::pair(std::abs(t - start), start); };
    if (best < 0 || order(frame) < order(keyframes(n, best))) best = k;
  }
  return best;
}

/// The tracks without those that have no keyframe.
[[nodiscard]] inline Tracks started(const Tracks& tracks, const Eigen::Ref<const IndexTable>& keyframes,
                                    std::int64_t k) {
  if (keyframes.rows() == 0 || (keyframes.col(k) >= 0).all()) return tracks;
  std::vector<Tracks::Slot> slots(static_cast<std::size_t>(tracks.count() * tracks.frames()));
  for (std::int64_t n = 0; n < tracks.count(); ++n)
    for (std::int64_t t = 0; t < tracks.frames() && keyframes(n, k) >= 0; ++t)
      slots[static_cast<std::size_t>(n * tracks.frames() + t)] = tracks(n, t);
  return {tracks.size(), tracks.count(), tracks.frames(), std::move(slots)};
}

inline void require_keyframes(std::span<const Tracks> tracks, const Eigen::Ref<const IndexTable>& keyframes) {
  require(!tracks.empty(), "tracks is empty, expected the tracks of at least 1 keyframe");
  for (std::size_t k = 0; k < tracks.size(); ++k) {
    require_same_video(tracks[k], text("tracks[", k, "]").c_str(), tracks[0], "tracks[0]");
    require(tracks[k].count() == tracks[0].count(), "tracks[", k, "] has ", tracks[k].count(),
            " instances, expected ", tracks[0].count(), " as tracks[0]");
  }
  require(keyframes.rows() == tracks.front().count() &&
              keyframes.cols() == static_cast<std::int64_t>(tracks.size()),
          "keyframes is [", keyframes.rows(), ", ", keyframes.cols(), "], expected [", tracks.front().count(),
          ", ", tracks.size(), "]: one per instance and track");
  for (Eigen::Index n = 0; n < keyframes.rows(); ++n)
    for (Eigen::Index k = 0; k < keyframes.cols(); ++k)
      require(keyframes(n, k) >= -1 && keyframes(n, k) < tracks.front().frames(), "keyframes[", n, "][", k,
              "] is ", keyframes(n, k), ", expected a frame below ", tracks.front().frames(),
              ", or -1: no track");
}

}  // namespace detail

/// Makes one track of the tracks that were started from several keyframes of each instance.
///
/// *Shapes*: `tracks` K tracks of [N, T]; `keyframes` [N, K]: row n of track k was started from that frame,
/// -1: it was not started. *Units and conventions*: absent masks are no candidates. *Source*: PM-VIS,
/// Sec. III-C3 ("the tracked results are amalgamated"); the two ways are ours.
/// *Errors*: different sizes, numbers of instances or of frames; a keyframe outside of the video; SHQM
/// without boxes.
template <exec::Policy P>
[[nodiscard]] FusedKeyframes fuse_keyframes(P policy, std::span<const Tracks> tracks,
                                            const Eigen::Ref<const IndexTable>& keyframes,
                                            const FuseKeyframesOptions& options = {}) {
  detail::require_keyframes(tracks, keyframes);
  if (options.boxes != nullptr) detail::require_boxes(*options.boxes, tracks.front());
  if (options.by == KeyframeChoice::shqm) {
    detail::require(options.boxes != nullptr, "boxes is missing: shqm needs the annotated boxes");
    std::vector<Tracks> sources;
    for (std::int64_t k = 0; k < keyframes.cols(); ++k)
      sources.push_back(detail::started(tracks[static_cast<std::size_t>(k)], keyframes, k));
    FusedTracks fused = detail::best_supported(policy, sources, *options.boxes, options.box_overlap);
    return {std::move(fused.tracks), std::move(fused.winner)};
  }
  const std::int64_t rows = tracks.front().count(), frames = tracks.front().frames();
  IndexTable winner(rows, frames);
  std::vector<Tracks::Slot> slots(static_cast<std::size_t>(rows * frames));
  exec::for_each(policy, rows, frames * (10 * keyframes.cols() + 20), [&](std::int64_t n) {
    for (std::int64_t t = 0; t < frames; ++t) {
      const std::int64_t best = winner(n, t) = detail::nearest_keyframe(tracks, keyframes, n, t);
      if (best >= 0)
        slots[static_cast<std::size_t>(n * frames + t)] = tracks[static_cast<std::size_t>(best)](n, t);
    }
  });
  return {Tracks(tracks.front().size(), rows, frames, std::move(slots)), std::move(winner)};
}

}  // namespace vislabel
