#include <doctest/doctest.h>

#include <numeric>

#include "scenes.hpp"

using namespace vislabel;

namespace {

/// SHQM of one frame of one instance drawn in text, box over all.
FusedTracks of(const std::vector<std::string>& masks) {
  std::vector<oracle::DenseTracks> sources;
  for (const std::string& mask : masks) sources.push_back(oracle::drawn(8, {{mask}}));
  return shqm(exec::Seq{}, std::span<const Tracks>(oracle::packed(sources)),
              BoxTracks(1, 1, {Box{0, 0, 8, 1}}));
}

/// A_i by Eq. 7, the smallest terms first.
double support(const std::vector<oracle::DenseTracks>& sources, std::size_t i, std::int64_t n, std::int64_t t,
               const BoxTracks& boxes, BoxOverlap kind) {
  std::vector<double> terms;
  for (std::size_t j = 0; j < sources.size(); ++j)
    if (j != i) terms.push_back(oracle::scm(sources[i](n, t), sources[j](n, t), boxes(n, t), kind));
  std::sort(terms.begin(), terms.end());
  return std::accumulate(terms.begin(), terms.end(), 0.0);
}

}  // namespace

TEST_CASE("the mask that agrees with both others wins") {
  const FusedTracks fused = of({"######..", "#######.", "########"});
  CHECK(fused.winner(0, 0) == 1);
  CHECK(fused.tracks == oracle::packed(oracle::drawn(8, {{"#######."}})));
  CHECK(fused.score(0, 0) == 6.0 / 7 * (6.0 / 8 * (7.0 / 8)) + 6.0 / 8 * (6.0 / 8 * 1));
}

TEST_CASE("two sources always tie, and the first wins") {
  CHECK(of({"#####...", "..######"}).winner(0, 0) == 0);
  CHECK(of({"..######", "#####..."}).winner(0, 0) == 0);
  CHECK(of({"absent", "..######", "#####..."}).winner(0, 0) == 1);
}

TEST_CASE("a source alone wins with score 0, and nobody wins where all are absent") {
  CHECK(of({"absent", "###.....", "absent"}).winner(0, 0) == 1);
  CHECK((of({"absent", "###.....", "absent"}).score == 0).all());
  CHECK(of({"absent", "absent"}).winner(0, 0) == -1);
  CHECK_FALSE(of({"absent", "absent"}).tracks.present(0, 0));
}

TEST_CASE("an empty mask is a candidate of score 0") {
  CHECK(of({"........", "absent"}).winner(0, 0) == 0);
  CHECK(of({"........", "###....."}).winner(0, 0) == 0);
  CHECK(of({"........", "###.....", "###....."}).winner(0, 0) == 1);
}

TEST_CASE("equal masks tie whatever their places among five sources") {
  oracle::Random random(211);
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::string> masks;
    for (int s = 0; s < 5; ++s) {
      std::string mask(8, '.');
      for (char& pixel : mask) pixel = random.one_in(3) ? '.' : '#';
      masks.push_back(mask);
    }
    const auto i = random.between(0, 3), j = random.between(i + 1, 4);
    masks[static_cast<std::size_t>(j)] = masks[static_cast<std::size_t>(i)];
    const FusedTracks fused = of(masks);
    REQUIRE(fused.score(i, 0) == fused.score(j, 0));
    REQUIRE(fused.winner(0, 0) != j);
  }
}

TEST_CASE("winners and scores equal the oracle's for 2, 3 and 5 sources, under every policy") {
  oracle::Random random(212);
  for (int round = 0; round < 400; ++round) {
    const bool large = round == 0;  // enough work for threads
    const Size size = large ? Size{6, 8} : random.any_of(std::vector<Size>{{1, 3}, {2, 3}, {5, 7}, {33, 17}});
    const std::int64_t count = large ? 60 : random.below(4), frames = large ? 40 : random.below(5);
    const std::int64_t sources = random.any_of(std::vector<std::int64_t>{2, 3, 5});
    const std::vector<oracle::DenseTracks> dense =
        oracle::random_sources(random, size, sources, count, frames);
    const BoxTracks boxes = oracle::random_boxes(random, size, count, frames);
    const BoxOverlap kind = random.one_in(2) ? BoxOverlap::iou : BoxOverlap::giou;
    const std::vector<Tracks> tracks = oracle::packed(dense);
    oracle::under_every_policy([&](auto policy) {
      const FusedTracks fused = shqm(policy, std::span<const Tracks>(tracks), boxes, kind);
      for (std::int64_t n = 0; n < count; ++n)
        for (std::int64_t t = 0; t < frames; ++t) {
          std::int64_t winner = -1;
          double most = -1;
          for (std::int64_t i = 0; i < sources; ++i) {
            const double own = support(dense, static_cast<std::size_t>(i), n, t, boxes, kind);
            REQUIRE(fused.score(i * count + n, t) == own);
            if (boxes(n, t) && dense[static_cast<std::size_t>(i)](n, t) && own > most) most = own, winner = i;
          }
          REQUIRE(fused.winner(n, t) == winner);
          REQUIRE(fused.tracks(n, t) ==
                  (winner < 0 ? Tracks::Slot{} : tracks[static_cast<std::size_t>(winner)](n, t)));
        }
    });
  }
}

TEST_CASE("one source is too few") {
  const std::vector<Tracks> one{oracle::packed(oracle::drawn(4, {{"##.."}}))};
  CHECK(oracle::error_of([&] {
          return shqm(exec::Seq{}, std::span<const Tracks>(one), BoxTracks(1, 1, {Box{}}));
        }) == "sources has 1 entries, expected at least 2");
}
