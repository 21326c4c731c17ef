/// Two masks in an array of any type and layout: packed as drawn, and written back to the pixel.
#include "given.hpp"

using namespace vislabel;
using oracle::Dense;

namespace {

/// An array [2, H, W], row by row or column by column, with gaps and upside down as the fuzzer wants.
template <class T>
struct Array {
  std::vector<T> values;
  Pixels<T, 3> pixels;

  Array(FuzzedDataProvider& bytes, Size size, T fill) : pixels{nullptr, {2, size.height, size.width}, {}} {
    const bool by_column = bytes.ConsumeBool(), backwards = bytes.ConsumeBool();
    const auto step = bytes.ConsumeIntegralInRange<std::ptrdiff_t>(1, 3);
    const auto inner = by_column ? size.height : size.width, outer = by_column ? size.width : size.height;
    const auto line = inner * step + bytes.ConsumeIntegralInRange<std::ptrdiff_t>(0, 3);
    values.assign(static_cast<std::size_t>(2 * outer * line), fill);
    pixels.data =
        reinterpret_cast<std::byte*>(values.data() + (backwards && !values.empty() ? values.size() - 1 : 0));
    pixels.strides = {outer * line, by_column ? step : line, by_column ? line : step};
    for (std::ptrdiff_t& stride : pixels.strides)
      stride *= static_cast<std::ptrdiff_t>(sizeof(T)) * (backwards ? -1 : 1);
  }

  void write(const std::vector<Dense>& masks, T set) {
    for (std::int64_t n = 0; n < 2; ++n)
      for (std::int64_t y = 0; y < pixels.shape[1]; ++y)
        for (std::int64_t x = 0; x < pixels.shape[2]; ++x) {
          const T value = masks[static_cast<std::size_t>(n)](y, x) != 0 ? set : T{0};
          std::memcpy(pixels.image(n).row(y) + x * pixels.strides[2], &value, sizeof value);
        }
  }
};

template <class T>
void check_array(FuzzedDataProvider& bytes, T set) {
  const Size size = given::small_size(bytes);
  const std::vector<Dense> masks{given::drawn(bytes, size), given::drawn(bytes, size)};
  Array<T> in(bytes, size, set);
  in.write(masks, set);
  const Pixels<const T, 3> view{in.pixels.data, in.pixels.shape, in.pixels.strides};
  const Masks packed =
      set > T{0} && bytes.ConsumeBool() ? pack_above(exec::Seq{}, view, 0.0) : pack(exec::Seq{}, view);
  for (std::int64_t n = 0; n < 2; ++n) {
    const Dense& dense = masks[static_cast<std::size_t>(n)];
    given::check(packed[n] == pack(exec::Seq{}, size,
                                   std::array{Rle::from_counts<std::uint32_t>(size, oracle::runs(dense))})[0],
                 "packed as from run lengths");
    given::check(packed[n].area() == oracle::area(dense), "area");
    given::check(packed[n].box() == oracle::box(dense), "box");
  }
  Array<T> out(bytes, size, T{9});
  Array<T> expected = out;
  expected.pixels.data = reinterpret_cast<std::byte*>(expected.values.data()) +
                         (out.pixels.data - reinterpret_cast<std::byte*>(out.values.data()));
  expected.write(masks, T{1});
  to_dense(exec::Seq{}, packed, out.pixels);
  given::check(out.values == expected.values, "every pixel written, and nothing between them");
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) { return given::require_kernels(); }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t length) {
  FuzzedDataProvider bytes(data, length);
  switch (bytes.ConsumeIntegralInRange(0, 5)) {
    case 0:
      check_array<std::int16_t>(bytes, -256);
      break;
    case 1:
      check_array<float>(bytes, 0.25F);
      break;
    case 2:
      check_array<double>(bytes, -1);
      break;
    case 3:
      check_array<std::int8_t>(bytes, -128);
      break;
    default:
      check_array<std::uint8_t>(bytes, bytes.ConsumeIntegralInRange<std::uint8_t>(1, 255));
  }
  return 0;
}
