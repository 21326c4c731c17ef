/// AutoQ-VIS's non-maximum suppression of whole tracks: a detection falls as soon as it overlaps a better one
/// in a single frame.
#pragma once

#include <algorithm>
#include <boost/dynamic_bitset.hpp>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>
#include <vislabel/core/exec.hpp>
#include <vislabel/iou/track_iou.hpp>
#include <vislabel/select/suppress.hpp>
#include <vislabel/track/tracks.hpp>

namespace vislabel {

/// Options of `spatiotemporal_nms`; the defaults are the paper's (AutoQ-VIS, supplement Eq. 16-18).
struct NmsOptions {
  double iou_threshold = 0.5;
  double score_threshold = 0.25;  ///< detections below it are dropped first
  OverTime over_time = OverTime::any_frame;
  Suppress suppress = Suppress::at_least;
  /// A class per detection: only detections of one class suppress each other. [N], or empty: no classes.
  std::span<const std::int64_t> labels = {};
};

/// What `spatiotemporal_nms` decides.
struct NmsResult {
  std::vector<std::int64_t> kept;           ///< indices of the kept detections, best score first
  std::vector<std::int64_t> suppressed_by;  ///< [N] the kept detection that suppressed each one, or -1
};

namespace detail {

/// Answers "does track m overlap track n enough", with as little counting as the question allows.
class OverlapTest {
 public:
  OverlapTest(const Tracks& tracks, const NmsOptions& options) : tracks_(tracks), options_(options) {
    for (std::int64_t n = 0; n < tracks.count(); ++n) {
      boost::dynamic_bitset<>& frames = seen_.emplace_back(static_cast<std::size_t>(tracks.frames()));
      for (std::int64_t t = 0; t < tracks.frames(); ++t)
        if (tracks.area(n, t) > 0) frames.set(static_cast<std::size_t>(t));
    }
  }

  [[nodiscard]] bool operator()(std::int64_t n, std::int64_t m) const {
    if (enough(0.0)) return tracks_.frames() > 0 || options_.over_time != OverTime::any_frame;
    const auto &a = seen_[static_cast<std::size_t>(n)], &b = seen_[static_cast<std::size_t>(m)];
    if (!a.intersects(b)) return false;
    if (options_.over_time == OverTime::any_frame) return in_any_frame(n, m);
    if (!enough(bound(n, m))) return false;
    return enough(pair_iou(tracks_, n, tracks_, m, {options_.over_time, EmptyPair::zero}));
  }

  /// In how many frames both tracks have pixels: what a test of the pair costs at most.
  [[nodiscard]] std::int64_t common_frames(std::int64_t n, std::int64_t m) const {
    const auto &a = seen_[static_cast<std::size_t>(n)], &b = seen_[static_cast<std::size_t>(m)];
    return static_cast<std::int64_t>((a & b).count());
  }

 private:
  [[nodiscard]] bool enough(double iou) const {
    return options_.suppress == Suppress::at_least ? iou >= options_.iou_threshold
                                                   : iou > options_.iou_threshold;
  }

  [[nodiscard]] bool in_any_frame(std::int64_t n, std::int64_t m) const {
    const boost::dynamic_bitset<> both =
        seen_[static_cast<std::size_t>(n)] & seen_[static_cast<std::size_t>(m)];
    for (auto t = both.find_first(); t != boost::dynamic_bitset<>::npos; t = both.find_next(t)) {
      const auto frame = static_cast<std::int64_t>(t);
      const Tracks::Slot &a = tracks_(n, frame), &b = tracks_(m, frame);
      if (enough(iou_bound(a, b)) && enough(frame_quotient(a, b, EmptyPair::zero))) return true;
    }
    return false;
  }

  /// An upper bound of the IoU over time; floating-point sums and quotients are monotonic, so it is exact
  /// enough.
  [[nodiscard]] double bound(std::int64_t n, std::int64_t m) const {
    double sum = 0;
    std::int64_t common = 0, areas = 0;
    for (std::int64_t t = 0; t < tracks_.frames(); ++t) {
      const Tracks::Slot &a = tracks_(n, t), &b = tracks_(m, t);
      sum += iou_bound(a, b);
      areas += tracks_.area(n, t) + tracks_.area(m, t);
      common += common_bound(a, b);
    }
    if (options_.over_time == OverTime::volume) return quotient(common, areas - common, EmptyPair::zero);
    return sum / static_cast<double>(tracks_.frames());
  }

  const Tracks& tracks_;
  const NmsOptions& options_;
  std::vector<boost::dynamic_bitset<>> seen_;  // per track: the frames where it has pixels
};

/// Indices of the scores that reach the threshold, best first, equal ones by lower index.
[[nodiscard]] inline std::vector<std::int64_t> by_score(std::span<const double> scores, double threshold) {
  std::vector<std::int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::erase_if(order, [&](std::int64_t n) { return !(scores[static_cast<std::size_t>(n)] >= threshold); });
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return scores[static_cast<std::size_t>(a)] > scores[static_cast<std::size_t>(b)];
  });
  return order;
}

inline void require_scores(const Tracks& tracks, std::span<const double> scores) {
  require(static_cast<std::int64_t>(scores.size()) == tracks.count(), "scores has ", scores.size(),
          " entries, expected one per track (", tracks.count(), ")");
  for (std::size_t n = 0; n < scores.size(); ++n)
    require(!std::isnan(scores[n]), "scores[", n, "] is NaN, expected a number");
}

}  // namespace detail

/// Removes detections that overlap a better one.
///
/// Detections below the score threshold are dropped; the others are walked in descending order of score,
/// equal scores by lower index; one is suppressed iff its IoU with some detection kept before it reaches the
/// threshold.
///
/// *Shapes*: `tracks` [N, T]; `scores` [N].
/// *Units and conventions*: frames where either track is absent or empty have IoU 0. `suppressed_by` names
/// the best-scored of the kept detections that suffice; it is -1 for kept ones and for those below the score
/// threshold. *Source*: AutoQ-VIS, supplement Eq. 16-18. The published code runs the suppression before the
/// score filter, which gives the same result. *Errors*: NaN in scores or thresholds; lengths that do not fit.
/// *Cost*: at most N (N - 1) / 2 pairs; frames are skipped by areas and boxes, pairs at their first frame
/// that suffices.
template <exec::Policy P>
[[nodiscard]] NmsResult spatiotemporal_nms(P policy, const Tracks& tracks, std::span<const double> scores,
                                           const NmsOptions& options = {}) {
  detail::require_scores(tracks, scores);
  detail::require(!std::isnan(options.iou_threshold), "iou_threshold is NaN, expected a number");
  detail::require(!std::isnan(options.score_threshold), "score_threshold is NaN, expected a number");
  detail::require(options.labels.empty() || options.labels.size() == scores.size(), "labels has ",
                  options.labels.size(), " entries, expected one per track (", scores.size(), ")");
  const std::vector<std::int64_t> order = detail::by_score(scores, options.score_threshold);
  const detail::OverlapTest overlaps(tracks, options);
  const auto same_label = [&](std::int64_t n, std::int64_t m) {
    return options.labels.empty() ||
           options.labels[static_cast<std::size_t>(n)] == options.labels[static_cast<std::size_t>(m)];
  };
  NmsResult result{{}, std::vector<std::int64_t>(scores.size(), -1)};
  std::vector<std::int64_t> rest = order, candidates;
  while (!rest.empty()) {
    const std::int64_t best = rest.front();
    rest.erase(rest.begin());
    result.kept.push_back(best);
    candidates.clear();
    std::int64_t frames = 0;
    for (const std::int64_t m : rest)
      if (same_label(best, m)) {
        candidates.push_back(m);
        frames += overlaps.common_frames(best, m);
      }
    const auto count = static_cast<std::int64_t>(candidates.size());
    exec::for_each(policy, count, detail::frame_ns * frames / std::max<std::int64_t>(1, count),
                   [&](std::int64_t i) {
                     const std::int64_t m = candidates[static_cast<std::size_t>(i)];
                     if (overlaps(best, m)) result.suppressed_by[static_cast<std::size_t>(m)] = best;
                   });
    std::erase_if(rest,
                  [&](std::int64_t m) { return result.suppressed_by[static_cast<std::size_t>(m)] >= 0; });
  }
  return result;
}

}  // namespace vislabel
