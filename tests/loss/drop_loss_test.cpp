#include <doctest/doctest.h>

#include <loss/maps.hpp>
#include <vislabel/loss/drop_loss.hpp>

using namespace vislabel;
using oracle::Dense;
using oracle::Maps;

namespace {

Dense bar(Size size, std::int64_t begin, std::int64_t end) {
  Dense mask(size);
  oracle::fill(mask, 0, begin, size.height, end);
  return mask;
}

}  // namespace

TEST_CASE("a mask keeps its loss iff its largest IoU is above 0.01, not at it") {
  const Size size{1, 101};
  const Masks predicted =
      oracle::packed(size, {bar(size, 0, 1), bar(size, 0, 2), bar(size, 90, 99), Dense(size)});
  const Masks truth = oracle::packed(size, {bar(size, 0, 100), Dense(size)});
  // 1 / 100 is at it; 2 / 100 above; the third one is inside too; the last one has no pixel.
  CHECK(drop_loss_weights(exec::Seq{}, predicted, truth) == std::vector<double>{0, 1, 1, 0});
  CHECK(drop_loss_weights(exec::Seq{}, predicted, truth, {.threshold = 0}) ==
        std::vector<double>{1, 1, 1, 0});
  CHECK(drop_loss_weights(exec::Seq{}, predicted, oracle::packed(size, {})) ==
        std::vector<double>{0, 0, 0, 0});
}

TEST_CASE("the weights are those of dense IoUs, of masks, of logits and of resized logits") {
  oracle::Random random(1);
  const Size size{20, 30};
  for (int round = 0; round < 20; ++round) {
    const Maps<float> logits = oracle::random_logits<float>(random, 5, size, 1);
    const Masks predicted = pack_above(exec::Seq{}, logits.view(), 0.0);
    const Masks truth = oracle::packed(size, oracle::random_masks(random, size, 3));
    const double threshold = random.real() * 0.3;
    const Table iou = mask_iou(exec::Seq{}, predicted, truth);
    const auto weights = drop_loss_weights(exec::Seq{}, predicted, truth, {.threshold = threshold});
    for (std::size_t n = 0; n < 5; ++n)
      CHECK(weights[n] == (iou.row(static_cast<Eigen::Index>(n)).maxCoeff() > threshold ? 1 : 0));
    oracle::under_every_policy([&](auto policy) {
      CHECK(drop_loss_weights(policy, logits.view(), truth, {.threshold = threshold}) == weights);
    });
    const Maps<float> coarse = oracle::random_logits<float>(random, 5, {6, 7}, 1);
    CHECK(drop_loss_weights(exec::Seq{}, coarse.view(), truth, {.threshold = threshold}) ==
          drop_loss_weights(exec::Seq{}, pack_resized(exec::Seq{}, coarse.view(), size, 0), truth,
                            {.threshold = threshold}));
  }
}

TEST_CASE("tracks are weighted by their IoU over the whole video") {
  const Size size{1, 100};
  const auto video = [&](std::vector<Dense> frames) {
    const Masks masks = oracle::packed(size, frames);
    return Tracks(size, 1, 2, {masks[0], masks[1]});
  };
  // 1 of 100 pixels in each of two frames: 0.01; the same in one frame and nothing in the other: 0.01 as
  // well.
  const Tracks truth = video({bar(size, 0, 100), bar(size, 0, 100)});
  CHECK(drop_loss_weights(exec::Seq{}, video({bar(size, 0, 1), bar(size, 0, 1)}), truth)[0] == 0);
  CHECK(drop_loss_weights(exec::Seq{}, video({bar(size, 0, 3), bar(size, 0, 0)}), truth)[0] == 1);
  Maps<float> logits(2, {1, 100});
  for (std::int64_t x = 0; x < 100; ++x) logits(0, 0, x) = x < 3 ? 1.0F : -1.0F, logits(1, 0, x) = -1;
  const auto view = pixels(std::as_const(logits.values).data(), std::array<std::int64_t, 4>{1, 2, 1, 100});
  CHECK(drop_loss_weights(exec::Seq{}, Pixels<const float, 4>(view), truth)[0] == 1);
  logits(1, 0, 7) = NAN;
  CHECK(oracle::error_of([&] {
          return drop_loss_weights(exec::Seq{}, Pixels<const float, 4>(view), truth);
        }) == "logits[0, 1, 0, 7] is NaN, expected a number");
  CHECK(std::isnan(
      drop_loss_weights(exec::Seq{}, Pixels<const float, 4>(view), truth, {.nan = OnNaN::propagate})[0]));
}

TEST_CASE("the reference's weights come from the soft IoU of points; 0 / 0 keeps the row") {
  oracle::Random random(2);
  const Maps<double> logits = oracle::random_logits<double>(random, 1, {30, 9}, 8);
  Maps<double> labels(1, {30, 9});
  for (double& label : labels.values) label = random.one_in(3) ? 0 : random.real();
  const double threshold = 0.3;
  const auto weights =
      drop_loss_weights(exec::Seq{}, logits.view().image(0), labels.view().image(0), {threshold});
  int kept = 0;
  for (std::int64_t n = 0; n < 30; ++n) {
    long double common = 0, together = 0;
    for (std::int64_t k = 0; k < 9; ++k) {
      const long double p = oracle::sigmoid(static_cast<long double>(logits(0, n, k))),
                        l = static_cast<long double>(labels(0, n, k));
      common += p * l, together += p + l - p * l;
    }
    CHECK(weights[static_cast<std::size_t>(n)] == (common / together > 0.3L ? 1 : 0));
    kept += common / together > 0.3L ? 1 : 0;
  }
  CHECK(kept > 5);
  CHECK(kept < 25);
  Maps<float> low(1, {2, 3}), none(1, {2, 3});
  low.values = {-200, -200, -200, -200, 0, -200};  // sigmoids of 0, and one of 1/2
  CHECK(drop_loss_weights(exec::Seq{}, low.view().image(0), none.view().image(0)) ==
        std::vector<double>{1, 0});
}

TEST_CASE("bad input is refused") {
  const Size size{2, 2};
  const Masks truth = oracle::packed(size, {Dense(size)});
  const Masks other = oracle::packed({2, 3}, {Dense({2, 3})});
  CHECK(oracle::error_of([&] { return drop_loss_weights(exec::Seq{}, truth, other); }) ==
        "masks of different sizes: 2 x 2 and 2 x 3 (height x width)");
  CHECK(oracle::error_of([&] { return drop_loss_weights(exec::Seq{}, truth, truth, {.threshold = NAN}); }) ==
        "threshold is NaN, expected a number");
  Maps<float> logits(1, {2, 2}), labels(1, {2, 2}), few(1, {2, 1});
  const auto points = [&](const Maps<float>& of, OnNaN nan = OnNaN::error) {
    return oracle::error_of([&] {
      return drop_loss_weights(exec::Seq{}, logits.view().image(0), of.view().image(0), {.nan = nan});
    });
  };
  CHECK(points(few) == "labels has shape [2, 1], expected [2, 2] as logits");
  labels(0, 1, 0) = 1.5F;
  CHECK(points(labels) == "labels[1, 0] is 1.5, expected 0 to 1");
  labels(0, 1, 0) = NAN;
  CHECK(points(labels) == "labels[1, 0] is nan, expected 0 to 1");
  CHECK(points(labels, OnNaN::propagate) == "(no error)");
  logits(0, 0, 1) = NAN;
  CHECK(points(few).starts_with("labels has shape"));
  CHECK(points(Maps<float>(1, {2, 2})) == "logits[0, 1] is NaN, expected a number");
}
