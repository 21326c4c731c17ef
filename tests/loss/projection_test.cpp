#include <doctest/doctest.h>

#include <loss/maps.hpp>
#include <vislabel/loss/projection.hpp>

using namespace vislabel;
using oracle::Maps;

namespace {

/// The first place of the maximum in a line of numbers.
std::size_t first_maximum(const std::vector<long double>& line) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < line.size(); ++i)
    if (line[i] > line[best]) best = i;
  return best;
}

/// Loss and gradient of one dice loss by the definition; x_i is the sigmoid of logit i.
struct DiceOracle {
  long double loss = 1;
  std::vector<long double> gradient;

  DiceOracle(const std::vector<long double>& logits, const std::vector<int>& target) {
    long double common = 0, squares = 1e-5L;
    for (std::size_t i = 0; i < logits.size(); ++i) {
      const long double x = oracle::sigmoid(logits[i]);
      common += x * target[i], squares += x * x + target[i] * target[i];
    }
    loss = 1 - 2 * common / squares;
    for (std::size_t i = 0; i < logits.size(); ++i) {
      const long double x = oracle::sigmoid(logits[i]), slope = x * oracle::sigmoid(-logits[i]);
      gradient.push_back((-2 * target[i] * squares + 4 * common * x) / (squares * squares) * slope);
    }
  }
};

template <class T>
struct ProjectionOracle {
  std::vector<long double> loss;
  Maps<long double> gradient;

  ProjectionOracle(const Maps<T>& logits, const std::vector<BoxSlot>& boxes)
      : loss(boxes.size()), gradient(logits.count, logits.size) {
    for (std::int64_t n = 0; n < logits.count; ++n)
      if (boxes[static_cast<std::size_t>(n)]) {
        project(logits, n, *boxes[static_cast<std::size_t>(n)], false);
        project(logits, n, *boxes[static_cast<std::size_t>(n)], true);
      }
  }

  void project(const Maps<T>& logits, std::int64_t n, const Box& box, bool columns) {
    const std::int64_t lines = columns ? logits.size.width : logits.size.height;
    const std::int64_t length = columns ? logits.size.height : logits.size.width;
    const auto place = [&](std::int64_t line, std::int64_t i) {
      return columns ? std::pair(i, line) : std::pair(line, i);
    };
    std::vector<long double> largest;
    std::vector<std::int64_t> where;
    std::vector<int> target;
    for (std::int64_t line = 0; line < lines; ++line) {
      std::vector<long double> values;
      int covered = 0;
      for (std::int64_t i = 0; i < length; ++i) {
        const auto [y, x] = place(line, i);
        values.push_back(static_cast<long double>(logits(n, y, x)));
        covered |= oracle::covers(box, y, x) ? 1 : 0;
      }
      where.push_back(static_cast<std::int64_t>(first_maximum(values)));
      largest.push_back(values[static_cast<std::size_t>(where.back())]);
      target.push_back(covered);
    }
    const DiceOracle dice(largest, target);
    loss[static_cast<std::size_t>(n)] += dice.loss;
    for (std::int64_t line = 0; line < lines; ++line) {
      const auto [y, x] = place(line, where[static_cast<std::size_t>(line)]);
      gradient(n, y, x) += dice.gradient[static_cast<std::size_t>(line)];
    }
  }
};

template <class T>
void check_projection(double scale, double tolerance, std::uint64_t seed) {
  oracle::Random random(seed);
  for (const Size size : {Size{1, 1}, {1, 9}, {9, 1}, {7, 5}, {33, 20}, {16, 65}}) {
    const Maps<T> logits = oracle::random_logits<T>(random, 6, size, scale);
    const std::vector<BoxSlot> boxes = oracle::random_boxes(random, 6, size);
    const ProjectionOracle<T> expected(logits, boxes);
    const std::vector<double> losses = projection_loss(exec::Seq{}, logits.view(), boxes);
    std::vector<double> upstream;
    for (std::size_t n = 0; n < boxes.size(); ++n) upstream.push_back(random.real() - 0.5);
    Maps<T> gradient(6, size);
    projection_loss_backward(exec::Seq{}, upstream, logits.view(), boxes, gradient.out());
    for (std::int64_t n = 0; n < 6; ++n) {
      const auto at = static_cast<std::size_t>(n);
      REQUIRE(oracle::relative(losses[at], expected.loss[at]) < 1e-12);
      for (std::int64_t y = 0; y < size.height; ++y)
        for (std::int64_t x = 0; x < size.width; ++x)
          REQUIRE(oracle::close(gradient(n, y, x), expected.gradient(n, y, x) * upstream[at], tolerance));
    }
  }
}

}  // namespace

TEST_CASE("the projection loss of two pixels, worked by hand") {
  Maps<double> logits(1, {1, 2});
  logits.values = {0, -100};  // probabilities 1/2 and 0
  const std::vector<BoxSlot> boxes{Box{0, 0, 1, 1}};
  // The row: x = 1/2, t = 1: 1 - 2 / 2 / (5 / 4). The columns: 1/2 and 0 against 1 and 0: the same.
  const double expected = 2 * (1 - 1 / (1.25 + 1e-5));
  CHECK(projection_loss(exec::Seq{}, logits.view(), boxes)[0] == doctest::Approx(expected).epsilon(1e-14));
}

TEST_CASE("losses and gradients are those of the definition") {
  for (const double scale : {1.0, 10.0}) {
    check_projection<double>(scale, 1e-12, 1);
    check_projection<float>(scale, 1e-6, 2);
  }
}

TEST_CASE("a saturated mask has its loss, and a gradient however small") {
  check_projection<double>(300, 1e-12, 3);
  Maps<double> logits(1, {2, 2});
  logits.values = {1e300, -1e300, std::numeric_limits<double>::infinity(), -1e300};
  const std::vector<BoxSlot> boxes{Box{0, 0, 1, 2}};
  CHECK(projection_loss(exec::Seq{}, logits.view(), boxes)[0] < 1e-4);
  Maps<double> gradient(1, {2, 2});
  projection_loss_backward(exec::Seq{}, std::vector<double>{1.0}, logits.view(), boxes, gradient.out());
  CHECK(gradient.values == std::vector<double>{0, 0, 0, 0});
}

TEST_CASE("of equal maxima the first one gets the gradient") {
  const Maps<double> logits(1, {3, 4});  // all 0
  const std::vector<BoxSlot> boxes{Box{1, 1, 2, 1}};
  Maps<double> gradient(1, {3, 4});
  projection_loss_backward(exec::Seq{}, std::vector<double>{1.0}, logits.view(), boxes, gradient.out());
  for (std::int64_t y = 0; y < 3; ++y)
    for (std::int64_t x = 0; x < 4; ++x) CHECK((gradient(0, y, x) != 0) == (y == 0 || x == 0));
}

TEST_CASE("without a box there is no loss, and the logits are not read") {
  Maps<float> logits(1, {2, 2}), gradient(1, {2, 2});
  logits.values.assign(4, NAN), gradient.values.assign(4, 7);
  const std::vector<BoxSlot> none{std::nullopt};
  CHECK(projection_loss(exec::Seq{}, logits.view(), none) == std::vector<double>{0});
  projection_loss_backward(exec::Seq{}, std::vector<double>{1.0}, logits.view(), none, gradient.out());
  CHECK(gradient.values == std::vector<float>{0, 0, 0, 0});
}

TEST_CASE("a box without pixels wants no shadow, and nothing at all has a loss of 2") {
  Maps<double> logits(1, {2, 2});
  logits.values.assign(4, -1000);
  const std::vector<BoxSlot> boxes{Box{50, 50, 3, 3}};
  CHECK(projection_loss(exec::Seq{}, logits.view(), boxes)[0] == 2);
  const Maps<double> nothing(1, {0, 3});
  CHECK(projection_loss(exec::Seq{}, nothing.view(), boxes)[0] == 2);
  const Maps<double> none(0, {2, 2});
  CHECK(projection_loss(exec::Seq{}, none.view(), {}).empty());
}

TEST_CASE("NaN is refused by its place, or makes its instance NaN") {
  Maps<float> logits(2, {2, 3}), gradient(2, {2, 3});
  logits(1, 0, 2) = NAN;
  const std::vector<BoxSlot> boxes{Box{0, 0, 2, 2}, Box{0, 1, 1, 1}};
  CHECK(oracle::error_of([&] { return projection_loss(exec::Seq{}, logits.view(), boxes); }) ==
        "logits[1, 0, 2] is NaN, expected a number");
  const auto losses = projection_loss(exec::Seq{}, logits.view(), boxes, {OnNaN::propagate});
  CHECK(losses[0] > 0);
  CHECK(std::isnan(losses[1]));
  projection_loss_backward(exec::Seq{}, std::vector<double>{1.0, 1.0}, logits.view(), boxes, gradient.out(),
                           {OnNaN::propagate});
  for (std::int64_t i = 0; i < 6; ++i) {
    CHECK(!std::isnan(gradient.values[static_cast<std::size_t>(i)]));
    CHECK(std::isnan(gradient.values[static_cast<std::size_t>(6 + i)]));
  }
}

TEST_CASE("tracks, strides and policies: the same bits") {
  oracle::Random random(5);
  const Size size{40, 60};
  const Maps<float> logits = oracle::random_logits<float>(random, 30, size, 3);
  const std::vector<BoxSlot> boxes = oracle::random_boxes(random, 30, size);
  const std::vector<double> upstream(30, 0.25);
  const auto losses = projection_loss(exec::Seq{}, logits.view(), boxes);
  Maps<float> gradient(30, size);
  projection_loss_backward(exec::Seq{}, upstream, logits.view(), boxes, gradient.out());
  const auto tracks =
      pixels(logits.values.data(), std::array{std::int64_t{5}, std::int64_t{6}, size.height, size.width});
  oracle::under_every_policy([&](auto policy) {
    CHECK(projection_loss(policy, tracks, boxes) == losses);
    Maps<float> again(30, size);
    const auto out = pixels(again.values.data(), tracks.shape);
    projection_loss_backward(policy, upstream, tracks, boxes, out);
    CHECK(again.values == gradient.values);
  });
  Maps<float> turned(30, {size.width, size.height});
  for (std::int64_t n = 0; n < 30; ++n)
    for (std::int64_t y = 0; y < size.height; ++y)
      for (std::int64_t x = 0; x < size.width; ++x) turned(n, x, y) = logits(n, y, x);
  auto view = turned.view();
  std::swap(view.shape[1], view.shape[2]), std::swap(view.strides[1], view.strides[2]);
  CHECK(projection_loss(exec::Seq{}, view, boxes) == losses);
}

TEST_CASE("bad input is refused") {
  const Maps<float> logits(1, {2, 2});
  const auto loss = [&](const std::vector<BoxSlot>& boxes) {
    return oracle::error_of([&] { return projection_loss(exec::Seq{}, logits.view(), boxes); });
  };
  CHECK(loss({}) == "boxes has 0 boxes, expected one per map of logits (1)");
  CHECK(loss({Box{0, 0, -1, 2}}) ==
        "boxes[0] is (0, 0, -1, 2), expected finite x, y, width, height with width and height of at least 0");
  Maps<float> other(1, {2, 3}), out(1, {2, 2});
  const std::vector<BoxSlot> boxes{Box{0, 0, 1, 1}};
  const auto backward = [&](std::vector<double> upstream, Maps<float>& to) {
    return oracle::error_of([&] {
      projection_loss_backward(exec::Seq{}, upstream, logits.view(), boxes, to.out());
      return 0;
    });
  };
  CHECK(backward({}, out) == "gradient has 0 numbers, expected one per box (1)");
  CHECK(backward({1}, other) == "out has another shape than logits");
}
