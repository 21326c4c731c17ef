#include <doctest/doctest.h>

#include <loss/maps.hpp>
#include <vislabel/loss/pairwise_affinity.hpp>

using namespace vislabel;
using oracle::Maps;

namespace {

/// Sum, divisor and gradient of one instance by the definition: every center, each of its eight neighbours.
template <class T>
struct AffinityOracle {
  long double loss = 0;
  std::int64_t pairs = 0;
  Maps<long double> gradient;

  AffinityOracle(const Maps<T>& logits, std::int64_t n, const Maps<T>& lab, std::int64_t image,
                 const BoxSlot& box, const PairwiseAffinityOptions& options)
      : gradient(1, logits.size) {
    if (!box) return;
    const auto [height, width] = logits.size;
    for (std::int64_t y = 0; y < height; ++y)
      for (std::int64_t x = 0; x < width; ++x)
        for (std::int64_t v = y - 2; v <= y + 2; v += 2)
          for (std::int64_t u = x - 2; u <= x + 2; u += 2) {
            const bool inside = v >= 0 && v < height && u >= 0 && u < width && (v != y || u != x);
            if (!inside || !oracle::covers(*box, y, x)) continue;
            const bool counted = alike(lab, image, {y, x}, {v, u}, options);
            pairs += options.rule == Rule::paper || counted ? 1 : 0;
            if (counted) add(logits, n, {y, x}, {v, u});
          }
  }

  using Place = std::pair<std::int64_t, std::int64_t>;

  static bool alike(const Maps<T>& lab, std::int64_t image, Place a, Place b,
                    const PairwiseAffinityOptions& options) {
    double squared = 0;
    for (std::int64_t channel = 3 * image; channel < 3 * image + 3; ++channel) {
      const double difference = static_cast<double>(lab(channel, a.first, a.second)) -
                                static_cast<double>(lab(channel, b.first, b.second));
      squared += difference * difference;
    }
    const double similarity = std::exp(-std::sqrt(squared) / options.theta);
    return options.rule == Rule::paper ? similarity > options.threshold.value_or(0.2)
                                       : similarity >= options.threshold.value_or(0.3);
  }

  void add(const Maps<T>& logits, std::int64_t n, Place a, Place b) {
    const auto i = static_cast<long double>(logits(n, a.first, a.second)),
               j = static_cast<long double>(logits(n, b.first, b.second));
    const long double both = oracle::log_sigmoid(i) + oracle::log_sigmoid(j),
                      neither = oracle::log_sigmoid(-i) + oracle::log_sigmoid(-j);
    // -log(e^both + e^neither): where that is near 1, from what is left of it.
    const long double differ = std::exp(oracle::log_sigmoid(i) + oracle::log_sigmoid(-j)) +
                               std::exp(oracle::log_sigmoid(-i) + oracle::log_sigmoid(j));
    const long double larger = std::max(both, neither), smaller = std::min(both, neither);
    const long double log_same =
        differ < 0.5L ? std::log1p(-differ) : larger + std::log1p(std::exp(smaller - larger));
    loss -= log_same;
    gradient(0, a.first, a.second) += slope(i, j, log_same);
    gradient(0, b.first, b.second) += slope(j, i, log_same);
  }

  /// The derivative of -log P by i: p_i (1 - p_i) (1 - 2 p_j) / P, in logarithms.
  static long double slope(long double i, long double j, long double log_same) {
    const long double size = std::exp(oracle::log_sigmoid(i) + oracle::log_sigmoid(-i) - log_same);
    return -size * std::tanh(j / 2);
  }
};

template <class T>
void check_affinity(double scale, double tolerance, const PairwiseAffinityOptions& options,
                    std::uint64_t seed) {
  oracle::Random random(seed);
  for (const Size size : {Size{1, 1}, {2, 2}, {3, 9}, {9, 3}, {17, 12}, {40, 33}}) {
    const std::int64_t count = 4, images = 2;
    const Maps<T> logits = oracle::random_logits<T>(random, count, size, scale);
    const Maps<T> lab = oracle::random_colours<T>(random, images, size);
    const std::vector<BoxSlot> boxes = oracle::random_boxes(random, count, size);
    std::vector<std::int64_t> image;
    std::vector<double> upstream;
    for (std::int64_t n = 0; n < count; ++n)
      image.push_back(random.below(images)), upstream.push_back(random.real());
    const PairwiseAffinity result =
        pairwise_affinity_loss(exec::Seq{}, logits.view(), lab.images(), image, boxes, options);
    Maps<T> gradient(count, size);
    pairwise_affinity_loss_backward(exec::Seq{}, upstream, logits.view(), lab.images(), image, boxes,
                                    gradient.out(), options);
    for (std::int64_t n = 0; n < count; ++n) {
      const auto at = static_cast<std::size_t>(n);
      const AffinityOracle<T> expected(logits, n, lab, image[at], boxes[at], options);
      REQUIRE(oracle::close(result.loss[at], expected.loss, 1e-12));
      REQUIRE(result.pairs[at] == expected.pairs);
      for (std::int64_t y = 0; y < size.height; ++y)
        for (std::int64_t x = 0; x < size.width; ++x) {
          // Slopes of several signs add up: relative to the number of pairs, not to the sum.
          const long double wanted = expected.gradient(0, y, x) * upstream[at];
          REQUIRE(std::abs(static_cast<long double>(gradient(n, y, x)) - wanted) <=
                  static_cast<long double>(tolerance) * std::max(std::abs(wanted), 1.0L));
        }
    }
  }
}

}  // namespace

TEST_CASE("the affinity of three pixels in a row, worked by hand") {
  Maps<double> logits(1, {1, 3}), gradient(1, {1, 3});
  const Maps<double> lab(3, {1, 3});      // one colour
  logits.values = {std::log(3.0), 7, 0};  // probabilities 3/4 and 1/2: P = 3/8 + 1/8
  const std::vector<std::int64_t> image{0};
  const std::vector<BoxSlot> left{Box{0, 0, 1, 1}}, all{Box{0, 0, 3, 1}};
  const auto loss = [&](const std::vector<BoxSlot>& boxes) {
    return pairwise_affinity_loss(exec::Seq{}, logits.view(), lab.images(), image, boxes);
  };
  CHECK(loss(left).loss[0] == doctest::Approx(std::log(2.0)).epsilon(1e-15));
  CHECK(loss(left).pairs[0] == 1);
  CHECK(loss(all).loss[0] == doctest::Approx(2 * std::log(2.0)).epsilon(1e-15));
  CHECK(loss(all).pairs[0] == 2);
  pairwise_affinity_loss_backward(exec::Seq{}, std::vector<double>{1.0}, logits.view(), lab.images(), image,
                                  left, gradient.out());
  CHECK(gradient.values[0] == 0);  // the other one does not know
  CHECK(gradient.values[1] == 0);
  CHECK(gradient.values[2] == doctest::Approx(-0.25).epsilon(1e-15));  // -1/4 * (3/4 - 1/4) / (1/2)
}

TEST_CASE("losses and gradients are those of the definition") {
  for (const Rule rule : {Rule::paper, Rule::reference})
    for (const double scale : {1.0, 8.0}) {
      check_affinity<double>(scale, 1e-12, {.rule = rule}, 1);
      check_affinity<float>(scale, 1e-6, {.rule = rule}, 2);
    }
  check_affinity<double>(2, 1e-12, {.threshold = 0.0}, 3);
  check_affinity<double>(2, 1e-12, {.threshold = 1.0}, 4);
  check_affinity<double>(2, 1e-12, {.rule = Rule::reference, .threshold = 1.0, .theta = 0.5}, 5);
  check_affinity<double>(2, 1e-12, {.rule = Rule::reference, .threshold = 0.0}, 6);
  check_affinity<double>(2, 1e-12, {.theta = 7}, 7);
}

TEST_CASE("saturated logits lose no digits: pairs that agree nearly surely, or nearly surely do not") {
  for (const double scale : {20.0, 40.0, 300.0, 2000.0}) {
    check_affinity<double>(scale, 1e-12, {}, 8);
    check_affinity<float>(scale, 1e-6, {}, 9);
  }
  Maps<double> logits(1, {1, 3});
  const Maps<double> lab(3, {1, 3});
  const std::vector<std::int64_t> image{0};
  const std::vector<BoxSlot> boxes{Box{0, 0, 1, 1}};
  const auto loss = [&] {
    return pairwise_affinity_loss(exec::Seq{}, logits.view(), lab.images(), image, boxes).loss[0];
  };
  logits.values = {50, 0, 60};
  CHECK(oracle::relative(loss(), std::exp(-50.0L) + std::exp(-60.0L)) < 1e-14);
  logits.values = {1000, 0, -3000};
  CHECK(loss() == 1000);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  logits.values = {infinity, 0, infinity};
  CHECK(loss() == 0);
  logits.values = {-infinity, 0, 2};
  CHECK(oracle::relative(loss(), -oracle::log_sigmoid(-2)) < 1e-14);
  logits.values = {-infinity, 0, infinity};
  CHECK(loss() > 1e300);
}

TEST_CASE("without a box there is no loss, and nothing is read") {
  Maps<float> logits(1, {4, 4}), lab(3, {4, 4}), gradient(1, {4, 4});
  logits.values.assign(16, NAN), lab.values.assign(48, NAN), gradient.values.assign(16, 7);
  const std::vector<BoxSlot> none{std::nullopt};
  const std::vector<std::int64_t> image{0};
  const auto result = pairwise_affinity_loss(exec::Seq{}, logits.view(), lab.images(), image, none);
  CHECK(result.loss == std::vector<double>{0});
  CHECK(result.pairs == std::vector<std::int64_t>{0});
  pairwise_affinity_loss_backward(exec::Seq{}, std::vector<double>{1.0}, logits.view(), lab.images(), image,
                                  none, gradient.out());
  CHECK(gradient.values == std::vector<float>(16, 0));
  const Maps<float> nothing(0, {4, 4});
  CHECK(pairwise_affinity_loss(exec::Seq{}, nothing.view(), lab.images(), {}, {}).loss.empty());
}

TEST_CASE("NaN is refused by its place, or makes its instance NaN; a NaN colour is like no other") {
  Maps<float> logits(2, {4, 5}), lab(3, {4, 5}), gradient(2, {4, 5});
  const std::vector<BoxSlot> boxes{Box{0, 0, 5, 4}, Box{0, 0, 2, 2}};
  const std::vector<std::int64_t> image{0, 0};
  const auto loss = [&](OnNaN nan) {
    return pairwise_affinity_loss(exec::Seq{}, logits.view(), lab.images(), image, boxes, {.nan = nan});
  };
  const double all = loss(OnNaN::error).loss[0];
  lab(2, 0, 0) = NAN;
  CHECK(oracle::error_of([&] { return loss(OnNaN::error); }) == "lab[0, 2, 0, 0] is NaN, expected a number");
  CHECK(loss(OnNaN::propagate).loss[0] == doctest::Approx(all - 6 * std::log(2.0)));
  lab(2, 0, 0) = 0, logits(1, 3, 4) = NAN;
  CHECK(oracle::error_of([&] { return loss(OnNaN::error); }) == "logits[1, 3, 4] is NaN, expected a number");
  CHECK(loss(OnNaN::propagate).loss[0] == all);
  CHECK(std::isnan(loss(OnNaN::propagate).loss[1]));
  pairwise_affinity_loss_backward(exec::Seq{}, std::vector<double>{1.0, 1.0}, logits.view(), lab.images(),
                                  image, boxes, gradient.out(), {.nan = OnNaN::propagate});
  CHECK(!std::isnan(gradient(0, 3, 4)));
  CHECK(std::isnan(gradient(1, 0, 0)));
}

TEST_CASE("tracks and policies: the same bits") {
  oracle::Random random(10);
  const Size size{40, 60};
  const std::int64_t count = 5, frames = 4;
  const Maps<float> logits = oracle::random_logits<float>(random, count * frames, size, 3);
  const Maps<float> lab = oracle::random_colours<float>(random, frames, size);
  const std::vector<BoxSlot> boxes = oracle::random_boxes(random, count * frames, size);
  const std::vector<double> upstream(boxes.size(), 0.25);
  std::vector<std::int64_t> image;
  for (std::int64_t i = 0; i < count * frames; ++i) image.push_back(i % frames);
  const auto result = pairwise_affinity_loss(exec::Seq{}, logits.view(), lab.images(), image, boxes);
  Maps<float> gradient(count * frames, size);
  pairwise_affinity_loss_backward(exec::Seq{}, upstream, logits.view(), lab.images(), image, boxes,
                                  gradient.out());
  const auto tracks = pixels(logits.values.data(), std::array{count, frames, size.height, size.width});
  oracle::under_every_policy([&](auto policy) {
    const auto again = pairwise_affinity_loss(policy, tracks, lab.images(), image, boxes);
    CHECK(again.loss == result.loss);
    CHECK(again.pairs == result.pairs);
    Maps<float> other(count * frames, size);
    pairwise_affinity_loss_backward(policy, upstream, tracks, lab.images(), image, boxes,
                                    pixels(other.values.data(), tracks.shape));
    CHECK(other.values == gradient.values);
  });
}

TEST_CASE("bad input is refused") {
  const Maps<float> logits(1, {4, 5}), lab(3, {4, 5}), wide(3, {4, 6});
  const std::vector<BoxSlot> boxes{Box{0, 0, 5, 4}};
  const std::vector<std::int64_t> first{0}, second{1};
  const auto loss = [&](const Maps<float>& colours, std::span<const std::int64_t> image,
                        const std::vector<BoxSlot>& given, const PairwiseAffinityOptions& options = {}) {
    return oracle::error_of([&] {
      return pairwise_affinity_loss(exec::Seq{}, logits.view(), colours.images(), image, given, options);
    });
  };
  CHECK(loss(wide, first, boxes) == "lab has size 4 x 6, expected 4 x 5, that of logits");
  CHECK(loss(lab, second, boxes) == "image[0] is 1, expected 0 to 0");
  CHECK(loss(lab, {}, boxes) == "image has 0 entries, expected one per map of logits (1)");
  CHECK(loss(lab, first, {}) == "boxes has 0 boxes, expected one per map of logits (1)");
  CHECK(loss(lab, first, boxes, {.threshold = 1.5}) == "threshold is 1.5, expected 0 to 1");
  CHECK(loss(lab, first, boxes, {.threshold = NAN}) == "threshold is nan, expected 0 to 1");
  CHECK(loss(lab, first, boxes, {.theta = 0}) == "theta is 0, expected a finite number above 0");
  const auto two = pixels(lab.values.data(), std::array<std::int64_t, 4>{1, 2, 4, 5});
  CHECK(oracle::error_of([&] {
          return pairwise_affinity_loss(exec::Seq{}, logits.view(), two, first, boxes);
        }) == "lab has 2 channels, expected 3: L, a, b");
}
