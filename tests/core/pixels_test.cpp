#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <numeric>
#include <oracle.hpp>
#include <type_traits>
#include <vector>
#include <vislabel/core/pixels.hpp>

using namespace vislabel;

TEST_CASE("a view of a C-ordered array has strides in bytes, the last axis closest") {
  std::vector<std::int16_t> data(2 * 3 * 4 * 5);
  std::iota(data.begin(), data.end(), std::int16_t{0});
  const auto view = pixels(data.data(), std::array<std::int64_t, 4>{2, 3, 4, 5});
  CHECK(view.strides == std::array<std::ptrdiff_t, 4>{120, 40, 10, 2});
  CHECK(view.size() == Size{4, 5});
  CHECK(view.count() == 6);
  CHECK(view.row_stride() == 10);
  CHECK(view.column_stride() == 2);
  for (std::int64_t i = 0; i < 6; ++i)
    for (std::int64_t y = 0; y < 4; ++y)
      for (std::int64_t x = 0; x < 5; ++x) REQUIRE(view.image(i).at(y, x) == i * 20 + y * 5 + x);
}

TEST_CASE("images are taken in C order of the leading axes, whatever the strides") {
  std::vector<std::uint8_t> data(24);
  std::iota(data.begin(), data.end(), std::uint8_t{0});
  Pixels<const std::uint8_t, 4> view;  // axes (a, b, y, x) stored in the order (x, y, b, a)
  view.data = reinterpret_cast<const std::byte*>(data.data());
  view.shape = {2, 3, 2, 2};
  view.strides = {1, 2, 6, 12};
  for (std::int64_t a = 0; a < 2; ++a)
    for (std::int64_t b = 0; b < 3; ++b)
      for (std::int64_t y = 0; y < 2; ++y)
        for (std::int64_t x = 0; x < 2; ++x)
          REQUIRE(view.image(a * 3 + b).at(y, x) == a + 2 * b + 6 * y + 12 * x);
}

TEST_CASE("negative and zero strides address what they say") {
  const std::vector<std::int32_t> data{0, 1, 2, 3, 4, 5};
  Pixels<const std::int32_t> view;
  view.data = reinterpret_cast<const std::byte*>(data.data() + 5);
  view.shape = {2, 3};
  view.strides = {-12, -4};
  CHECK(view.at(0, 0) == 5);
  CHECK(view.at(1, 2) == 0);
  view.strides = {0, -4};
  CHECK(view.at(1, 1) == 4);
}

TEST_CASE("elements need not be aligned") {
  std::array<std::byte, 1 + 4 * sizeof(double)> data{};
  const std::array<double, 4> values{0.5, -1.5, 2.5, 3.5};
  std::memcpy(data.data() + 1, values.data(), sizeof(values));
  Pixels<const double> view;
  view.data = data.data() + 1;
  view.shape = {2, 2};
  view.strides = {16, 8};
  CHECK(view.at(0, 1) == -1.5);
  CHECK(view.at(1, 0) == 2.5);
}

TEST_CASE("a view of a const array is for input, of any other for output") {
  const std::uint8_t in = 3;
  std::uint8_t out = 4;
  static_assert(
      std::is_same_v<decltype(pixels(&in, std::array<std::int64_t, 2>{1, 1}).data), const std::byte*>);
  static_assert(std::is_same_v<decltype(pixels(&out, std::array<std::int64_t, 2>{1, 1}).data), std::byte*>);
  CHECK(pixels(&in, std::array<std::int64_t, 2>{1, 1}).at(0, 0) == 3);
}

TEST_CASE("a view without images or pixels counts them as 0") {
  const std::uint8_t* none = nullptr;
  CHECK(pixels(none, std::array<std::int64_t, 3>{0, 4, 5}).count() == 0);
  CHECK(pixels(none, std::array<std::int64_t, 3>{7, 0, 5}).count() == 7);
  CHECK(pixels(none, std::array<std::int64_t, 2>{4, 5}).count() == 1);
}

TEST_CASE("a negative length of an axis is refused") {
  std::uint8_t data = 0;
  CHECK(oracle::error_of([&] { return pixels(&data, std::array<std::int64_t, 3>{1, -2, 3}); }) ==
        "pixels: shape[1] is -2, expected at least 0");
}
