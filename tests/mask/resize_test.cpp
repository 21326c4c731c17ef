#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <oracle.hpp>
#include <vislabel/mask/resize.hpp>

using namespace vislabel;
using oracle::Dense;

namespace {

/// One map [h, w] in C order.
template <class T>
struct Map {
  Size size;
  std::vector<T> values;

  explicit Map(Size s) : size(s), values(static_cast<std::size_t>(s.pixels())) {}
  T& operator()(std::int64_t y, std::int64_t x) {
    return values[static_cast<std::size_t>(y * size.width + x)];
  }
  T operator()(std::int64_t y, std::int64_t x) const {
    return values[static_cast<std::size_t>(y * size.width + x)];
  }
  [[nodiscard]] Pixels<const T, 3> view() const {
    return pixels(values.data(), std::array{std::int64_t{1}, size.height, size.width});
  }
};

/// Where output `i` of `to` lies in the map: the one before, the one after, the weight of the latter.
template <class T>
std::tuple<std::int64_t, std::int64_t, T> place(std::int64_t i, std::int64_t from, std::int64_t to) {
  const T scale = static_cast<T>(from) / static_cast<T>(to);
  T at = scale * (static_cast<T>(i) + static_cast<T>(0.5)) - static_cast<T>(0.5);
  if (at < 0) at = 0;
  const auto before = static_cast<std::int64_t>(std::floor(at));
  if (before >= from - 1) return {from - 1, from - 1, T{0}};
  return {before, before + 1, at - static_cast<T>(before)};
}

/// Every pixel by the definition.
template <class T>
Dense resized(const Map<T>& map, Size to, double threshold) {
  Dense out(to);
  for (std::int64_t y = 0; y < to.height; ++y)
    for (std::int64_t x = 0; x < to.width; ++x) {
      const auto [top, bottom, v] = place<T>(y, map.size.height, to.height);
      const auto [left, right, u] = place<T>(x, map.size.width, to.width);
      const T upper = (1 - u) * map(top, left) + u * map(top, right);
      const T lower = (1 - u) * map(bottom, left) + u * map(bottom, right);
      const T value = (1 - v) * upper + v * lower;
      out(y, x) = static_cast<double>(value) > threshold ? 1 : 0;
    }
  return out;
}

/// Smooth, noisy, coarse (many ties), tiny and huge numbers.
template <class T>
Map<T> random_map(oracle::Random& random, Size size) {
  Map<T> map(size);
  const std::int64_t kind = random.below(5);
  const double cy = random.real() * static_cast<double>(size.height),
               cx = random.real() * static_cast<double>(size.width);
  const double radius = random.real() * static_cast<double>(size.height + size.width) / 2;
  for (std::int64_t y = 0; y < size.height; ++y)
    for (std::int64_t x = 0; x < size.width; ++x) {
      const double smooth = radius - std::hypot(static_cast<double>(y) - cy, static_cast<double>(x) - cx);
      const double noise = random.real() - 0.5;
      const double value[] = {smooth, noise, static_cast<double>(random.between(-2, 2)), noise * 1e-39,
                              smooth + 3 * noise};
      map(y, x) = static_cast<T>(value[kind]);
    }
  return map;
}

std::vector<Size> resize_sizes() {
  return {{1, 1}, {1, 7}, {7, 1}, {2, 3}, {16, 16}, {31, 17}, {33, 65}, {64, 64}, {100, 90}, {45, 1100}};
}

template <class T>
void check_random(double threshold, std::uint64_t seed) {
  oracle::Random random(seed);
  for (const Size from : resize_sizes())
    for (const Size to : resize_sizes()) {
      const Map<T> map = random_map<T>(random, from);
      const Masks masks = pack_resized(exec::Seq{}, map.view(), to, threshold);
      REQUIRE(masks.size() == to);
      REQUIRE(masks[0] == oracle::packed(resized(map, to, threshold)));
    }
}

}  // namespace

TEST_CASE("a resized map is thresholded pixel by pixel, up and down, in float and in double") {
  for (const double threshold : {0.0, 0.25, -0.5, 1e-300}) {
    check_random<float>(threshold, 1);
    check_random<double>(threshold, 2);
  }
}

TEST_CASE("a map of the same size is only thresholded") {
  oracle::Random random(3);
  const Map<float> map = random_map<float>(random, {40, 50});
  CHECK(pack_resized(exec::Seq{}, map.view(), {40, 50}, 0.1) == pack_above(exec::Seq{}, map.view(), 0.1));
}

TEST_CASE("twice the size: pixels lie a quarter and three quarters between the numbers") {
  Map<float> map({1, 2});
  map(0, 0) = -1, map(0, 1) = 3;  // -1, 0, 2, 3
  CHECK(pack_resized(exec::Seq{}, map.view(), {1, 4}, 0)[0] == oracle::packed(oracle::drawn({"..##"})));
  map(0, 1) = 3.5F;
  CHECK(pack_resized(exec::Seq{}, map.view(), {1, 4}, 0)[0] == oracle::packed(oracle::drawn({".###"})));
}

TEST_CASE("NaN makes the pixels that take of it unset; an infinite number is a very large one") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  Map<float> map({1, 3});
  map.values = {1, std::numeric_limits<float>::quiet_NaN(), 1};
  CHECK(pack_resized(exec::Seq{}, map.view(), {1, 6}, 0)[0] == oracle::packed(oracle::drawn({"#....#"})));
  map.values = {-infinity, infinity, 5};
  CHECK(pack_resized(exec::Seq{}, map.view(), {1, 6}, 0)[0] == oracle::packed(oracle::drawn({"..####"})));
  map.values = {infinity, infinity, infinity};
  CHECK(pack_resized(exec::Seq{}, map.view(), {1, 6}, 0)[0] == oracle::packed(oracle::drawn({"######"})));
}

TEST_CASE("maps of any strides, batches and policies give the same masks") {
  oracle::Random random(4);
  const std::int64_t count = 7;
  const Size from{30, 41}, to{121, 163};
  std::vector<double> values(static_cast<std::size_t>(count * from.pixels()));
  for (double& value : values) value = random.real() - 0.5;
  const auto view = pixels(std::as_const(values).data(), std::array{count, from.height, from.width});
  const auto whole = pack_resized(exec::Seq{}, Pixels<const double, 3>(view), to, 0);
  std::vector<double> turned(values.size());
  for (std::int64_t n = 0; n < count; ++n)
    for (std::int64_t y = 0; y < from.height; ++y)
      for (std::int64_t x = 0; x < from.width; ++x)
        turned[static_cast<std::size_t>((n * from.width + x) * from.height + y)] = view.image(n).at(y, x);
  Pixels<const double, 3> columns;
  columns.data = reinterpret_cast<const std::byte*>(turned.data());
  columns.shape = {count, from.height, from.width};
  columns.strides = {from.pixels() * 8, 8, from.height * 8};
  oracle::under_every_policy([&](auto policy) {
    CHECK(pack_resized(policy, Pixels<const double, 3>(view), to, 0) == whole);
    CHECK(pack_resized(policy, columns, to, 0) == whole);
  });
}

TEST_CASE("masks without pixels need no map, and no masks need nothing") {
  const Map<float> nothing({0, 4});
  CHECK(pack_resized(exec::Seq{}, nothing.view(), {0, 9}, 0)[0].empty());
  CHECK(pack_resized(exec::Seq{}, nothing.view(), {9, 0}, 0).count() == 1);
  const Map<float> map({2, 2});
  CHECK(pack_resized(exec::Seq{}, map.view(), {0, 0}, 0)[0].empty());
}

TEST_CASE("bad input is refused") {
  const Map<float> map({2, 2}), nothing({0, 4});
  const auto resize = [](const Map<float>& m, Size size, double threshold) {
    return oracle::error_of([&] { return pack_resized(exec::Seq{}, m.view(), size, threshold); });
  };
  CHECK(resize(map, {4, 4}, NAN) == "threshold is NaN, expected a number");
  CHECK(resize(map, {-1, 4}, 0) == "size is -1 x 4, expected height and width of at least 0");
  CHECK(resize(nothing, {4, 4}, 0) == "a map of 0 x 4 cannot be resized to 4 x 4");
}
