/// F1 of pseudo-labels against ground truth, frame by frame and class by class: with it UVIS shows what its
/// filters remove, which average precision, made for ranked lists, hides.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>
#include <vislabel/core/error.hpp>
#include <vislabel/core/exec.hpp>
#include <vislabel/iou/tables.hpp>
#include <vislabel/iou/track_iou.hpp>
#include <vislabel/track/tracks.hpp>

namespace vislabel {

/// What `f1` compares in one video. All of it is borrowed: a data set is evaluated where it lies.
struct F1Video {
  const Tracks& predicted;                         ///< [N, T]
  std::span<const std::int64_t> predicted_labels;  ///< [N] a class per track
  const Tracks& truth;                             ///< [M, T]
  std::span<const std::int64_t> truth_labels;      ///< [M]
  std::span<const double> scores = {};             ///< [N], or [N, T] in C order, or empty: all equal
};

/// Options of `f1`; the defaults are the paper's (UVIS, supplement A).
struct F1Options {
  double iou_threshold = 0.5;  ///< a pair counts iff its IoU is larger
  /// The classes to evaluate, in the order of the result; none given: all labels of either side, ascending.
  std::optional<std::vector<std::int64_t>> classes = {};
};

/// What `f1` measures: [C] each, and their mean. NaN is a quotient of nothing.
struct F1Scores {
  std::vector<std::int64_t> classes;
  std::vector<std::int64_t> tp;  ///< predictions that take a truth
  std::vector<std::int64_t> fp;  ///< predictions that do not
  std::vector<std::int64_t> fn;  ///< truths that no prediction takes
  std::vector<double> f1;        ///< 2 TP / (2 TP + FP + FN)
  std::vector<double> precision, recall;
  double mean = std::numeric_limits<double>::quiet_NaN();  ///< mF1: of the classes whose F1 is no NaN
};

namespace detail {

inline void require_labels(std::span<const std::int64_t> labels, const Tracks& tracks, std::size_t video,
                           const char* name) {
  require(static_cast<std::int64_t>(labels.size()) == tracks.count(), "videos[", video, "].", name, " has ",
          labels.size(), " entries, expected one per track (", tracks.count(), ")");
}

/// Scores per track, or per slot with pixels, are numbers.
inline void require_f1_scores(const F1Video& video, std::size_t index) {
  const std::int64_t count = video.predicted.count(), frames = video.predicted.frames();
  const auto given = static_cast<std::int64_t>(video.scores.size());
  require(given == 0 || given == count || given == count * frames, "videos[", index, "].scores has ", given,
          " entries, expected one per track (", count, ") or per slot (", count * frames, ")");
  if (given == count) {
    for (std::size_t n = 0; n < video.scores.size(); ++n)
      require(!std::isnan(video.scores[n]), "videos[", index, "].scores[", n, "] is NaN, expected a number");
    return;
  }
  for (std::int64_t i = 0; i < given; ++i)
    require(video.predicted.area(i / frames, i % frames) == 0 ||
                !std::isnan(video.scores[static_cast<std::size_t>(i)]),
            "videos[", index, "].scores[", i / frames, ", ", i % frames, "] is NaN, expected a number");
}

inline void require_videos(std::span<const F1Video> videos) {
  for (std::size_t v = 0; v < videos.size(); ++v) {
    const Tracks &predicted = videos[v].predicted, &truth = videos[v].truth;
    require(predicted.size() == truth.size() && predicted.frames() == truth.frames(), "videos[", v,
            "].predicted has ", predicted.frames(), " frames of ", predicted.size(), ", expected ",
            truth.frames(), " of ", truth.size(), " as videos[", v, "].truth");
    require_labels(videos[v].predicted_labels, predicted, v, "predicted_labels");
    require_labels(videos[v].truth_labels, truth, v, "truth_labels");
    require_f1_scores(videos[v], v);
  }
}

inline void require_distinct(std::vector<std::int64_t> classes) {
  std::sort(classes.begin(), classes.end());
  const auto twice = std::adjacent_find(classes.begin(), classes.end());
  if (twice != classes.end()) fail("classes has ", *twice, " twice, expected every class once");
}

/// The labels of both sides of all videos, ascending.
[[nodiscard]] inline std::vector<std::int64_t> all_labels(std::span<const F1Video> videos) {
  std::vector<std::int64_t> out;
  for (const F1Video& video : videos)
    for (const auto labels : {video.predicted_labels, video.truth_labels})
      out.insert(out.end(), labels.begin(), labels.end());
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

/// The row of a result that a label belongs to.
class ClassRows {
 public:
  explicit ClassRows(const std::vector<std::int64_t>& classes) {
    for (const std::int64_t label : classes)
      rows_.emplace_back(label, static_cast<std::int64_t>(rows_.size()));
    std::sort(rows_.begin(), rows_.end());
  }

  /// A row per label; -1: not evaluated.
  [[nodiscard]] std::vector<std::int64_t> of(std::span<const std::int64_t> labels) const {
    std::vector<std::int64_t> out;
    for (const std::int64_t label : labels) {
      const auto row = std::lower_bound(rows_.begin(), rows_.end(), std::pair{label, std::int64_t{0}});
      out.push_back(row != rows_.end() && row->first == label ? row->second : -1);
    }
    return out;
  }

 private:
  std::vector<std::pair<std::int64_t, std::int64_t>> rows_;
};

/// One video and what its frames find. Frames write to bytes of their own, so they may be matched in any
/// order.
class F1Matches {
 public:
  F1Matches(const F1Video& video, const ClassRows& rows)
      : video_(video),
        predicted_(rows.of(video.predicted_labels)),
        truth_(rows.of(video.truth_labels)),
        found_(static_cast<std::size_t>(video.predicted.count() * video.predicted.frames())) {}

  /// What matching a frame needs besides: kept from frame to frame.
  struct Scratch {
    std::vector<std::int64_t> order;
    std::vector<char> taken;
  };

  void match_frame(std::int64_t t, double threshold, Scratch& scratch) {
    order_frame(t, scratch.order);
    scratch.taken.assign(truth_.size(), 0);
    for (const std::int64_t n : scratch.order) {
      const std::int64_t m = best_free(n, t, threshold, scratch.taken);
      if (m < 0) continue;
      scratch.taken[static_cast<std::size_t>(m)] = 1;
      found_[slot(n, t)] = 1;
    }
  }

  void add_to(F1Scores& scores) const {
    const auto for_each_instance = [](const Tracks& tracks, const std::vector<std::int64_t>& rows,
                                      auto&& add) {
      for (std::int64_t n = 0; n < tracks.count(); ++n)
        for (std::int64_t t = 0; t < tracks.frames(); ++t)
          if (rows[static_cast<std::size_t>(n)] >= 0 && tracks.area(n, t) > 0)
            add(static_cast<std::size_t>(rows[static_cast<std::size_t>(n)]), n, t);
    };
    for_each_instance(video_.predicted, predicted_, [&](std::size_t row, std::int64_t n, std::int64_t t) {
      const bool found = found_[slot(n, t)] != 0;
      ++(found ? scores.tp : scores.fp)[row];
      if (found) --scores.fn[row];
    });
    for_each_instance(video_.truth, truth_,
                      [&](std::size_t row, std::int64_t, std::int64_t) { ++scores.fn[row]; });
  }

 private:
  [[nodiscard]] std::size_t slot(std::int64_t n, std::int64_t t) const {
    return static_cast<std::size_t>(n * video_.predicted.frames() + t);
  }

  /// The frame's predictions with pixels, best first.
  void order_frame(std::int64_t t, std::vector<std::int64_t>& order) const {
    order.clear();
    for (std::int64_t n = 0; n < video_.predicted.count(); ++n)
      if (predicted_[static_cast<std::size_t>(n)] >= 0 && video_.predicted.area(n, t) > 0) order.push_back(n);
    if (video_.scores.empty()) return;
    const bool per_track = video_.scores.size() == predicted_.size();
    const auto score = [&](std::int64_t n) {
      return video_.scores[per_track ? static_cast<std::size_t>(n) : slot(n, t)];
    };
    std::sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
      return score(a) > score(b) || (score(a) == score(b) && a < b);
    });
  }

  /// The truth that prediction n takes in frame t, or -1.
  [[nodiscard]] std::int64_t best_free(std::int64_t n, std::int64_t t, double threshold,
                                       const std::vector<char>& taken) const {
    const Tracks::Slot& mask = video_.predicted(n, t);
    const std::int64_t row = predicted_[static_cast<std::size_t>(n)];
    std::int64_t best = -1;
    double most = threshold;
    for (std::size_t m = 0; m < truth_.size(); ++m) {
      if (truth_[m] != row || taken[m] != 0) continue;
      const Tracks::Slot& other = video_.truth(static_cast<std::int64_t>(m), t);
      if (iou_bound(mask, other) <= most) continue;
      const double iou = frame_quotient(mask, other, EmptyPair::zero);
      if (iou > most) most = iou, best = static_cast<std::int64_t>(m);
    }
    return best;
  }

  const F1Video& video_;
  std::vector<std::int64_t> predicted_, truth_;  // the row of each track's class
  std::vector<std::uint8_t> found_;              // [N, T] whether the prediction takes a truth
};

/// Fills in what follows from the counts.
inline void add_quotients(F1Scores& scores) {
  const auto share = [](std::int64_t part, std::int64_t whole) {
    return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole)
                     : std::numeric_limits<double>::quiet_NaN();
  };
  double sum = 0;
  std::int64_t defined = 0;
  for (std::size_t c = 0; c < scores.classes.size(); ++c) {
    const std::int64_t tp = scores.tp[c], fp = scores.fp[c], fn = scores.fn[c];
    scores.f1.push_back(share(2 * tp, 2 * tp + fp + fn));
    scores.precision.push_back(share(tp, tp + fp));
    scores.recall.push_back(share(tp, tp + fn));
    if (!std::isnan(scores.f1[c])) sum += scores.f1[c], ++defined;
  }
  if (defined > 0) scores.mean = sum / static_cast<double>(defined);
}

}  // namespace detail

/// True and false positives, false negatives and F1 of every class over all frames of all videos, and mF1.
///
/// In every frame the predictions of a class are walked in descending order of score, equal scores by lower
/// index; each takes the still free truth of its class with the largest IoU (ties: the first) iff that IoU
/// is above the threshold. So a truth is found once, and a second prediction of it is a false positive.
///
/// *Units and conventions*: an instance is a mask with pixels: absent and empty slots of either side count
/// nowhere, and their scores may be anything. A class without any instance has F1 NaN and is left out of
/// the mean; precision is NaN without a prediction, recall without a truth. Labels that are not evaluated
/// are passed over. Where the masks of one side share no pixel and the threshold is at least 0.5, the order
/// of the predictions, and so their scores, change no count: no mask has two partners.
/// *Source*: UVIS, supplement A and Table 1. That matching is one to one, the order, ties and empty masks
/// are ours. *Errors*: different sizes or numbers of frames; lengths that do not fit; NaN scores; a
/// threshold that is not in [0, 1]; a class asked for twice. *Cost*: pairs of one class whose boxes meet.
template <exec::Policy P>
[[nodiscard]] F1Scores f1(P policy, std::span<const F1Video> videos, const F1Options& options = {}) {
  detail::require(options.iou_threshold >= 0 && options.iou_threshold <= 1, "iou_threshold is ",
                  options.iou_threshold, ", expected 0 to 1");
  detail::require_videos(videos);
  if (options.classes) detail::require_distinct(*options.classes);
  F1Scores scores;
  scores.classes = options.classes ? *options.classes : detail::all_labels(videos);
  for (auto* counts : {&scores.tp, &scores.fp, &scores.fn}) counts->resize(scores.classes.size());
  const detail::ClassRows rows(scores.classes);
  std::vector<detail::F1Matches> matches;
  std::vector<std::pair<std::size_t, std::int64_t>> frames;  // of all videos: long and short ones mix well
  std::int64_t pairs = 0;
  for (const F1Video& video : videos) {
    for (std::int64_t t = 0; t < video.truth.frames(); ++t) frames.emplace_back(matches.size(), t);
    pairs += video.predicted.count() * video.truth.count() * video.truth.frames();
    matches.emplace_back(video, rows);
  }
  const auto count = static_cast<std::int64_t>(frames.size());
  exec::for_each(
      policy, count, detail::frame_ns * (1 + pairs / std::max<std::int64_t>(1, count)),
      [] { return detail::F1Matches::Scratch{}; },
      [&](detail::F1Matches::Scratch& scratch, std::int64_t i) {
        const auto& [video, t] = frames[static_cast<std::size_t>(i)];
        matches[video].match_frame(t, options.iou_threshold, scratch);
      });
  for (const detail::F1Matches& match : matches) match.add_to(scores);
  detail::add_quotients(scores);
  return scores;
}

/// The same of one video, which messages call videos[0].
template <exec::Policy P>
[[nodiscard]] F1Scores f1(P policy, const F1Video& video, const F1Options& options = {}) {
  return f1(policy, std::span(&video, 1), options);
}

}  // namespace vislabel
