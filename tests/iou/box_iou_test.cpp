#include <doctest/doctest.h>

#include <limits>
#include <oracle.hpp>
#include <vislabel/iou/box_iou.hpp>

using namespace vislabel;

namespace {
constexpr BoxIouOptions giou{.kind = BoxOverlap::giou};
std::vector<Box> random_boxes(std::uint64_t seed, std::int64_t count) {
  oracle::Random random(seed);
  std::vector<Box> boxes;
  const auto some = [&](std::int64_t low, std::int64_t high) {
    return static_cast<double>(random.between(low, high));
  };
  for (std::int64_t n = 0; n < count; ++n)
    boxes.push_back({some(-5, 20), some(-5, 20), some(0, 9), some(0, 9)});
  return boxes;
}
/// Boxes with integer corners are sets of unit squares.
double by_squares(const Box& a, const Box& b, BoxOverlap kind) {
  std::int64_t common = 0, together = 0;
  double left = 99, top = 99, right = -99, bottom = -99;
  for (const Box& box : {a, b}) {
    left = std::min(left, box.x), top = std::min(top, box.y);
    right = std::max(right, box.x + box.width), bottom = std::max(bottom, box.y + box.height);
  }
  const auto inside = [](const Box& box, double x, double y) {
    return x >= box.x && y >= box.y && x < box.x + box.width && y < box.y + box.height;
  };
  for (double y = -6; y < 31; ++y)
    for (double x = -6; x < 31; ++x) {
      common += inside(a, x, y) && inside(b, x, y);
      together += inside(a, x, y) || inside(b, x, y);
    }
  const double iou = together > 0 ? static_cast<double>(common) / static_cast<double>(together) : 0;
  const double hull = (right - left) * (bottom - top);
  if (kind == BoxOverlap::iou) return iou;
  return hull > 0 ? iou - (hull - static_cast<double>(together)) / hull : 0;
}
}  // namespace

TEST_CASE("tables equal the count of unit squares, are symmetric and bounded, under every policy") {
  const std::vector<Box> a = random_boxes(121, 300), b = random_boxes(122, 280);
  for (const BoxOverlap kind : {BoxOverlap::iou, BoxOverlap::giou}) {
    const Table expected =
        box_iou(exec::Seq{}, std::span<const Box>(a), std::span<const Box>(b), {.kind = kind});
    REQUIRE(expected.rows() == 300);
    REQUIRE(expected.cols() == 280);
    for (std::int64_t n = 0; n < 300; ++n)
      for (std::int64_t m = 0; m < 280; ++m) {
        const Box &p = a[static_cast<std::size_t>(n)], &q = b[static_cast<std::size_t>(m)];
        REQUIRE(expected(n, m) == box_overlap(q, p, kind));
        REQUIRE(expected(n, m) >= (kind == BoxOverlap::iou ? 0 : -1));
        REQUIRE(expected(n, m) <= 1);
        if ((n + m) % 7 == 0) REQUIRE(expected(n, m) == by_squares(p, q, kind));
      }
    oracle::under_every_policy([&](auto policy) {
      const Table table = box_iou(policy, std::span<const Box>(a), std::span<const Box>(b), {.kind = kind});
      REQUIRE((table == expected).all());
    });
  }
}

TEST_CASE("GIoU never exceeds IoU, and equals it where the hull is the union") {
  const std::vector<Box> a = random_boxes(123, 60);
  const std::span<const Box> boxes(a);
  CHECK((box_iou(exec::Seq{}, boxes, boxes, giou) <= box_iou(exec::Seq{}, boxes, boxes)).all());
  CHECK(box_overlap({0, 0, 4, 2}, {1, 0, 2, 2}, BoxOverlap::giou) == 0.5);
}

TEST_CASE("in a crowd column the divisor is the area of a's box") {
  const std::vector<Box> a{{0, 0, 2, 2}, {0, 0, 0, 0}}, b{{1, 0, 9, 9}, {1, 0, 9, 9}};
  const std::vector<std::uint8_t> crowd{0, 1}, one{1};
  const std::span<const Box> left(a), right(b);
  const Table iou = box_iou(exec::Seq{}, left, right, {.crowd = crowd});
  CHECK(iou(0, 0) == 2.0 / 83.0);
  CHECK(iou(0, 1) == 0.5);
  CHECK(iou(1, 0) == 0);
  CHECK(iou(1, 1) == 0);
  CHECK(oracle::error_of([&] { return box_iou(exec::Seq{}, left, right, {.crowd = one}); }) ==
        "crowd has 1 entries, expected one per box of b (2)");
  CHECK(oracle::error_of([&] {
          return box_iou(exec::Seq{}, left, right, {.kind = BoxOverlap::giou, .crowd = crowd});
        }) == "crowd goes with kind iou only");
}

TEST_CASE("no boxes give an empty table") {
  const std::vector<Box> some{{0, 0, 1, 1}}, none;
  CHECK(box_iou(exec::Seq{}, std::span<const Box>(none), std::span<const Box>(some)).rows() == 0);
  CHECK(box_iou(exec::Seq{}, std::span<const Box>(none), std::span<const Box>(some)).cols() == 1);
  CHECK(box_iou(exec::Omp{2}, std::span<const Box>(some), std::span<const Box>(none)).size() == 0);
}

TEST_CASE("boxes that are none are refused, on either side, by index") {
  const std::vector<Box> good{{0, 0, 1, 1}}, negative{{0, 0, 1, 1}, {0, 0, 1, -1}};
  const std::vector<Box> infinite{{std::numeric_limits<double>::infinity(), 0, 1, 1}};
  const auto refusal = [](const std::vector<Box>& a, const std::vector<Box>& b) {
    return oracle::error_of(
        [&] { return box_iou(exec::Seq{}, std::span<const Box>(a), std::span<const Box>(b)); });
  };
  const std::string expected =
      ", expected finite x, y, width, height below 1e100 with width and height of at least 0";
  CHECK(refusal(negative, good) == "a[1] is (0, 0, 1, -1)" + expected);
  CHECK(refusal(good, negative) == "b[1] is (0, 0, 1, -1)" + expected);
  CHECK(refusal(good, infinite) == "b[0] is (inf, 0, 1, 1)" + expected);
}
