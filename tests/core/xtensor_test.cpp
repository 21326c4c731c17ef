#include <doctest/doctest.h>

#include <oracle.hpp>
#include <vislabel/core/xtensor.hpp>
#include <vislabel/mask/convert.hpp>

#if __has_include(<xtensor/views/xview.hpp>)
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xview.hpp>
#endif

using namespace vislabel;

namespace {

xt::xtensor<int, 3> numbers() {
  xt::xtensor<int, 3> array({2, 3, 4});
  for (std::size_t n = 0; n < 2; ++n)
    for (std::size_t y = 0; y < 3; ++y)
      for (std::size_t x = 0; x < 4; ++x) array(n, y, x) = static_cast<int>(100 * n + 10 * y + x);
  return array;
}

}  // namespace

TEST_CASE("an xtensor is viewed in place, row-major or column-major, static or dynamic") {
  xt::xtensor<int, 3> rows = numbers();
  xt::xtensor<int, 3, xt::layout_type::column_major> columns = rows;
  xt::xarray<int> dynamic = rows;
  const auto check = [](const auto& view) {
    CHECK(view.shape == std::array<std::int64_t, 3>{2, 3, 4});
    for (std::int64_t n = 0; n < 2; ++n)
      for (std::int64_t y = 0; y < 3; ++y)
        for (std::int64_t x = 0; x < 4; ++x) REQUIRE(view.image(n).at(y, x) == 100 * n + 10 * y + x);
  };
  check(pixels<3>(rows));
  check(pixels<3>(columns));
  check(pixels<3>(dynamic));
  const xt::xtensor<int, 3>& input = rows;
  check(pixels<3>(input));
  static_assert(std::is_same_v<decltype(pixels<3>(input)), Pixels<const int, 3>>);
  static_assert(std::is_same_v<decltype(pixels<3>(rows)), Pixels<int, 3>>);
}

TEST_CASE("a strided view of an xtensor needs no copy") {
  xt::xtensor<int, 3> array = numbers();
  auto part = xt::view(array, xt::all(), xt::range(1, 3), xt::range(0, 4, 2));
  const auto view = pixels<3>(part);
  CHECK(view.shape == std::array<std::int64_t, 3>{2, 2, 2});
  for (std::int64_t n = 0; n < 2; ++n)
    for (std::int64_t y = 0; y < 2; ++y)
      for (std::int64_t x = 0; x < 2; ++x) REQUIRE(view.image(n).at(y, x) == 100 * n + 10 * (y + 1) + 2 * x);
}

TEST_CASE("masks go from an xtensor to the packed form and back, also with axes of length 1") {
  for (const Size size : {Size{3, 4}, Size{40, 1}, Size{1, 40}, Size{33, 17}}) {
    oracle::Random random(1);
    const oracle::Dense mask = oracle::random_mask(random, size, oracle::Content::half);
    const auto height = static_cast<std::size_t>(size.height), width = static_cast<std::size_t>(size.width);
    xt::xtensor<float, 3> in({1, height, width}), out({1, height, width});
    for (std::size_t y = 0; y < height; ++y)
      for (std::size_t x = 0; x < width; ++x) in(0, y, x) = mask.bytes[y * width + x] != 0 ? 2.0F : -2.0F;
    out.fill(9);
    const xt::xtensor<float, 3>& input = in;
    const Masks masks = pack_above(exec::Seq{}, pixels<3>(input), 0.0);
    CHECK(masks[0] == oracle::packed(mask));
    to_dense(exec::Seq{}, masks, pixels<3>(out));
    for (std::size_t i = 0; i < height * width; ++i)
      REQUIRE(out.data()[i] == static_cast<float>(mask.bytes[i]));
  }
}

TEST_CASE("another number of axes is refused") {
  xt::xarray<int> array = xt::xarray<int>::from_shape({2, 3});
  CHECK(oracle::error_of([&] { return pixels<3>(array); }) ==
        "pixels: the expression has 2 axes, expected 3");
}
