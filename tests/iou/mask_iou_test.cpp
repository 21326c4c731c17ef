#include <doctest/doctest.h>

#include <oracle.hpp>
#include <vislabel/iou/mask_iou.hpp>

using namespace vislabel;
using oracle::Dense;

namespace {
Masks drawn(const std::vector<std::string>& rows) {
  std::vector<Dense> masks;
  for (const std::string& row : rows) masks.push_back(oracle::drawn({row}));
  return oracle::packed(masks[0].size, masks);
}
}  // namespace

TEST_CASE("intersections, unions and IoUs worked by hand") {
  const Masks a = drawn({"##..", "####"}), b = drawn({".##.", "...#", "##.."});
  const IntersectionAndUnion counts = intersection_and_union(exec::Seq{}, a, b);
  CountTable common(2, 3), together(2, 3);
  common << 1, 0, 2, 2, 1, 2;
  together << 3, 3, 2, 4, 4, 4;
  CHECK((counts.intersection == common).all());
  CHECK((counts.union_ == together).all());
  Table expected(2, 3);
  expected << 1.0 / 3.0, 0, 1, 0.5, 0.25, 0.5;
  CHECK((mask_iou(exec::Seq{}, a, b) == expected).all());
}

TEST_CASE("two empty masks have IoU 0 or 1 as asked; one empty mask has 0 with any other") {
  const Masks a = drawn({"....", "##.."});
  Table zero(2, 2), one(2, 2);
  zero << 0, 0, 0, 1;
  one << 1, 0, 0, 1;
  CHECK((mask_iou(exec::Seq{}, a, a) == zero).all());
  CHECK((mask_iou(exec::Seq{}, a, a, {.empty_pair = EmptyPair::zero}) == zero).all());
  CHECK((mask_iou(exec::Seq{}, a, a, {.empty_pair = EmptyPair::one}) == one).all());
}

TEST_CASE("in a crowd column the divisor is the area of a's mask") {
  const Masks a = drawn({"##..", "...."}), b = drawn({".###", ".###"});
  const std::vector<std::uint8_t> crowd{0, 1};
  const Table iou = mask_iou(exec::Seq{}, a, b, {.crowd = crowd});
  CHECK(iou(0, 0) == 0.25);
  CHECK(iou(0, 1) == 0.5);
  CHECK(iou(1, 0) == 0);
  CHECK(iou(1, 1) == 0);
}

TEST_CASE("an empty mask against a crowd with pixels is not a pair of empty masks") {
  const std::vector<std::uint8_t> crowd{1, 1};
  const Table iou = mask_iou(exec::Seq{}, drawn({"...."}), drawn({".###", "...."}),
                             {.empty_pair = EmptyPair::one, .crowd = crowd});
  CHECK(iou(0, 0) == 0);
  CHECK(iou(0, 1) == 1);
}

TEST_CASE("tables equal the dense counts under every policy, for every size and content") {
  oracle::Random random(131);
  for (const Size size : oracle::awkward_sizes()) {
    std::vector<Dense> left = oracle::assorted(random, size), right = oracle::assorted(random, size);
    if (size.pixels() < 5000)
      while (left.size() < 130)
        left.push_back(oracle::random_mask(random, size, random.any_of(oracle::contents())));
    const Masks a = oracle::packed(size, left), b = oracle::packed(size, right);
    CountTable common(a.count(), b.count()), together(a.count(), b.count());
    for (std::int64_t n = 0; n < a.count(); ++n)
      for (std::int64_t m = 0; m < b.count(); ++m) {
        common(n, m) = oracle::common(left[static_cast<std::size_t>(n)], right[static_cast<std::size_t>(m)]);
        together(n, m) = a[n].area() + b[m].area() - common(n, m);
      }
    std::vector<std::uint8_t> crowd(right.size());
    for (std::uint8_t& flag : crowd) flag = random.one_in(2) ? 1 : 0;
    const Table expected = mask_iou(exec::Seq{}, a, b, {.crowd = crowd});
    for (std::int64_t n = 0; n < a.count(); ++n)
      for (std::int64_t m = 0; m < b.count(); ++m) {
        const std::int64_t divisor = crowd[static_cast<std::size_t>(m)] != 0 ? a[n].area() : together(n, m);
        REQUIRE(expected(n, m) == oracle::quotient({common(n, m), divisor}, EmptyPair::zero));
      }
    oracle::under_every_policy([&](auto policy) {
      const IntersectionAndUnion counts = intersection_and_union(policy, a, b);
      REQUIRE((counts.intersection == common).all());
      REQUIRE((counts.union_ == together).all());
      REQUIRE((mask_iou(policy, a, b, {.crowd = crowd}) == expected).all());
    });
  }
}

TEST_CASE("IoU is symmetric, between 0 and 1, and 1 exactly for equal masks with pixels") {
  oracle::Random random(132);
  const std::vector<Dense> dense = oracle::random_masks(random, {33, 40}, 40);
  const Masks masks = oracle::packed({33, 40}, dense);
  const Table iou = mask_iou(exec::Seq{}, masks, masks);
  CHECK((iou == iou.transpose()).all());
  for (std::int64_t n = 0; n < 40; ++n)
    for (std::int64_t m = 0; m < 40; ++m) {
      REQUIRE(iou(n, m) >= 0);
      REQUIRE(iou(n, m) <= 1);
      REQUIRE((iou(n, m) == 1) == (masks[n] == masks[m] && !masks[n].empty()));
    }
}

TEST_CASE("no masks give an empty table") {
  const Masks some = drawn({"#"}), none({1, 1}, {});
  CHECK(mask_iou(exec::Seq{}, none, some).rows() == 0);
  CHECK(mask_iou(exec::Seq{}, none, some).cols() == 1);
  CHECK(mask_iou(exec::Omp{2}, some, none).cols() == 0);
}

TEST_CASE("different sizes and a crowd of another length are refused") {
  const Masks a = drawn({"##.."}), b = oracle::packed({4, 1}, {Dense({4, 1})});
  const std::vector<std::uint8_t> crowd{1, 0};
  CHECK(oracle::error_of([&] { return mask_iou(exec::Seq{}, a, b); }) ==
        "masks of different sizes: 1 x 4 and 4 x 1 (height x width)");
  CHECK(oracle::error_of([&] { return intersection_and_union(exec::Seq{}, a, b); }) ==
        "masks of different sizes: 1 x 4 and 4 x 1 (height x width)");
  CHECK(oracle::error_of([&] { return mask_iou(exec::Seq{}, a, a, {.crowd = crowd}); }) ==
        "crowd has 2 entries, expected one per mask of b (1)");
}
