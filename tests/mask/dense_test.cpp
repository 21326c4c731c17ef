#include <doctest/doctest.h>

#include <cstring>
#include <limits>
#include <oracle.hpp>
#include <vislabel/mask/convert.hpp>

using namespace vislabel;
using oracle::Dense;

namespace {

enum class Layout { c_order, f_order, padded, every_other, upside_down, mirrored, f_mirrored, unaligned };
const std::vector<Layout> layouts{Layout::c_order,     Layout::f_order,     Layout::padded,
                                  Layout::every_other, Layout::upside_down, Layout::mirrored,
                                  Layout::f_mirrored,  Layout::unaligned};

/// A buffer that holds N images of T in a layout, and its view. Bytes outside the images hold 0xEE.
template <class T>
struct Buffer {
  std::vector<std::byte> bytes;
  Pixels<T, 3> view;

  Buffer(Layout layout, std::int64_t count, Size size) {
    const auto element = static_cast<std::ptrdiff_t>(sizeof(T));
    const std::ptrdiff_t h = size.height, w = size.width;
    std::ptrdiff_t row = w * element, column = element, start = 0;
    if (layout == Layout::f_order || layout == Layout::f_mirrored) row = element, column = h * element;
    if (layout == Layout::padded) row = (w + 3) * element, start = 2 * element;
    if (layout == Layout::every_other) row = 2 * w * element, column = 2 * element;
    const std::ptrdiff_t extent = 2 * (h + 3) * (w + 3) * element + 8;
    if (layout == Layout::upside_down) start = (h - 1) * row, row = -row;
    if (layout == Layout::mirrored || layout == Layout::f_mirrored)
      start = (w - 1) * column, column = -column;
    if (layout == Layout::unaligned) start = 1, row = w * element + 1;
    if (size.pixels() == 0) start = 0;
    bytes.assign(static_cast<std::size_t>(extent * count), std::byte{0xEE});
    view.data = bytes.data() + start;
    view.shape = {count, h, w};
    view.strides = {extent, row, column};
  }

  [[nodiscard]] Pixels<const T, 3> input() const { return {view.data, view.shape, view.strides}; }

  void set(std::int64_t n, std::int64_t y, std::int64_t x, T value) {
    const Pixels<T, 2> image = view.image(n);
    std::memcpy(image.row(y) + x * image.column_stride(), &value, sizeof(T));
  }
};

std::vector<Size> dense_sizes() {
  return {{0, 0},   {0, 5},   {5, 0},   {1, 1},   {1, 65},  {65, 1},
          {31, 33}, {32, 16}, {33, 17}, {64, 64}, {65, 63}, {40, 1030}};
}

/// Values that are set, and values that are not, for `pack`.
template <class T>
std::vector<T> set_values() {
  std::vector<T> values{T{1}, std::numeric_limits<T>::max(), std::numeric_limits<T>::lowest()};
  if (!std::is_signed_v<T>) values.pop_back();
  if constexpr (std::is_integral_v<T> && sizeof(T) > 1)
    values.push_back(static_cast<T>(256));  // its low byte is 0
  if constexpr (std::is_floating_point_v<T>) values.push_back(std::numeric_limits<T>::denorm_min());
  return values;
}

}  // namespace

TEST_CASE_TEMPLATE("dense masks of every element type and layout are packed: non-zero is set", T, bool,
                   std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t, std::uint32_t,
                   std::int64_t, std::uint64_t, float, double) {
  oracle::Random random(91);
  const std::vector<T> values = set_values<T>();
  for (const Size size : dense_sizes()) {
    const std::vector<Dense> dense = oracle::random_masks(random, size, 5);
    const Masks expected = Masks(size, [&] {
      std::vector<PackedMask> masks;
      for (const Dense& mask : dense) {  // through runs: another way than the one under test
        const auto rle = Rle::from_counts<std::uint32_t>(size, oracle::runs(mask));
        masks.push_back(detail::RunPacker(size).pack(rle.counts()));
      }
      return masks;
    }());
    for (const Layout layout : layouts) {
      Buffer<T> in(layout, 5, size);
      for (std::int64_t n = 0; n < 5; ++n)
        for (std::int64_t y = 0; y < size.height; ++y)
          for (std::int64_t x = 0; x < size.width; ++x)
            in.set(n, y, x, dense[static_cast<std::size_t>(n)](y, x) != 0 ? random.any_of(values) : T{0});
      REQUIRE(pack(exec::Seq{}, in.input()) == expected);

      Buffer<T> out(layout, 5, size);
      to_dense(exec::Seq{}, expected, out.view);
      std::int64_t wrong = 0;
      for (std::int64_t n = 0; n < 5; ++n)
        for (std::int64_t y = 0; y < size.height; ++y)
          for (std::int64_t x = 0; x < size.width; ++x)
            wrong += out.view.image(n).at(y, x) != static_cast<T>(dense[static_cast<std::size_t>(n)](y, x));
      REQUIRE(wrong == 0);
      std::size_t written = 0;
      for (const std::byte value : out.bytes) written += value != std::byte{0xEE} ? 1U : 0U;
      REQUIRE(written ==
              static_cast<std::size_t>(5 * size.pixels()) * sizeof(T));  // and nothing between the images
    }
  }
}

TEST_CASE_TEMPLATE("maps of numbers are set where they exceed the threshold", T, float, double, std::int16_t,
                   std::uint8_t) {
  oracle::Random random(92);
  for (const Size size : dense_sizes())
    for (const Layout layout : layouts)
      for (const double threshold : {0.0, 0.5, 3.0}) {
        Buffer<T> in(layout, 1, size);
        Dense expected(size);
        for (std::int64_t y = 0; y < size.height; ++y)
          for (std::int64_t x = 0; x < size.width; ++x) {
            const T value = static_cast<T>(random.any_of(std::vector<double>{0, 0.25, 0.5, 0.75, 1, 3, 4}));
            in.set(0, y, x, value);
            expected(y, x) = static_cast<double>(value) > threshold ? 1 : 0;
          }
        REQUIRE(pack_above(exec::Seq{}, in.input(), threshold)[0] == oracle::packed(expected));
      }
}

TEST_CASE("NaN is never above a threshold, infinity always, and a float equal to it is not") {
  const float nan = std::numeric_limits<float>::quiet_NaN(),
              infinity = std::numeric_limits<float>::infinity();
  const std::array<float, 8> values{nan, infinity, -infinity, 0.0F, -0.0F, 0.5F, std::nextafter(0.5F, 1.0F),
                                    -nan};
  const auto above = [&](double threshold) {
    return pack_above(exec::Seq{}, pixels(values.data(), std::array<std::int64_t, 3>{1, 1, 8}), threshold)[0];
  };
  CHECK(above(0.0) == oracle::packed(oracle::drawn({".#...##."})));
  CHECK(above(0.5) == oracle::packed(oracle::drawn({".#....#."})));
  CHECK(above(-std::numeric_limits<double>::infinity()) == oracle::packed(oracle::drawn({".#.####."})));
  CHECK(above(std::numeric_limits<double>::infinity()).empty());
  CHECK(above(0.1) == oracle::packed(oracle::drawn({".#...##."})));
}

TEST_CASE("a stride of 0 repeats an element, a row or an image") {
  const std::array<std::uint8_t, 3> row{0, 1, 1};
  Pixels<const std::uint8_t, 3> view{reinterpret_cast<const std::byte*>(row.data()), {2, 40, 3}, {0, 0, 1}};
  const Masks rows = pack(exec::Seq{}, view);
  CHECK(rows[0].area() == 80);
  CHECK(rows[0].box() == Box{1, 0, 2, 40});
  CHECK(rows[1] == rows[0]);
  view = {reinterpret_cast<const std::byte*>(row.data()), {1, 3, 40}, {0, 1, 0}};
  CHECK(pack(exec::Seq{}, view)[0].box() == Box{0, 1, 40, 2});
  view = {reinterpret_cast<const std::byte*>(row.data() + 1), {1, 70, 40}, {0, 0, 0}};
  CHECK(pack(exec::Seq{}, view)[0].area() == 2800);
}

TEST_CASE("columns that lie side by side in memory are packed in whatever direction they follow each other") {
  std::vector<std::uint8_t> column(40);
  for (std::size_t y = 0; y < 40; ++y) column[y] = y % 2 == 0 ? 200 : 0;
  const Pixels<const std::uint8_t, 3> view{
      reinterpret_cast<const std::byte*>(column.data()), {1, 40, 20}, {0, 1, 0}};
  const PackedMask mask = pack(exec::Seq{}, view)[0];
  CHECK(mask.area() == 400);
  CHECK(mask.box() == Box{0, 0, 20, 39});
}

TEST_CASE("an image of a size beyond the limits, or with a negative number of images, is refused") {
  Pixels<const std::uint8_t, 3> view{nullptr, {1, 1'000'000, 1'000'000}, {0, 1'000'000, 1}};
  CHECK(oracle::error_of([&] { return pack(exec::Seq{}, view); }) ==
        "the array's frame is 1000000 x 1000000, expected at most 4294967295 pixels in one mask");
  view.shape = {1, -1, 4};
  CHECK(oracle::error_of([&] { return pack(exec::Seq{}, view); }) ==
        "the array's axis 1 is -1, expected at least 0");
  view.shape = {-1, 4, 4};
  CHECK(oracle::error_of([&] { return pack(exec::Seq{}, view); }).find("-1") != std::string::npos);
}
