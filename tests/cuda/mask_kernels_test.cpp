#include <doctest/doctest.h>

#include <cstring>
#include <device_array.hpp>
#include <oracle.hpp>
#include <vislabel/cuda/mask/measure.cuh>
#include <vislabel/cuda/mask/pack.cuh>
#include <vislabel/cuda/mask/unpack.cuh>

using namespace vislabel;
using oracle::Dense;

TEST_CASE("packing, measuring and unpacking give what went in") {
  in_every_order([] {
    oracle::Random random(1);
    for (const Size size : oracle::awkward_sizes()) {
      const std::vector<Dense> masks = oracle::assorted(random, size);
      std::vector<std::uint8_t> bytes;
      for (const Dense& mask : masks) bytes.insert(bytes.end(), mask.bytes.begin(), mask.bytes.end());
      const auto count = static_cast<std::int64_t>(masks.size());
      const DeviceArray<std::uint8_t> dense(bytes);
      const cuda::Layout layout(size);
      DeviceArray<std::uint32_t> words(masks.size() * static_cast<std::size_t>(layout.words()));
      const auto view = pixels(dense.data(), std::array<std::int64_t, 4>{1, count, size.height, size.width});
      cuda::pack(view, cuda::NonZero(), words.data(), nullptr);
      DeviceArray<std::int64_t> areas(masks.size());
      DeviceArray<cuda::PixelBox> boxes(masks.size());
      cuda::measure(words.data(), layout, count, areas.data(), boxes.data(), nullptr);
      const Masks host = oracle::packed(size, masks);
      for (std::int64_t n = 0; n < count; ++n) {
        const auto at = static_cast<std::size_t>(n);
        CHECK(areas.values()[at] == host[n].area());
        CHECK(boxes.values()[at] ==
              cuda::PixelBox{host[n].left(), host[n].top(), host[n].right(), host[n].bottom()});
      }
      DeviceArray<std::uint8_t> back(bytes.size());
      cuda::unpack(words.data(), pixels(back.data(), view.shape), nullptr);
      CHECK(back.values() == bytes);
    }
  });
}

TEST_CASE("elements at odd addresses are read, and written, byte by byte") {
  oracle::Random random(12);
  const Size size{40, 33};
  const auto count = static_cast<std::size_t>(size.pixels());
  std::vector<std::uint8_t> bytes(count * sizeof(std::uint32_t) + 3);
  std::vector<std::uint8_t> expected;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t value = random.one_in(2) ? 0 : 0x01000000;
    std::memcpy(bytes.data() + 3 + i * sizeof value, &value, sizeof value);
    expected.push_back(value != 0 ? 1 : 0);
  }
  const DeviceArray<std::uint8_t> memory(bytes);
  const cuda::Layout layout(size);
  DeviceArray<std::uint32_t> words(static_cast<std::size_t>(layout.words()));
  Pixels<const std::uint32_t, 4> view;
  view.data = reinterpret_cast<const std::byte*>(memory.data()) + 3;
  view.shape = {1, 1, size.height, size.width};
  view.strides = {0, 0, size.width * 4, 4};
  CHECK_FALSE(cuda::View<const std::uint32_t, 4>(view).aligned);
  cuda::pack(view, cuda::NonZero(), words.data(), nullptr);
  DeviceArray<std::uint8_t> back(count);
  cuda::unpack(words.data(), pixels(back.data(), view.shape), nullptr);
  CHECK(back.values() == expected);
}
