#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vislabel/evaluate/f1.hpp>

#include "scenes.hpp"

using namespace vislabel;
using oracle::DenseTracks;
using oracle::Labels;
using oracle::Scene;

namespace {

constexpr double nan_score = std::numeric_limits<double>::quiet_NaN();

/// The same under every policy.
F1Scores f1_of(const std::vector<Scene>& scenes, const F1Options& options = {}) {
  std::vector<Tracks> tracks;
  for (const Scene& scene : scenes)
    tracks.push_back(oracle::packed(scene.predicted)), tracks.push_back(oracle::packed(scene.truth));
  std::vector<F1Video> videos;
  for (std::size_t v = 0; v < scenes.size(); ++v)
    videos.push_back({tracks[2 * v], scenes[v].predicted_labels, tracks[2 * v + 1], scenes[v].truth_labels,
                      scenes[v].scores});
  const F1Scores result = f1(exec::Seq{}, std::span<const F1Video>(videos), options);
  oracle::under_every_policy([&](auto policy) {
    const F1Scores again = f1(policy, std::span<const F1Video>(videos), options);
    REQUIRE((again.tp == result.tp && again.fp == result.fp && again.fn == result.fn));
  });
  return result;
}

/// Equal, or both NaN.
bool same_share(double share, std::int64_t part, std::int64_t whole) {
  return whole == 0 ? std::isnan(share) : share == static_cast<double>(part) / static_cast<double>(whole);
}

void check_against_definition(const std::vector<Scene>& scenes, const F1Options& options) {
  const F1Scores result = f1_of(scenes, options);
  double sum = 0;
  int defined = 0;
  for (std::size_t c = 0; c < result.classes.size(); ++c) {
    const oracle::Tally tally = oracle::slow_class(scenes, result.classes[c], options.iou_threshold);
    REQUIRE(result.tp[c] == tally.tp);
    REQUIRE(result.fp[c] == tally.fp);
    REQUIRE(result.fn[c] == tally.fn);
    REQUIRE(same_share(result.f1[c], 2 * tally.tp, 2 * tally.tp + tally.fp + tally.fn));
    REQUIRE(same_share(result.precision[c], tally.tp, tally.tp + tally.fp));
    REQUIRE(same_share(result.recall[c], tally.tp, tally.tp + tally.fn));
    if (!std::isnan(result.f1[c])) sum += result.f1[c], ++defined;
  }
  if (defined == 0)
    REQUIRE(std::isnan(result.mean));
  else
    REQUIRE(result.mean == sum / defined);
}

/// How many pairs of one frame and class could be found at most.
std::int64_t most_pairs(const std::vector<std::vector<bool>>& fits, std::size_t n, std::vector<bool>& taken) {
  if (n == fits.size()) return 0;
  std::int64_t most = most_pairs(fits, n + 1, taken);
  for (std::size_t m = 0; m < taken.size(); ++m) {
    if (taken[m] || !fits[n][m]) continue;
    taken[m] = true;
    most = std::max(most, 1 + most_pairs(fits, n + 1, taken));
    taken[m] = false;
  }
  return most;
}

}  // namespace

TEST_CASE("by hand: two classes over two frames of two videos") {
  const Scene first{oracle::drawn(6, {{"###...", "absent"}, {"##....", "..##.."}, {"....##", "....##"}}),
                    {1, 1, 2},
                    oracle::drawn(6, {{"###...", "..##.."}, {"....#.", "....##"}}),
                    {1, 2},
                    {0.9, 0.8, 0.7}};
  // Frame 0: class 1: the first takes the truth, the second (IoU 2/3) finds it taken; class 2: IoU 1/2 is not
  // above 1/2. Frame 1: one of each class, found.
  const Scene second{oracle::drawn(4, {{"##.."}}), {2}, oracle::drawn(4, {{"##.."}, {"..##"}}), {1, 3}};
  // Nothing of class 2 is there.
  const F1Scores result = f1_of({first, second});
  CHECK(result.classes == Labels{1, 2, 3});
  CHECK(result.tp == Labels{2, 1, 0});
  CHECK(result.fp == Labels{1, 2, 0});
  CHECK(result.fn == Labels{1, 1, 1});
  CHECK(result.f1 == std::vector<double>{4.0 / 6, 2.0 / 5, 0});
  CHECK(result.precision[0] == 2.0 / 3);
  CHECK(std::isnan(result.precision[2]));  // nothing was predicted
  CHECK(result.recall == std::vector<double>{2.0 / 3, 1.0 / 2, 0});
  CHECK(result.mean == (4.0 / 6 + 2.0 / 5 + 0) / 3);
}

TEST_CASE("the better score takes the truth, of equal scores the lower index") {
  // Both fit; what the other one gets instead shows who came first: only 0 fits the second truth too.
  const DenseTracks predicted = oracle::drawn(8, {{"####...."}, {"###....."}});
  const DenseTracks truth = oracle::drawn(8, {{"####...."}, {"##......"}});
  const auto tp = [&](const std::vector<double>& scores) {
    return f1_of({{predicted, {0, 0}, truth, {0, 0}, scores}}).tp[0];
  };
  // 0 takes truth 0 (IoU 1); 1 then takes truth 1 (2/3). Or 1 takes truth 0 (3/4), and 0 fits truth 1 at 1/2
  // only.
  CHECK(tp({}) == 2);
  CHECK(tp({0.5, 0.5}) == 2);
  CHECK(tp({0.0, -0.0}) == 2);
  CHECK(tp({0.5, 0.6}) == 1);
  const double infinite = std::numeric_limits<double>::infinity();
  CHECK(tp({-infinite, infinite}) == 1);
}

TEST_CASE("of equal IoUs the first truth is taken, of others the largest") {
  // 0 has IoU 2/3 with both truths and takes the first; then 1 fits the second, 2 the first only.
  const DenseTracks predicted = oracle::drawn(8, {{".##....."}, {"..##...."}}),
                    truth = oracle::drawn(8, {{"###....."}, {".###...."}});
  CHECK(f1_of({{predicted, {0, 0}, truth, {0, 0}}}).tp == Labels{2});
  const DenseTracks other = oracle::drawn(8, {{".##....."}, {"##......"}});
  CHECK(f1_of({{other, {0, 0}, truth, {0, 0}}}).tp == Labels{1});
  const DenseTracks turned = oracle::drawn(8, {{".###...."}, {"###....."}});
  CHECK(f1_of({{other, {0, 0}, turned, {0, 0}}}).tp == Labels{2});
}

TEST_CASE("an IoU at the threshold is not enough; 1 never is, anything is above 0") {
  const Scene half{oracle::drawn(4, {{"##.."}}), {0}, oracle::drawn(4, {{"#..."}}), {0}};
  CHECK(f1_of({half}).tp == Labels{0});
  CHECK(f1_of({half}, {.iou_threshold = std::nextafter(0.5, 0)}).tp == Labels{1});
  const Scene same{oracle::drawn(4, {{"##.."}}), {0}, oracle::drawn(4, {{"##.."}}), {0}};
  CHECK(f1_of({same}, {.iou_threshold = 1}).fp == Labels{1});
  CHECK(f1_of({same}, {.iou_threshold = std::nextafter(1.0, 0)}).tp == Labels{1});
  const Scene apart{oracle::drawn(4, {{"##.."}}), {0}, oracle::drawn(4, {{"..##"}}), {0}};
  CHECK(f1_of({half}, {.iou_threshold = 0}).tp == Labels{1});
  CHECK(f1_of({apart}, {.iou_threshold = 0}).fn == Labels{1});
}

TEST_CASE("absent and empty slots are no instances on either side, whatever their scores") {
  const DenseTracks seen = oracle::drawn(4, {{"##..", "##..", "##.."}});
  const DenseTracks unseen = oracle::drawn(4, {{"absent", "....", "##.."}});
  const F1Scores missed = f1_of({{unseen, {0}, seen, {0}, {nan_score, nan_score, 1}}});
  CHECK((missed.tp[0] == 1 && missed.fp[0] == 0 && missed.fn[0] == 2));
  const F1Scores invented = f1_of({{seen, {0}, unseen, {0}}});
  CHECK((invented.tp[0] == 1 && invented.fp[0] == 2 && invented.fn[0] == 0));
  const DenseTracks nothing = oracle::drawn(4, {{"absent", "....", "absent"}});
  const F1Scores none = f1_of({{nothing, {0}, nothing, {0}}});
  CHECK(none.classes == Labels{0});
  CHECK((std::isnan(none.f1[0]) && std::isnan(none.precision[0]) && std::isnan(none.recall[0])));
  CHECK(std::isnan(none.mean));
}

TEST_CASE("classes asked for keep their order; the others do not count; those that are nowhere have no F1") {
  const Scene scene{oracle::drawn(4, {{"##.."}, {"..##"}}), {5, -3}, oracle::drawn(4, {{"##.."}}), {5}};
  CHECK(f1_of({scene}).classes == Labels{-3, 5});
  CHECK(f1_of({scene}).mean == 0.5);
  const F1Scores asked = f1_of({scene}, {.classes = Labels{9, 5}});
  CHECK(asked.classes == Labels{9, 5});
  CHECK(asked.tp == Labels{0, 1});
  CHECK(asked.fp == Labels{0, 0});
  CHECK(std::isnan(asked.f1[0]));
  CHECK(asked.mean == 1);
  CHECK(std::isnan(f1_of({scene}, {.classes = Labels{}}).mean));
}

TEST_CASE("no videos, no tracks, no frames and no pixels") {
  CHECK(f1_of({}).classes.empty());
  CHECK(std::isnan(f1_of({}).mean));
  const DenseTracks no_tracks{{1, 4}, 0, 3, {}}, no_frames{{1, 4}, 2, 0, {}};
  CHECK(f1_of({{no_tracks, {}, no_tracks, {}}}).classes.empty());
  CHECK(f1_of({{no_frames, {1, 2}, no_frames, {2, 3}, {0.5, 0.5}}}).tp == Labels{0, 0, 0});
  const DenseTracks one = oracle::drawn(4, {{"##..", "##..", "##.."}});
  CHECK(f1_of({{no_tracks, {}, one, {0}}}).fn == Labels{3});
  CHECK(f1_of({{one, {0}, no_tracks, {}}}).fp == Labels{3});
}

TEST_CASE("the counts equal the definition on small scenes full of ties") {
  oracle::Random random(511);
  for (int round = 0; round < 3000; ++round) {
    std::vector<Scene> scenes;
    for (std::int64_t v = random.below(4); v >= 0; --v) scenes.push_back(oracle::random_scene(random));
    F1Options options{.iou_threshold =
                          random.any_of(std::vector<double>{0, 0.25, 1.0 / 3, 0.5, 0.5, 2.0 / 3, 1})};
    if (random.one_in(3)) options.classes = Labels{1'000'000'007, 4, 0};
    check_against_definition(scenes, options);
  }
}

TEST_CASE("the counts equal the definition where there is work for threads") {
  oracle::Random random(512);
  std::vector<Scene> scenes;
  for (const std::int64_t frames : {1, 40, 7}) {
    const std::int64_t predictions = 30, truths = 20;
    Scene scene{oracle::random_tracks(random, {9, 11}, predictions, frames),
                oracle::random_labels(random, predictions),
                oracle::random_tracks(random, {9, 11}, truths, frames),
                oracle::random_labels(random, truths)};
    for (std::int64_t i = 0; i < predictions * frames; ++i)
      scene.scores.push_back(static_cast<double>(random.below(20)));
    scenes.push_back(scene);
  }
  check_against_definition(scenes, {.iou_threshold = 0.4});
}

TEST_CASE(
    "swapping the sides where all scores are equal swaps FP and FN if the masks of one side are disjoint") {
  oracle::Random random(513);
  for (int round = 0; round < 500; ++round) {
    Scene scene = oracle::random_scene(random);
    for (std::int64_t m = 0; m < scene.truth.count; ++m)
      for (std::int64_t t = 0; t < scene.truth.frames; ++t)
        for (std::int64_t other = 0; other < m; ++other) {
          oracle::Slot& later = scene.truth.slots[static_cast<std::size_t>(m * scene.truth.frames + t)];
          const oracle::Slot& earlier = scene.truth(other, t);
          for (std::size_t i = 0; later && earlier && i < later->bytes.size(); ++i)
            if (earlier->bytes[i] != 0) later->bytes[i] = 0;
        }
    const F1Scores result = f1_of({scene});
    const F1Scores swapped =
        f1_of({{scene.truth, scene.truth_labels, scene.predicted, scene.predicted_labels}});
    REQUIRE(swapped.tp == result.tp);
    REQUIRE(swapped.fp == result.fn);
    REQUIRE(swapped.fn == result.fp);
  }
}

TEST_CASE(
    "where masks overlap on both sides, the best assignment could find one more; never where one side's do "
    "not") {
  const DenseTracks predicted = oracle::drawn(8, {{"#####..."}, {"######.."}});
  const DenseTracks truth = oracle::drawn(8, {{"#####..."}, {"###....."}});
  // The second is better scored and takes truth 0 (5/6); the first fits both (1 and 3/5): two pairs either
  // way.
  CHECK(f1_of({{predicted, {0, 0}, truth, {0, 0}, {0.1, 0.9}}}).tp == Labels{2});
  // Now the one that fits both comes first and takes the only truth that the other one fits.
  CHECK(f1_of({{predicted, {0, 0}, truth, {0, 0}, {0.9, 0.1}}}).tp == Labels{1});
  oracle::Random random(514);
  int fewer = 0;
  for (int round = 0; round < 1000; ++round) {
    const DenseTracks a = oracle::tiny_tracks(random, 4, 1), b = oracle::random_tracks(random, a.size, 4, 1);
    std::vector<std::vector<bool>> fits(4, std::vector<bool>(4));
    for (std::int64_t n = 0; n < 4; ++n)
      for (std::int64_t m = 0; m < 4; ++m)
        fits[static_cast<std::size_t>(n)][static_cast<std::size_t>(m)] =
            oracle::frame_iou(a(n, 0), b(m, 0)) > 0.5;
    std::vector<bool> taken(4);
    const std::int64_t most = most_pairs(fits, 0, taken), found = f1_of({{a, Labels(4), b, Labels(4)}}).tp[0];
    REQUIRE(found <= most);
    REQUIRE(2 * found >= most);  // as every greedy matching
    fewer += found < most ? 1 : 0;
  }
  CHECK(fewer > 0);
  CHECK(fewer < 100);
}

TEST_CASE("what does not fit, NaN and classes given twice are refused, naming the video") {
  const DenseTracks two = oracle::drawn(4, {{"##..", "##.."}, {"##..", "absent"}});
  const Scene good{two, {0, 0}, two, {0, 0}};
  const auto refusal = [&](const Scene& bad, const F1Options& options = {}) {
    return oracle::error_of([&] { return f1_of({good, bad}, options); });
  };
  CHECK(refusal({two, {0}, two, {0, 0}}) ==
        "videos[1].predicted_labels has 1 entries, expected one per track (2)");
  CHECK(refusal({two, {0, 0}, two, {0, 0, 0}}) ==
        "videos[1].truth_labels has 3 entries, expected one per track (2)");
  CHECK(refusal({two, {0, 0}, two, {0, 0}, {1, 1, 1}}) ==
        "videos[1].scores has 3 entries, expected one per track (2) or per slot (4)");
  CHECK(refusal({two, {0, 0}, two, {0, 0}, {1, nan_score}}) ==
        "videos[1].scores[1] is NaN, expected a number");
  CHECK(refusal({two, {0, 0}, two, {0, 0}, {1, nan_score, 1, nan_score}}) ==
        "videos[1].scores[0, 1] is NaN, expected a number");
  CHECK(refusal({two, {0, 0}, oracle::drawn(5, {{"##...", "##..."}}), {0}}) ==
        "videos[1].predicted has 2 frames of 1 x 4, expected 2 of 1 x 5 as videos[1].truth");
  CHECK(refusal({two, {0, 0}, oracle::drawn(4, {{"##.."}}), {0}}) ==
        "videos[1].predicted has 2 frames of 1 x 4, expected 1 of 1 x 4 as videos[1].truth");
  for (const double threshold : {-0.1, 1.1, nan_score})
    CHECK(refusal(good, {.iou_threshold = threshold}) ==
          detail::text("iou_threshold is ", threshold, ", expected 0 to 1"));
  CHECK(refusal(good, {.classes = Labels{1, 7, 1}}) == "classes has 1 twice, expected every class once");
}

TEST_CASE("one video needs no list") {
  const Tracks tracks = oracle::packed(oracle::drawn(4, {{"##.."}}));
  const Labels labels{3};
  CHECK(f1(exec::Seq{}, F1Video{tracks, labels, tracks, labels}).mean == 1);
}
