#include <doctest/doctest.h>

#include <limits>
#include <oracle.hpp>
#include <vislabel/select/pseudo_labels.hpp>

using namespace vislabel;
using Indices = std::vector<std::int64_t>;
using Scores = std::vector<double>;

namespace {
Table table(Eigen::Index rows, Eigen::Index columns, const std::vector<double>& values) {
  return Eigen::Map<const Table>(values.data(), rows, columns);
}
}  // namespace

TEST_CASE("the selection of one video by hand") {
  // 0 falls to 2; 1 survives but reaches 0.75 nowhere; 3 is below the score threshold; 2 is good in frame 0.
  const Tracks tracks = oracle::packed(
      oracle::drawn(4, {{"##..", "absent"}, {"...#", "...#"}, {"##..", "#..."}, {"..#.", "..#."}}));
  const Table predicted = table(4, 2, {1, 1, 0.5, 0.9, 0.875, 0.5, 1, 1});
  const PseudoLabels result = pseudo_labels(exec::Seq{}, tracks, Scores{0.8, 0.8, 0.9, 0.2}, predicted);
  CHECK(result.survivors == Indices{2, 1});
  CHECK(result.suppressed_by == Indices{2, -1, -1, -1});
  CHECK(result.kept == Indices{2});
  CHECK(result.frames == Indices{0, 1});
  CHECK(result.tracks == oracle::packed(oracle::drawn(4, {{"##..", "absent"}})));
  CHECK(result.quality(2, 0) == 0.9 * 0.875);
  CHECK(result.quality(3, 1) == 0.2);
  CHECK(result.selected.count() == 1);
  CHECK(result.selected(2, 0));
}

TEST_CASE("what was suppressed is not selected, however good its quality") {
  const Tracks tracks = oracle::packed(oracle::drawn(4, {{"##.."}, {"##.."}}));
  const PseudoLabels result = pseudo_labels(exec::Seq{}, tracks, Scores{0.9, 1.0}, Table::Ones(2, 1));
  CHECK(result.quality(0, 0) == 0.9);
  CHECK_FALSE(result.selected(0, 0));
  CHECK(result.selected(1, 0));
}

TEST_CASE("one call equals its four steps, for all options and policies") {
  oracle::Random random(191);
  for (int round = 0; round < 400; ++round) {
    const bool large = round == 0;  // enough work for threads
    const Tracks tracks =
        oracle::packed(large ? oracle::random_tracks(random, {6, 8}, 250, 12)
                             : oracle::tiny_tracks(random, random.below(8), random.below(5)));
    Scores scores;
    for (std::int64_t n = 0; n < tracks.count(); ++n)
      scores.push_back(random.any_of(Scores{0.1, 0.25, 0.5, 0.9, 0.9, 1}));
    Table predicted(tracks.count(), tracks.frames());
    for (Eigen::Index i = 0; i < predicted.size(); ++i) predicted.data()[i] = 1.5 * random.real();
    PseudoLabelOptions options;
    options.nms.iou_threshold = random.any_of(Scores{0.5, 0.75, 1});
    options.retention.threshold = random.any_of(Scores{0.4, 0.75});
    options.retention.rule = random.one_in(2) ? Rule::paper : Rule::reference;

    const NmsResult nms = spatiotemporal_nms(exec::Seq{}, tracks, scores, options.nms);
    const Table all = quality(scores, predicted);
    Table surviving(static_cast<Eigen::Index>(nms.kept.size()), tracks.frames());
    for (std::size_t k = 0; k < nms.kept.size(); ++k)
      surviving.row(static_cast<Eigen::Index>(k)) = all.row(nms.kept[k]);
    const Retention retention = retain(tracks.select(nms.kept), surviving, options.retention);
    Indices kept;
    for (const std::int64_t k : retention.kept) kept.push_back(nms.kept[static_cast<std::size_t>(k)]);

    oracle::under_every_policy([&](auto policy) {
      const PseudoLabels result = pseudo_labels(policy, tracks, scores, predicted, options);
      REQUIRE(result.survivors == nms.kept);
      REQUIRE(result.suppressed_by == nms.suppressed_by);
      REQUIRE((result.quality == all).all());
      REQUIRE(result.kept == kept);
      REQUIRE(result.frames == retention.frames);
      REQUIRE(result.tracks == retention.tracks);
      REQUIRE(result.selected.count() == retention.selected.count());
      for (std::size_t k = 0; k < nms.kept.size(); ++k)
        for (std::int64_t t = 0; t < tracks.frames(); ++t)
          REQUIRE(result.selected(nms.kept[k], t) == retention.selected(static_cast<Eigen::Index>(k), t));
    });
  }
}

TEST_CASE("two rounds by hand: the second round's labels join the first's") {
  const exec::Seq seq;
  const Tracks first = oracle::packed(oracle::drawn(4, {{"##..", "##.."}})),
               second = oracle::packed(oracle::drawn(4, {{"###.", "##.."}, {"...#", "...#"}}));
  const PseudoLabels old = pseudo_labels(seq, first, Scores{0.9}, table(1, 2, {0.9, 0.1}));
  const PseudoLabels fresh = pseudo_labels(seq, second, Scores{0.9, 0.95}, table(2, 2, {0.9, 0.9, 0.2, 0.9}));
  CHECK(fresh.kept == Indices{1, 0});  // best score first
  const MergedRounds both = merge_rounds(seq, old.tracks, fresh.tracks);
  CHECK(both.match == Indices{1, 0});
  CHECK(both.tracks == oracle::packed(oracle::drawn(4, {{"###.", "##.."}, {"absent", "...#"}})));
}

TEST_CASE("no detections, no labels") {
  const PseudoLabels result = pseudo_labels(exec::Seq{}, Tracks({1, 4}, 0, 3, {}), Scores{}, Table(0, 3));
  CHECK(result.kept.empty());
  CHECK(result.frames == Indices{0, 1, 2});
  CHECK(result.quality.rows() == 0);
}

TEST_CASE("bad input is refused with the message of the step it belongs to") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Tracks tracks = oracle::packed(oracle::drawn(4, {{"##..", "#..."}, {"...#", "...#"}}));
  const auto refusal = [&](const Scores& scores, const Table& predicted,
                           const PseudoLabelOptions& options = {}) {
    return oracle::error_of([&] { return pseudo_labels(exec::Seq{}, tracks, scores, predicted, options); });
  };
  const Table ones = Table::Ones(2, 2);
  CHECK(refusal({0.5}, ones) == "scores has 1 entries, expected one per track (2)");
  CHECK(refusal({0.5, nan}, ones) == "scores[1] is NaN, expected a number");
  CHECK(refusal({0.5, 0.5}, Table::Ones(1, 2)) == "predicted_iou has 1 rows, expected one per score (2)");
  CHECK(refusal({0.5, 0.5}, Table::Ones(2, 3)) == "predicted_iou has 3 columns, expected one per frame (2)");
  CHECK(refusal({0.5, 0.5}, table(2, 2, {1, nan, 1, 1})) == "predicted_iou[0, 1] is NaN, expected a number");
  CHECK(refusal({0.5, 0.5}, ones, {.nms = {.iou_threshold = nan}}) ==
        "iou_threshold is NaN, expected a number");
  CHECK(refusal({0.5, 0.5}, ones, {.retention = {.threshold = nan}}) ==
        "threshold is NaN, expected a number");
}

TEST_CASE("a second round is merged into the first, frame by frame") {
  const Tracks previous = oracle::packed(oracle::drawn(4, {{"##..", "absent"}, {"...#", "...#"}}));
  const Tracks tracks = oracle::packed(oracle::drawn(4, {{"##..", "##.."}, {"..#.", "..#."}}));
  PseudoLabelOptions options;
  options.previous = &previous;
  const PseudoLabels result =
      pseudo_labels(exec::Seq{}, tracks, Scores{0.9, 0.8}, table(2, 2, {1, 1, 1, 0.5}), options);
  CHECK(result.kept == Indices{0, 1});
  CHECK(result.match == Indices{0, 2});
  CHECK(result.tracks ==
        oracle::packed(oracle::drawn(4, {{"##..", "##.."}, {"...#", "...#"}, {"..#.", "absent"}})));
}

TEST_CASE("a round of which nothing stays loses nothing of the round before") {
  const Tracks previous = oracle::packed(oracle::drawn(4, {{"##..", "##.."}}));
  for (const Rule rule : {Rule::paper, Rule::reference}) {
    PseudoLabelOptions options;
    options.previous = &previous;
    options.retention.rule = rule;
    const PseudoLabels result = pseudo_labels(exec::Seq{}, previous, Scores{0.3}, Table::Ones(1, 2), options);
    CHECK(result.kept.empty());
    CHECK(result.match.empty());
    CHECK(result.tracks == previous);
  }
}

TEST_CASE("a round before of other frames is refused") {
  const Tracks tracks = oracle::packed(oracle::drawn(4, {{"##..", "##.."}}));
  const Tracks previous = oracle::packed(oracle::drawn(4, {{"##.."}}));
  PseudoLabelOptions options;
  options.previous = &previous;
  CHECK(oracle::error_of([&] {
          static_cast<void>(pseudo_labels(exec::Seq{}, tracks, Scores{1}, Table::Ones(1, 2), options));
        }) == "tracks of 1 and 2 frames, expected the same number");
}
