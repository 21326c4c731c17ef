/// Videos of predictions and truths, random ones full of ties, and UVIS's counts on dense masks: slow, word
/// by word.
#pragma once

#include <limits>
#include <oracle.hpp>

namespace oracle {

using Labels = std::vector<std::int64_t>;

/// A video with what belongs to it.
struct Scene {
  DenseTracks predicted;
  Labels predicted_labels;
  DenseTracks truth;
  Labels truth_labels;
  std::vector<double> scores = {};
};

struct Tally {
  std::int64_t tp = 0, fp = 0, fn = 0;
};

inline bool has_pixels(const Slot& slot) { return slot && area(*slot) > 0; }

/// One class in one frame, word by word: again and again the best prediction that has not had its turn.
inline Tally slow_frame(const Scene& scene, std::int64_t t, std::int64_t label, double threshold) {
  const auto members = [&](const DenseTracks& tracks, const Labels& labels) {
    Labels out;
    for (std::int64_t n = 0; n < tracks.count; ++n)
      if (labels[static_cast<std::size_t>(n)] == label && has_pixels(tracks(n, t))) out.push_back(n);
    return out;
  };
  const auto score = [&](std::int64_t n) {
    if (scene.scores.empty()) return 0.0;
    const bool per_track = static_cast<std::int64_t>(scene.scores.size()) == scene.predicted.count;
    return scene.scores[static_cast<std::size_t>(per_track ? n : n * scene.predicted.frames + t)];
  };
  Labels waiting = members(scene.predicted, scene.predicted_labels),
         free = members(scene.truth, scene.truth_labels);
  Tally tally;
  while (!waiting.empty()) {
    auto turn = waiting.begin();
    for (auto i = waiting.begin(); i != waiting.end(); ++i)
      if (score(*i) > score(*turn)) turn = i;
    double most = -1;
    auto taken = free.end();
    for (auto m = free.begin(); m != free.end(); ++m) {
      const double iou = frame_iou(scene.predicted(*turn, t), scene.truth(*m, t));
      if (iou > most) most = iou, taken = m;
    }
    if (most > threshold)
      ++tally.tp, free.erase(taken);
    else
      ++tally.fp;
    waiting.erase(turn);
  }
  tally.fn = static_cast<std::int64_t>(free.size());
  return tally;
}

inline Tally slow_class(const std::vector<Scene>& scenes, std::int64_t label, double threshold) {
  Tally sum;
  for (const Scene& scene : scenes)
    for (std::int64_t t = 0; t < scene.truth.frames; ++t) {
      const Tally frame = slow_frame(scene, t, label, threshold);
      sum = {sum.tp + frame.tp, sum.fp + frame.fp, sum.fn + frame.fn};
    }
  return sum;
}

inline Labels random_labels(Random& random, std::int64_t count) {
  Labels out;
  for (std::int64_t n = 0; n < count; ++n) out.push_back(random.between(-1, 1) * 1'000'000'007);
  return out;
}

/// Few pixels, few classes, few scores: everything ties.
inline Scene random_scene(Random& random) {
  const std::int64_t frames = random.below(4), predictions = random.below(7), truths = random.below(6);
  const Size size = random.any_of(std::vector<Size>{{1, 2}, {1, 3}, {2, 2}, {1, 4}, {2, 3}, {33, 17}});
  Scene scene{random_tracks(random, size, predictions, frames), random_labels(random, predictions),
              random_tracks(random, size, truths, frames), random_labels(random, truths)};
  const std::int64_t scores = random.any_of(Labels{0, predictions, predictions * frames});
  for (std::int64_t i = 0; i < scores; ++i) {
    const bool slot = frames > 0 && scores == predictions * frames && scores != predictions;
    const bool unseen = slot && !has_pixels(scene.predicted(i / frames, i % frames));
    scene.scores.push_back(unseen ? std::numeric_limits<double>::quiet_NaN()
                                  : static_cast<double>(random.below(3)));
  }
  return scene;
}

}  // namespace oracle
