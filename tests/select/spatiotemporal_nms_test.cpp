#include <doctest/doctest.h>

#include <limits>
#include <oracle.hpp>
#include <vislabel/select/spatiotemporal_nms.hpp>

using namespace vislabel;
using oracle::DenseTracks;
using Indices = std::vector<std::int64_t>;
using Scores = std::vector<double>;

namespace {

constexpr double no_number = std::numeric_limits<double>::quiet_NaN();
const std::vector<OverTime> ways{OverTime::any_frame, OverTime::volume, OverTime::frame_mean};

NmsResult nms(const DenseTracks& tracks, const Scores& scores, const NmsOptions& options = {}) {
  return spatiotemporal_nms(exec::Seq{}, oracle::packed(tracks), scores, options);
}

bool reaches(double iou, const NmsOptions& options) {
  return options.suppress == Suppress::at_least ? iou >= options.iou_threshold : iou > options.iou_threshold;
}

/// Eq. 18 and its options, word by word.
bool overlaps(const DenseTracks& tracks, std::int64_t n, std::int64_t m, const NmsOptions& options) {
  const auto label = [&](std::int64_t i) {
    return options.labels.empty() ? 0 : options.labels[static_cast<std::size_t>(i)];
  };
  if (label(n) != label(m)) return false;
  if (options.over_time != OverTime::any_frame)
    return reaches(oracle::track_iou(tracks, n, tracks, m, options.over_time), options);
  for (std::int64_t t = 0; t < tracks.frames; ++t)
    if (reaches(oracle::frame_iou(tracks(n, t), tracks(m, t)), options)) return true;
  return false;
}

bool before(const Scores& scores, std::int64_t n, std::int64_t m) {
  const double a = scores[static_cast<std::size_t>(n)], b = scores[static_cast<std::size_t>(m)];
  return a > b || (a == b && n < m);
}

NmsResult slow_nms(const DenseTracks& tracks, const Scores& scores, const NmsOptions& options) {
  Indices order;
  for (std::int64_t n = 0; n < tracks.count; ++n)
    if (scores[static_cast<std::size_t>(n)] >= options.score_threshold) order.push_back(n);
  std::sort(order.begin(), order.end(), [&](std::int64_t n, std::int64_t m) { return before(scores, n, m); });
  NmsResult result{{}, Indices(scores.size(), -1)};
  for (const std::int64_t m : order) {
    std::int64_t& by = result.suppressed_by[static_cast<std::size_t>(m)];
    for (const std::int64_t n : result.kept)
      if (by < 0 && overlaps(tracks, n, m, options)) by = n;
    if (by < 0) result.kept.push_back(m);
  }
  return result;
}

}  // namespace

TEST_CASE("Eq. 16-18 by hand: filter, sort, suppress by any one frame, and only by what is kept") {
  // 0 and 1 share 2 of 3 pixels in frame 1 only; 2 would be suppressed by 1 (IoU 1), but 1 itself falls to 0;
  // 3 overlaps nothing; 4 is below the score threshold although it is alone.
  const DenseTracks tracks = oracle::drawn(8, {{"##......", ".##.....", "########"},
                                               {"...##...", ".###....", "absent"},
                                               {"...##...", "........", "absent"},
                                               {".....###", ".....###", "absent"},
                                               {"absent", "......#.", "absent"}});
  const NmsResult result = nms(tracks, {0.9, 0.8, 0.7, 0.75, 0.2});
  CHECK(result.kept == Indices{0, 3, 2});
  CHECK(result.suppressed_by == Indices{-1, 0, -1, -1, -1});
}

TEST_CASE("equal scores are ordered by lower index") {
  const DenseTracks same = oracle::drawn(4, {{"##.."}, {"##.."}, {"##.."}});
  CHECK(nms(same, {0.5, 0.5, 0.5}).kept == Indices{0});
  CHECK(nms(same, {0.5, 0.5, 0.5}).suppressed_by == Indices{-1, 0, 0});
  CHECK(nms(same, {0.5, 0.6, 0.6}).suppressed_by == Indices{1, -1, 1});
  const DenseTracks apart = oracle::drawn(4, {{"#..."}, {".#.."}, {"..#."}});
  CHECK(nms(apart, {0.5, 0.6, 0.5}).kept == Indices{1, 0, 2});
  CHECK(nms(apart, {0.0, -0.0, 0.0}, {.score_threshold = -1}).kept == Indices{0, 1, 2});
}

TEST_CASE("a score equal to the threshold is kept") {
  const DenseTracks apart = oracle::drawn(4, {{"#..."}, {".#.."}, {"..#."}});
  const double below = std::nextafter(0.25, 0);
  CHECK(nms(apart, {0.25, below, 0.3}).kept == Indices{2, 0});
  CHECK(nms(apart, {0.9, 0.9, 0.9}, {.score_threshold = 0.95}).kept.empty());
  CHECK(nms(apart, {-5, -6, -7}, {.score_threshold = -6}).kept == Indices{0, 1});
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(nms(apart, {infinity, -infinity, 0.3}).kept == Indices{0, 2});
}

TEST_CASE("an IoU exactly at the threshold suppresses under at_least and does not under more_than") {
  const DenseTracks half = oracle::drawn(4, {{"##.."}, {"#..."}});
  for (const OverTime way : ways) {
    CHECK(nms(half, {0.9, 0.8}, {.over_time = way}).kept == Indices{0});
    CHECK(nms(half, {0.9, 0.8}, {.over_time = way, .suppress = Suppress::more_than}).kept == Indices{0, 1});
  }
  const DenseTracks third = oracle::drawn(4, {{"##.."}, {".##."}});
  CHECK(nms(third, {0.9, 0.8}, {.iou_threshold = 1.0 / 3.0}).kept == Indices{0});
  CHECK(nms(third, {0.9, 0.8}, {.iou_threshold = std::nextafter(1.0 / 3.0, 1)}).kept == Indices{0, 1});
}

TEST_CASE("any frame, the volume and the mean over frames disagree where they should") {
  // Frame IoUs 1, 0, 0; volume IoU 1 / 9.
  const DenseTracks once = oracle::drawn(4, {{"#...", "##..", "##.."}, {"#...", "..##", "..##"}});
  CHECK(nms(once, {0.9, 0.8}).kept == Indices{0});
  CHECK(nms(once, {0.9, 0.8}, {.iou_threshold = 0.3, .over_time = OverTime::volume}).kept == Indices{0, 1});
  CHECK(nms(once, {0.9, 0.8}, {.iou_threshold = 0.3, .over_time = OverTime::frame_mean}).kept == Indices{0});
  CHECK(nms(once, {0.9, 0.8}, {.iou_threshold = 0.5, .over_time = OverTime::frame_mean}).kept ==
        Indices{0, 1});
}

TEST_CASE("labels restrict suppression to detections of one class") {
  const DenseTracks same = oracle::drawn(4, {{"##.."}, {"##.."}, {"##.."}});
  const Indices labels{7, -7, 7};
  const NmsResult result = nms(same, {0.7, 0.8, 0.9}, {.labels = labels});
  CHECK(result.kept == Indices{2, 1});
  CHECK(result.suppressed_by == Indices{2, -1, -1});
}

TEST_CASE("absent and empty frames suppress nothing, not even each other") {
  const DenseTracks nothing = oracle::drawn(4, {{"absent", "...."}, {"absent", "...."}, {"....", "absent"}});
  for (const OverTime way : ways)
    CHECK(nms(nothing, {0.9, 0.8, 0.7}, {.over_time = way}).kept == Indices{0, 1, 2});
}

TEST_CASE("a threshold of 0 or less suppresses all but the best, one above 1 nothing") {
  const DenseTracks apart = oracle::drawn(4, {{"#..."}, {".#.."}, {"absent"}});
  for (const OverTime way : ways) {
    for (const double threshold : {0.0, -1.0})
      CHECK(nms(apart, {0.9, 0.8, 0.7}, {.iou_threshold = threshold, .over_time = way}).suppressed_by ==
            Indices{-1, 0, 0});
    CHECK(nms(apart, {0.9, 0.8, 0.7}, {.iou_threshold = 0, .over_time = way, .suppress = Suppress::more_than})
              .kept == Indices{0, 1, 2});
    const DenseTracks same = oracle::drawn(4, {{"##.."}, {"##.."}});
    CHECK(nms(same, {0.9, 0.8}, {.iou_threshold = 1, .over_time = way}).kept == Indices{0});
    CHECK(nms(same, {0.9, 0.8}, {.iou_threshold = 1.5, .over_time = way}).kept == Indices{0, 1});
    CHECK(
        nms(same, {0.9, 0.8}, {.iou_threshold = 1, .over_time = way, .suppress = Suppress::more_than}).kept ==
        Indices{0, 1});
  }
}

TEST_CASE("no tracks and no frames") {
  CHECK(nms({{1, 4}, 0, 3, {}}, {}).kept.empty());
  CHECK(nms({{1, 4}, 0, 3, {}}, {}).suppressed_by.empty());
  const DenseTracks no_frames{{1, 4}, 3, 0, {}};
  CHECK(nms(no_frames, {0.3, 0.5, 0.1}).kept == Indices{1, 0});
  CHECK(nms(no_frames, {0.3, 0.5, 0.4}, {.iou_threshold = 0}).kept == Indices{1, 2, 0});  // no frame overlaps
}

TEST_CASE("NaN and lengths that do not fit are refused") {
  const DenseTracks two = oracle::drawn(4, {{"##.."}, {"##.."}});
  const Indices labels{1};
  const auto refusal = [&](const Scores& scores, const NmsOptions& options) {
    return oracle::error_of([&] { return nms(two, scores, options); });
  };
  CHECK(refusal({0.5}, {}) == "scores has 1 entries, expected one per track (2)");
  CHECK(refusal({0.5, 0.5, 0.5}, {}) == "scores has 3 entries, expected one per track (2)");
  CHECK(refusal({0.5, no_number}, {}) == "scores[1] is NaN, expected a number");
  CHECK(refusal({0.5, 0.5}, {.iou_threshold = no_number}) == "iou_threshold is NaN, expected a number");
  CHECK(refusal({0.5, 0.5}, {.score_threshold = no_number}) == "score_threshold is NaN, expected a number");
  CHECK(refusal({0.5, 0.5}, {.labels = labels}) == "labels has 1 entries, expected one per track (2)");
}

TEST_CASE("kept and suppressed_by equal Eq. 16-18 read word by word, on small tracks full of ties") {
  oracle::Random random(151);
  const Scores score_choices{0.1, 0.25, 0.3, 0.5, 0.5, 0.75},
      thresholds{-0.5, 0, 0.25, 1.0 / 3.0, 0.5, 0.5, 2.0 / 3.0, 1, 1.5};
  for (int round = 0; round < 4000; ++round) {
    const DenseTracks tracks = oracle::tiny_tracks(random, random.below(9), random.below(5));
    Scores scores;
    Indices labels;
    for (std::int64_t n = 0; n < tracks.count; ++n)
      scores.push_back(random.any_of(score_choices)), labels.push_back(random.below(2));
    NmsOptions options{.iou_threshold = random.any_of(thresholds),
                       .over_time = random.any_of(ways),
                       .suppress = random.one_in(2) ? Suppress::at_least : Suppress::more_than};
    if (random.one_in(2)) options.labels = labels;
    const NmsResult expected = slow_nms(tracks, scores, options), result = nms(tracks, scores, options);
    REQUIRE(result.kept == expected.kept);
    REQUIRE(result.suppressed_by == expected.suppressed_by);
    for (const std::int64_t n : result.kept)
      for (const std::int64_t m : result.kept)
        if (n != m) REQUIRE_FALSE(overlaps(tracks, n, m, options));
    for (std::int64_t m = 0; m < tracks.count; ++m) {
      const std::int64_t by = result.suppressed_by[static_cast<std::size_t>(m)];
      if (by < 0) continue;
      REQUIRE(std::count(result.kept.begin(), result.kept.end(), by) == 1);
      REQUIRE(before(scores, by, m));
      REQUIRE(overlaps(tracks, by, m, options));
    }
  }
}

TEST_CASE("every policy gives the same answer where there is work for threads, and again on what is kept") {
  oracle::Random random(152);
  const DenseTracks dense = oracle::random_tracks(random, {6, 8}, 350, 10);
  const Tracks tracks = oracle::packed(dense);
  Scores scores;
  for (std::int64_t n = 0; n < 350; ++n) scores.push_back(static_cast<double>(random.below(50)) / 50);
  for (const OverTime way : ways) {
    const NmsOptions options{.iou_threshold = way == OverTime::any_frame ? 0.8 : 0.3, .over_time = way};
    const NmsResult expected = slow_nms(dense, scores, options);
    CHECK(expected.kept.size() > 10);
    CHECK(std::count(expected.suppressed_by.begin(), expected.suppressed_by.end(), -1) < 340);
    oracle::under_every_policy([&](auto policy) {
      const NmsResult result = spatiotemporal_nms(policy, tracks, scores, options);
      REQUIRE(result.kept == expected.kept);
      REQUIRE(result.suppressed_by == expected.suppressed_by);
    });
    Scores kept_scores;
    for (const std::int64_t n : expected.kept) kept_scores.push_back(scores[static_cast<std::size_t>(n)]);
    CHECK(spatiotemporal_nms(exec::Seq{}, tracks.select(expected.kept), kept_scores, options).kept.size() ==
          expected.kept.size());
  }
}
