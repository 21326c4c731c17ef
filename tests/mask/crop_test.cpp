#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <oracle.hpp>
#include <vislabel/mask/crop.hpp>

using namespace vislabel;
using oracle::Dense;

TEST_CASE("no masks give no masks") {
  const Masks none({2, 3}, {});
  CHECK(crop_to(exec::Seq{}, none, {}) == none);
}

TEST_CASE("cropping keeps columns floor(x) to ceil(x + width) and rows likewise") {
  const Dense full = oracle::drawn({"#####", "#####", "#####", "#####"});
  const auto cropped = [&](Box box) {
    return crop_to(exec::Seq{}, oracle::packed(full.size, {full}), std::array{box})[0];
  };
  CHECK(cropped({1, 1, 2, 2}).box() == Box{1, 1, 2, 2});
  CHECK(cropped({1.9, 1.9, 0.2, 0.2}).box() == Box{1, 1, 2, 2});
  CHECK(cropped({1.5, 0, 2, 4}).box() == Box{1, 0, 3, 4});
  CHECK(cropped({1, 1, 2, 2}).area() == 4);
  CHECK(cropped({-3, -3, 100, 100}).area() == 20);
  CHECK(cropped({-3, -3, 4, 4}).box() == Box{0, 0, 1, 1});
  CHECK(cropped({4.5, 3.5, 9, 9}).box() == Box{4, 3, 1, 1});
  CHECK(cropped({5, 0, 3, 3}).empty());
  CHECK(cropped({-9, 0, 9, 4}).empty());
  CHECK(cropped({0, 4, 5, 1}).empty());
  CHECK(cropped({2, 2, 0, 0}).empty());
  CHECK(cropped({-1e300, -1e300, 1e301, 1e301}).area() == 20);
  CHECK(cropped({1e300, 1e300, 1e300, 1e300}).empty());
}

TEST_CASE("cropping equals the dense rule on random masks and boxes, under every policy") {
  oracle::Random random(85);
  for (const Size size : {Size{33, 17}, Size{65, 63}, Size{40, 1100}, Size{1, 1}, Size{0, 4}}) {
    const std::vector<Dense> dense = oracle::random_masks(random, size, 90);
    std::vector<Dense> expected = dense;
    std::vector<Box> boxes;
    const auto edge = [&](std::int64_t length) {
      return static_cast<double>(random.between(-8, 4 * length + 8)) / 4;
    };
    for (Dense& mask : expected) {
      const Box box{edge(size.width), edge(size.height), std::abs(edge(size.width)),
                    std::abs(edge(size.height))};
      boxes.push_back(box);
      for (std::int64_t y = 0; y < size.height; ++y)
        for (std::int64_t x = 0; x < size.width; ++x) {
          const auto row = static_cast<double>(y), column = static_cast<double>(x);
          if (column < std::floor(box.x) || column >= std::ceil(box.x + box.width) ||
              row < std::floor(box.y) || row >= std::ceil(box.y + box.height))
            mask(y, x) = 0;
        }
    }
    const Masks masks = oracle::packed(size, dense);
    oracle::under_every_policy([&](auto policy) {
      const Masks cropped = crop_to(policy, masks, boxes);
      REQUIRE(cropped == oracle::packed(size, expected));
      REQUIRE(crop_to(policy, cropped, boxes) == cropped);
    });
  }
}

TEST_CASE("cropping refuses another number of boxes and boxes that are none") {
  const Masks masks({2, 3}, {PackedMask{}, PackedMask{}});
  const std::vector<Box> one{{0, 0, 1, 1}}, negative{{0, 0, 1, 1}, {0, 0, -1, 1}};
  const std::vector<Box> nan{{std::numeric_limits<double>::quiet_NaN(), 0, 1, 1}, {}};
  CHECK(oracle::error_of([&] { return crop_to(exec::Seq{}, masks, one); }) ==
        "boxes has 1 boxes, expected one per mask (2)");
  CHECK(oracle::error_of([&] { return crop_to(exec::Seq{}, masks, negative); }) ==
        "boxes[1] is (0, 0, -1, 1), expected finite x, y, width, height with width and height of at least 0");
  CHECK(oracle::error_of([&] { return crop_to(exec::Seq{}, masks, nan); }).find("boxes[0] is (nan") == 0);
}

TEST_CASE("the pixels of a box grow by the margin, and are truncated by the reference rule") {
  const Size frame{10, 20};
  const auto corners = [&](Box box, std::int64_t margin, Rule rule) {
    const auto all = detail::pixels_of(box, frame, margin, rule);
    return std::array{all.left, all.top, all.right, all.bottom};
  };
  using Corners = std::array<std::int64_t, 4>;
  CHECK(corners({2.5, 3.5, 4, 2}, 0, Rule::paper) == Corners{2, 3, 7, 6});
  CHECK(corners({2.5, 3.5, 4, 2}, 0, Rule::reference) == Corners{2, 3, 6, 5});
  CHECK(corners({2.5, 3.5, 4, 2}, 2, Rule::paper) == Corners{0, 1, 9, 8});
  CHECK(corners({2.5, 3.5, 4, 2}, 100, Rule::reference) == Corners{0, 0, 20, 10});
  CHECK(corners({-0.5, -1.5, 4, 4}, 0, Rule::reference) == Corners{0, 0, 3, 2});
  CHECK(corners({3.5, 0, 0, 10}, 0, Rule::paper) == Corners{3, 0, 4, 10});
  CHECK(corners({3.5, 0, 0, 10}, 0, Rule::reference) == Corners{3, 0, 3, 10});
  CHECK(corners({-9, 0, 2, 10}, 8, Rule::paper) == Corners{0, 0, 1, 10});
}

TEST_CASE("a filled rectangle has its pixels and no other") {
  oracle::Random random(86);
  for (const Size size : {Size{33, 17}, Size{64, 1100}, Size{1, 1}})
    for (int round = 0; round < 40; ++round) {
      const std::int64_t left = random.below(size.width + 1), top = random.below(size.height + 1);
      const detail::PixelRectangle all{left, top, random.between(left, size.width),
                                       random.between(top, size.height)};
      Dense expected(size);
      oracle::fill(expected, all.top, all.left, all.bottom, all.right);
      detail::Packer packer(size);
      REQUIRE(detail::filled(packer, all) == oracle::packed(expected));
    }
}

TEST_CASE("a mask that fits is not copied") {
  const Masks masks = oracle::packed({4, 4}, {oracle::drawn({"....", ".##.", ".##.", "...."})});
  const Masks cropped = crop_to(exec::Seq{}, masks, std::array{Box{1, 1, 2, 2}});
  CHECK(cropped[0].blocks() == masks[0].blocks());
}
