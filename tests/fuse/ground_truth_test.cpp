#include <doctest/doctest.h>

#include <limits>
#include <oracle.hpp>
#include <vislabel/fuse/ground_truth.hpp>

using namespace vislabel;
using Indices = std::vector<std::int64_t>;

namespace {

const Tracks truth = oracle::packed(oracle::drawn(4, {{"##..", "##..", "absent", "...."},
                                                      {"####", "####", "####", "####"},
                                                      {"#...", "absent", "absent", "absent"}}));
const Tracks fused = oracle::packed(oracle::drawn(4, {{"##..", "absent", "####", "...."},
                                                      {"###.", "##..", "....", "absent"},
                                                      {"absent", "absent", "absent", "absent"}}));

}  // namespace

TEST_CASE("missing data goes frame by frame") {
  const FilteredTruth left = missing_data(truth, fused);
  CHECK(left.tracks == oracle::packed(oracle::drawn(4, {{"##..", "absent", "absent", "absent"},
                                                        {"####", "####", "absent", "absent"},
                                                        {"absent", "absent", "absent", "absent"}})));
  CHECK(left.removed.count() == 5);
  CHECK(left.removed(0, 3));
  CHECK_FALSE(left.removed(0, 2));
  CHECK(left.kept == Indices{0, 1});
}

TEST_CASE("missing data of whole instances leaves the others as they are") {
  const FilteredTruth left = missing_data(truth, fused, MissingPer::instance);
  CHECK(left.removed.count() == 1);
  CHECK(left.removed(2, 0));
  CHECK(left.kept == Indices{0, 1});
  CHECK(left.tracks.select(Indices{0, 1}) == truth.select(Indices{0, 1}));
}

TEST_CASE("inaccurate annotations go, those at the threshold stay") {
  const Table iou = counterpart_iou(exec::Seq{}, truth, fused);
  CHECK(iou(1, 0) == 0.75);
  CHECK(iou(1, 1) == 0.5);
  CHECK(iou(0, 1) == 0);
  CHECK(remove_inaccurate(truth, iou, 0.5).removed.count() == 5);
  CHECK(remove_inaccurate(truth, iou).removed.count() == 6);
  CHECK(remove_inaccurate(truth, iou).kept == Indices{0, 1});
  CHECK(remove_inaccurate(truth, iou, 0).tracks == truth);
}

TEST_CASE("the filters equal their definitions on random tracks, under every policy") {
  oracle::Random random(261);
  for (int round = 0; round < 200; ++round) {
    const std::int64_t count = round == 0 ? 60 : random.below(5), frames = round == 0 ? 400 : random.below(5);
    const oracle::DenseTracks a = oracle::random_tracks(random, {2, 3}, count, frames);
    const oracle::DenseTracks b = oracle::random_tracks(random, {2, 3}, count, frames);
    const double threshold = random.any_of(std::vector{0.0, 0.25, 0.5, 0.6, 1.0});
    const Tracks gt = oracle::packed(a), masks = oracle::packed(b);
    oracle::under_every_policy([&](auto policy) {
      const Table iou = counterpart_iou(policy, gt, masks);
      const FilteredTruth accurate = remove_inaccurate(gt, iou, threshold), there = missing_data(gt, masks);
      for (std::int64_t n = 0; n < count; ++n)
        for (std::int64_t t = 0; t < frames; ++t) {
          REQUIRE(iou(n, t) == oracle::frame_iou(a(n, t), b(n, t)));
          const bool pixels = b(n, t) && oracle::area(*b(n, t)) > 0;
          REQUIRE(accurate.removed(n, t) == (a(n, t) && iou(n, t) < threshold));
          REQUIRE(there.removed(n, t) == (a(n, t) && !pixels));
          REQUIRE(there.tracks(n, t) == (there.removed(n, t) ? Tracks::Slot{} : gt(n, t)));
          REQUIRE(accurate.tracks(n, t) == (accurate.removed(n, t) ? Tracks::Slot{} : gt(n, t)));
        }
    });
  }
}

TEST_CASE("what does not fit is refused") {
  CHECK(oracle::error_of([] { return missing_data(truth, fused.select(Indices{0})); }) ==
        "truth has 3 instances and fused 1, expected row n of both to be the same instance");
  const Table iou = Table::Zero(3, 4);
  for (const double bad : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()})
    CHECK(oracle::error_of([&] { return remove_inaccurate(truth, iou, bad); }).find("threshold is ") == 0);
  CHECK(oracle::error_of([] { return remove_inaccurate(truth, Table::Zero(3, 3)); }) ==
        "iou is [3, 3], expected [3, 4]");
}
