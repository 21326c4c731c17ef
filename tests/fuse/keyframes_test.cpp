#include <doctest/doctest.h>

#include <limits>

#include "scenes.hpp"

using namespace vislabel;

namespace {

IndexTable row(const std::vector<std::int64_t>& values) {
  return Eigen::Map<const IndexTable>(values.data(), 1, static_cast<Eigen::Index>(values.size()));
}

Table scores(const std::vector<double>& values) {
  return Eigen::Map<const Table>(values.data(), 1, static_cast<Eigen::Index>(values.size()));
}

bool equal(const IndexTable& a, const IndexTable& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() && (a == b).all();
}

}  // namespace

TEST_CASE("the frames of highest score are the keyframes, best first, the earlier one at a tie") {
  const Table table = scores({0.1, 0.9, 0.3, 0.9, 0.5, 0.2, 0.2});
  CHECK(equal(keyframes(table, {.every = 2}), row({1, 3, 4})));
  CHECK(equal(keyframes(table, {.every = 1}), row({1, 3, 4, 2, 5, 6, 0})));
  CHECK(equal(keyframes(table), row({1})));
  CHECK(equal(keyframes(Table::Zero(1, 20)), row({0, 1})));
}

TEST_CASE("one keyframe per segment spreads them over the video") {
  const Table table = scores({0.9, 0.8, 0.3, 0.1, 0.2, 0.2, 0.0});
  // Three segments of seven frames: [0, 2), [2, 4), [4, 7).
  CHECK(equal(keyframes(table, {.every = 2, .spread = Spread::per_segment}), row({0, 2, 4})));
}

TEST_CASE("there is always a keyframe, unless there is no frame") {
  CHECK(keyframes(Table::Zero(2, 3), {.every = 100}).cols() == 1);
  CHECK(keyframes(Table(2, 0)).cols() == 0);
}

TEST_CASE("bad scores and steps are refused") {
  CHECK(oracle::error_of([] { return keyframes(Table::Zero(1, 1), {.every = 0}); }) ==
        "every is 0, expected at least 1");
  CHECK(oracle::error_of([] { return keyframes(scores({std::numeric_limits<double>::quiet_NaN()})); }) ==
        "scm has NaN, expected numbers");
}

TEST_CASE("the nearest keyframe's track counts, the earlier one half way between two") {
  const std::vector<Tracks> tracks{
      oracle::packed(oracle::drawn(1, {{"#", "#", "#", "#", "#", "absent"}})),
      oracle::packed(oracle::drawn(1, {{"#", "#", "absent", "#", "#", "absent"}}))};
  const FusedKeyframes fused = fuse_keyframes(exec::Seq{}, std::span(tracks), row({4, 0}));
  CHECK(equal(fused.winner, row({1, 1, 0, 0, 0, -1})));
  CHECK(equal(fuse_keyframes(exec::Seq{}, std::span(tracks), row({4, 1})).winner, row({1, 1, 0, 0, 0, -1})));
  CHECK(
      equal(fuse_keyframes(exec::Seq{}, std::span(tracks), row({-1, 1})).winner, row({1, 1, -1, 1, 1, -1})));
  CHECK(equal(fuse_keyframes(exec::Seq{}, std::span(tracks), row({3, 3})).winner, row({0, 0, 0, 0, 0, -1})));
}

TEST_CASE("nearest keyframes and SHQM among them equal the definitions, under every policy") {
  oracle::Random random(251);
  for (int round = 0; round < 200; ++round) {
    const bool large = round == 0;  // enough work for threads
    const std::int64_t count = large ? 100 : random.below(4), frames = large ? 200 : random.between(1, 6);
    const std::int64_t starts = random.between(1, 4);
    const Size size{2, 3};
    const std::vector<oracle::DenseTracks> dense =
        oracle::random_sources(random, size, starts, count, frames);
    const std::vector<Tracks> tracks = oracle::packed(dense);
    const BoxTracks boxes = oracle::random_boxes(random, size, count, frames);
    IndexTable table(count, starts);
    for (Eigen::Index i = 0; i < table.size(); ++i) table.data()[i] = random.between(-1, frames - 1);
    oracle::under_every_policy([&](auto policy) {
      const FusedKeyframes nearest = fuse_keyframes(policy, std::span(tracks), table);
      const FusedKeyframes best =
          fuse_keyframes(policy, std::span(tracks), table, {KeyframeChoice::shqm, &boxes});
      for (std::int64_t n = 0; n < count; ++n)
        for (std::int64_t t = 0; t < frames; ++t) {
          std::vector<std::array<std::int64_t, 3>> order;
          std::vector<std::pair<double, std::int64_t>> support;
          for (std::int64_t k = 0; k < starts; ++k) {
            const auto& own = dense[static_cast<std::size_t>(k)](n, t);
            if (table(n, k) < 0 || !own) continue;
            order.push_back({std::abs(t - table(n, k)), table(n, k), k});
            double sum = 0;
            for (std::int64_t j = 0; j < starts; ++j)
              if (j != k && table(n, j) >= 0)
                sum += oracle::scm(own, dense[static_cast<std::size_t>(j)](n, t), boxes(n, t));
            if (boxes(n, t)) support.emplace_back(sum, k);
          }
          REQUIRE(nearest.winner(n, t) ==
                  (order.empty() ? -1 : std::min_element(order.begin(), order.end())->back()));
          REQUIRE(nearest.tracks.present(n, t) == !order.empty());
          const std::int64_t winner = best.winner(n, t);
          REQUIRE((winner >= 0) == !support.empty());
          for (const auto& [sum, k] : support)
            if (k == winner)
              for (const auto& [other, j] : support) REQUIRE(sum >= doctest::Approx(other).epsilon(1e-12));
        }
    });
  }
}

TEST_CASE("keyframes that do not fit their tracks are refused") {
  const std::vector<Tracks> tracks{oracle::packed(oracle::drawn(1, {{"#", "#"}})),
                                   oracle::packed(oracle::drawn(1, {{"#", "#"}}))};
  const auto refusal = [&](const IndexTable& table, const FuseKeyframesOptions& options = {}) {
    return oracle::error_of([&] { return fuse_keyframes(exec::Seq{}, std::span(tracks), table, options); });
  };
  CHECK(refusal(row({0})) == "keyframes is [1, 1], expected [1, 2]: one per instance and track");
  CHECK(refusal(row({0, 2})) == "keyframes[0][1] is 2, expected a frame below 2, or -1: no track");
  const BoxTracks other(1, 1, {Box{}});
  CHECK(refusal(row({0, 1}), {.boxes = &other}) ==
        "tracks is [1, 2], expected one row per instance and one column per frame of boxes ([1, 1])");
  CHECK(refusal(row({0, 1}), {.by = KeyframeChoice::shqm}) ==
        "boxes is missing: shqm needs the annotated boxes");
  CHECK(oracle::error_of([] {
          return fuse_keyframes(exec::Seq{}, std::span<const Tracks>(), IndexTable(0, 0));
        }) == "tracks is empty, expected the tracks of at least 1 keyframe");
}
