#include <doctest/doctest.h>

#include <loss/maps.hpp>
#include <vislabel/loss/quality_target.hpp>

using namespace vislabel;
using oracle::Maps;

namespace {

Pixels<const float, 4> videos(const Maps<float>& maps, std::int64_t frames) {
  return pixels(maps.values.data(),
                std::array{maps.count / frames, frames, maps.size.height, maps.size.width});
}

}  // namespace

TEST_CASE("the target is the IoU with the truth of the largest mean, frame by frame") {
  oracle::Random random(1);
  for (int round = 0; round < 30; ++round) {
    const std::int64_t frames = random.between(1, 4);
    const Size size{random.between(1, 40), random.between(1, 40)},
        from{random.between(1, 12), random.between(1, 12)};
    const Maps<float> logits = oracle::random_logits<float>(random, 6 * frames, from, 1);
    const Tracks truth = oracle::packed(oracle::random_tracks(random, size, random.between(0, 4), frames));
    const Tracks predicted = pack_resized(exec::Seq{}, videos(logits, frames), size, 0.1);
    for (const EmptyPair empty_pair : {EmptyPair::zero, EmptyPair::one}) {
      const Table mean = track_iou(exec::Seq{}, predicted, truth, {OverTime::frame_mean, empty_pair});
      const Table iou = frame_iou(exec::Seq{}, predicted, truth, empty_pair);
      oracle::under_every_policy([&](auto policy) {
        const QualityTarget target = quality_target(policy, videos(logits, frames), truth,
                                                    {.threshold = 0.1, .empty_pair = empty_pair});
        for (std::int64_t q = 0; q < 6; ++q) {
          std::int64_t best = -1;
          for (std::int64_t g = 0; g < truth.count(); ++g)
            if (best < 0 || mean(q, g) > mean(q, best)) best = g;
          REQUIRE(target.truth[static_cast<std::size_t>(q)] == best);
          for (std::int64_t t = 0; t < frames; ++t)
            REQUIRE(target.iou(q, t) == (best < 0 ? 0.0 : iou(q * truth.count() + best, t)));
        }
      });
    }
  }
}

TEST_CASE("a frame with NaN is refused, or left out of the choice and NaN itself") {
  Maps<float> logits(2, {1, 2});
  logits.values = {1, 1, NAN, 1};
  const Tracks truth = oracle::packed(oracle::drawn(2, {{"#.", "##"}, {"##", ".."}}));
  CHECK(oracle::error_of([&] { return quality_target(exec::Seq{}, videos(logits, 2), truth); }) ==
        "logits[0, 1, 0, 0] is NaN, expected a number");
  const auto target = quality_target(exec::Seq{}, videos(logits, 2), truth, {.nan = OnNaN::propagate});
  CHECK(target.truth[0] == 1);
  CHECK(target.iou(0, 0) == 1);
  CHECK(std::isnan(target.iou(0, 1)));
}

TEST_CASE("no queries, no frames and no pixels have targets of their shape") {
  const Maps<float> logits(6, {2, 2});
  const Tracks truth = oracle::packed(oracle::drawn(2, {{"#.", "##"}}));
  const auto empty = [&](std::array<std::int64_t, 4> shape) { return pixels(logits.values.data(), shape); };
  CHECK(quality_target(exec::Seq{}, empty({0, 2, 2, 2}), truth).iou.rows() == 0);
  const Tracks no_frames(Size{1, 2}, 2, 0, {});
  CHECK(quality_target(exec::Seq{}, empty({3, 0, 2, 2}), no_frames).truth ==
        std::vector<std::int64_t>{0, 0, 0});
  const Tracks no_pixels(Size{0, 5}, 1, 1, {Tracks::Slot(PackedMask())});
  CHECK(quality_target(exec::Seq{}, empty({1, 1, 2, 2}), no_pixels).iou(0, 0) == 0);
}

TEST_CASE("bad input is refused") {
  const Maps<float> logits(2, {2, 2}), nothing(2, {0, 2});
  const Tracks truth = oracle::packed(oracle::drawn(2, {{"#.", "##"}}));
  const auto target = [&](const Maps<float>& maps, std::int64_t frames, double threshold = 0) {
    return oracle::error_of(
        [&] { return quality_target(exec::Seq{}, videos(maps, frames), truth, {.threshold = threshold}); });
  };
  CHECK(target(logits, 1) == "logits has 1 frames, expected 2 as truth");
  CHECK(target(logits, 2, NAN) == "threshold is NaN, expected a number");
  CHECK(target(nothing, 2) == "logits has maps of 0 x 2, which cannot be resized to truth's 1 x 2");
}
