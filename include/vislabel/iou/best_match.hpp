/// For every track the one of another set that it fits best over the whole video: the truth that a prediction
/// is judged by.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>
#include <vislabel/core/exec.hpp>
#include <vislabel/core/rule.hpp>
#include <vislabel/iou/tables.hpp>
#include <vislabel/iou/track_iou.hpp>
#include <vislabel/track/tracks.hpp>

namespace vislabel {

/// Options of `best_match`.
struct BestMatchOptions {
  EmptyPair empty_pair = EmptyPair::zero;
  Rule rule = Rule::paper;  ///< of several equally good tracks, `paper` takes the first, `reference` the last
};

/// What `best_match` finds.
struct BestMatch {
  std::vector<std::int64_t> match;  ///< [N] the best track; -1: there are none
  Table iou;                        ///< [N, T] the frame IoUs with it; 0 where there is none
};

namespace detail {

/// Compares masks of one video, a frame at a time, with every track of `truth`, and keeps the best track.
class BestTrack {
 public:
  BestTrack(const Tracks& truth, const BestMatchOptions& options)
      : truth_(truth), options_(options), iou_(static_cast<std::size_t>(truth.frames())) {}

  /// `slot(t)` is the mask of frame t; `left_out(t)` are frames that do not count: NaN in `best`.
  ///
  /// *Shapes*: `best` [T]: the frame IoUs with the track that is returned.
  template <class SlotAt, class LeftOut>
  std::int64_t find(SlotAt&& slot, LeftOut&& left_out, double* best) {
    std::int64_t index = -1;
    double largest = 0;
    for (std::int64_t t = 0; t < truth_.frames(); ++t)
      best[t] = left_out(t) ? std::numeric_limits<double>::quiet_NaN() : 0.0;
    for (std::int64_t g = 0; g < truth_.count(); ++g) {
      double sum = 0;
      for (std::int64_t t = 0; t < truth_.frames(); ++t)
        if (!left_out(t))
          sum += iou_[static_cast<std::size_t>(t)] =
              frame_quotient(slot(t), truth_(g, t), options_.empty_pair);
      const double mean = truth_.frames() > 0 ? sum / static_cast<double>(truth_.frames()) : 0.0;
      const bool better = options_.rule == Rule::paper ? mean > largest : mean >= largest;
      if (index >= 0 && !better) continue;
      index = g, largest = mean;
      for (std::int64_t t = 0; t < truth_.frames(); ++t)
        if (!left_out(t)) best[t] = iou_[static_cast<std::size_t>(t)];
    }
    return index;
  }

 private:
  const Tracks& truth_;
  BestMatchOptions options_;
  std::vector<double> iou_;  // of one track
};

}  // namespace detail

/// For every track of `a` the track of `b` with the largest mean frame IoU.
///
/// *Shapes*: `a` [N, T], `b` [M, T].
/// *Units and conventions*: the mean is over all T frames, as in `track_iou` with `frame_mean`.
/// *Source*: AutoQ-VIS, Fig. 4 and its quality target: what a predicted quality is compared with.
/// *Errors*: different sizes or numbers of frames.
template <exec::Policy P>
[[nodiscard]] BestMatch best_match(P policy, const Tracks& a, const Tracks& b,
                                   const BestMatchOptions& options = {}) {
  detail::require_same_video(a, b);
  BestMatch out{std::vector<std::int64_t>(static_cast<std::size_t>(a.count())), Table(a.count(), a.frames())};
  exec::for_each(
      policy, a.count(), b.count() * a.frames() * detail::frame_ns,
      [&] { return detail::BestTrack(b, options); },
      [&](detail::BestTrack& best, std::int64_t n) {
        out.match[static_cast<std::size_t>(n)] =
            best.find([&](std::int64_t t) -> const Tracks::Slot& { return a(n, t); },
                      [](std::int64_t) { return false; }, out.iou.row(n).data());
      });
  return out;
}

}  // namespace vislabel
