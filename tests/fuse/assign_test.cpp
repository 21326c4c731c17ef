#include <doctest/doctest.h>

#include <limits>

#include "scenes.hpp"

using namespace vislabel;
using oracle::Dense;
using oracle::DenseTracks;

namespace {

const Box everywhere{0, 0, 8, 1};

Assignment of(const std::vector<std::string>& predicted, const std::vector<std::string>& helper,
              const std::vector<BoxTracks::Slot>& boxes, const AssignOptions& options = {}) {
  const auto frame = [](const std::vector<std::string>& masks) {
    std::vector<std::vector<std::string>> rows;
    for (const std::string& mask : masks) rows.push_back({mask});
    return oracle::packed(oracle::drawn(8, rows));
  };
  const Tracks prompted = helper.empty() ? Tracks() : frame(helper);
  return assign(exec::Seq{}, frame(predicted), helper.empty() ? nullptr : &prompted,
                BoxTracks(static_cast<std::int64_t>(boxes.size()), 1, boxes), options);
}

std::vector<std::int64_t> chosen(const Assignment& assignment) {
  return {assignment.prediction.data(), assignment.prediction.data() + assignment.prediction.size()};
}
using Indices = std::vector<std::int64_t>;

/// Greedy, from the definition: again and again the best pair that is left.
Indices greedy(const Table& scores) {
  Indices prediction(static_cast<std::size_t>(scores.rows()), -1);
  std::vector<bool> taken(static_cast<std::size_t>(scores.cols()), false);
  for (;;) {
    double most = 0;
    std::int64_t best_n = -1, best_p = -1;
    for (std::int64_t n = 0; n < scores.rows(); ++n)
      for (std::int64_t p = 0; p < scores.cols(); ++p)
        if (prediction[static_cast<std::size_t>(n)] < 0 && !taken[static_cast<std::size_t>(p)] &&
            scores(n, p) > most)
          most = scores(n, p), best_n = n, best_p = p;
    if (best_n < 0) return prediction;
    prediction[static_cast<std::size_t>(best_n)] = best_p, taken[static_cast<std::size_t>(best_p)] = true;
  }
}

}  // namespace

TEST_CASE("the best pair goes first, and takes its prediction with it") {
  const Assignment found = of({"..####..", "####...."}, {"..####..", "..###..."}, {everywhere, everywhere});
  CHECK(chosen(found) == Indices{0, 1});
  CHECK(found.score(0, 0) == 0.25);
  CHECK(found.tracks == oracle::packed(oracle::drawn(8, {{"..####.."}, {"####...."}})));
}

TEST_CASE("without one-to-one a prediction may serve several instances") {
  const AssignOptions several{.one_to_one = OneToOne::none};
  CHECK(chosen(of({"..####..", "####...."}, {"..####..", "..###..."}, {everywhere, everywhere}, several)) ==
        Indices{0, 0});
}

TEST_CASE("ties go to the lower instance, then to the lower prediction") {
  const std::vector<std::string> same{"####....", "####...."};
  CHECK(chosen(of(same, same, {everywhere, everywhere})) == Indices{0, 1});
  CHECK(chosen(of({"####...."}, same, {everywhere, everywhere})) == Indices{0, -1});
  CHECK(chosen(of(same, same, {everywhere, everywhere}, {.one_to_one = OneToOne::none})) == Indices{0, 0});
}

TEST_CASE("a pair counts iff its score is above the smallest one") {
  const AssignOptions at{.min_score = 0.25}, below{.min_score = 0.249};
  CHECK(chosen(of({"####...."}, {"####...."}, {everywhere}, at)) == Indices{-1});
  CHECK(chosen(of({"####...."}, {"####...."}, {everywhere}, below)) == Indices{0});
  CHECK(chosen(of({"####...."}, {"....####"}, {everywhere})) == Indices{-1});
}

TEST_CASE("without a helper the boxes decide") {
  const Assignment found = of({"####....", "..######"}, {}, {Box{2, 0, 6, 1}, Box{0, 0, 5, 1}});
  CHECK(chosen(found) == Indices{1, 0});
  CHECK(found.score(0, 0) == 1);
  CHECK(found.score(1, 0) == 0.8);
}

TEST_CASE("the reference rule unites the predictions of one box, by GIoU") {
  const AssignOptions reference{.rule = Rule::reference};
  const Assignment found = of({"##......", "absent", "..#.....", ".......#", "........"}, {},
                              {Box{0, 0, 3, 1}, Box{5, 0, 2, 1}}, reference);
  CHECK(chosen(found) == Indices{0, -1});
  CHECK(found.tracks == oracle::packed(oracle::drawn(8, {{"###....."}, {"absent"}})));
  CHECK(found.score(0, 0) == 2.0 / 3);
}

TEST_CASE("assignments equal the oracle's, under every policy") {
  oracle::Random random(231);
  for (int round = 0; round < 600; ++round) {
    const bool large = round == 0;  // enough work for threads
    const Size size = large ? Size{6, 8} : random.any_of(std::vector<Size>{{1, 3}, {2, 3}, {5, 7}, {33, 17}});
    const std::int64_t count = large ? 20 : random.below(5), frames = large ? 60 : random.below(4);
    const DenseTracks helper = oracle::random_tracks(random, size, count, frames);
    const DenseTracks predicted = random.one_in(2)
                                      ? oracle::random_tracks(random, size, random.below(6), frames)
                                      : oracle::similar(random, helper);
    const BoxTracks boxes = oracle::random_boxes(random, size, count, frames);
    AssignOptions options;
    options.one_to_one = random.any_of(std::vector{OneToOne::greedy, OneToOne::hungarian, OneToOne::none});
    options.min_score = random.any_of(std::vector{0.0, 0.0, 0.1, 0.5});
    options.box_overlap = random.one_in(2) ? BoxOverlap::iou : BoxOverlap::giou;
    const bool alone = random.one_in(4);
    const Tracks packed = oracle::packed(predicted), prompted = oracle::packed(helper);
    oracle::under_every_policy([&](auto policy) {
      const Assignment found = assign(policy, packed, alone ? nullptr : &prompted, boxes, options);
      for (std::int64_t t = 0; t < frames; ++t) {
        Table scores(count, predicted.count);
        for (std::int64_t n = 0; n < count; ++n)
          for (std::int64_t p = 0; p < predicted.count; ++p) {
            const double own =
                alone ? oracle::agreement(predicted(p, t), boxes(n, t), options.box_overlap)
                      : oracle::scm(predicted(p, t), helper(n, t), boxes(n, t), options.box_overlap);
            scores(n, p) = own > options.min_score ? own : 0;
          }
        Indices expected(static_cast<std::size_t>(count), -1);
        if (options.one_to_one == OneToOne::greedy) expected = greedy(scores);
        if (options.one_to_one == OneToOne::hungarian) expected = largest_assignment(scores);
        for (std::int64_t n = 0; options.one_to_one == OneToOne::none && n < count; ++n)
          for (std::int64_t p = predicted.count - 1; p >= 0; --p)
            if (scores(n, p) > 0 && scores(n, p) >= scores.row(n).maxCoeff())
              expected[static_cast<std::size_t>(n)] = p;
        for (std::int64_t n = 0; n < count; ++n) {
          const std::int64_t p = expected[static_cast<std::size_t>(n)];
          REQUIRE(found.prediction(n, t) == p);
          REQUIRE(found.score(n, t) == (p < 0 ? 0 : scores(n, p)));
          REQUIRE(found.tracks(n, t) == (p < 0 ? Tracks::Slot{} : packed(p, t)));
        }
      }
    });
  }
}

TEST_CASE("bad input is refused") {
  const Tracks predicted = oracle::packed(oracle::drawn(4, {{"##..", "##.."}}));
  const Tracks helper = oracle::packed(oracle::drawn(4, {{"##..", "##.."}, {"##..", "##.."}}));
  const BoxTracks boxes(1, 2, {Box{}, Box{}});
  const auto refusal = [&](const Tracks* given, const BoxTracks& b, const AssignOptions& options = {}) {
    return oracle::error_of([&] { return assign(exec::Seq{}, predicted, given, b, options); });
  };
  CHECK(refusal(&helper, boxes) ==
        "helper is [2, 2], expected one row per instance and one column per frame of boxes ([1, 2])");
  CHECK(refusal(nullptr, BoxTracks(1, 1, {Box{}})) ==
        "predicted has 2 frames, expected as many as boxes (1)");
  CHECK(refusal(nullptr, boxes, {.min_score = -0.1}) == "min_score is -0.1, expected at least 0");
  CHECK(refusal(nullptr, boxes, {.min_score = std::numeric_limits<double>::quiet_NaN()}) ==
        "min_score is nan, expected at least 0");
}
