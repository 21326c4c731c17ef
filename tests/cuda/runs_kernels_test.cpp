#include <doctest/doctest.h>

#include <on_device.hpp>
#include <vislabel/cuda/mask/runs.cuh>

using namespace vislabel;

TEST_CASE("changes of colour are the host's run lengths, and make the masks again") {
  in_every_order([] {
    oracle::Random random(8);
    for (const Size size : oracle::awkward_sizes()) {
      const auto masks = oracle::assorted(random, size);
      const OnDevice on_device(size, masks);
      const cuda::Layout layout(size);
      const auto count = static_cast<std::int64_t>(masks.size());
      DeviceArray<std::uint32_t> before(masks.size() * static_cast<std::size_t>(size.width));
      DeviceArray<std::int64_t> changes(masks.size());
      DeviceArray<std::int64_t> on_begin(masks.size() + 1);
      cuda::count_changes(on_device.words().data(), layout, count, before.data(), changes.data(),
                          on_begin.data(), nullptr);
      const std::vector<std::int64_t> begin = on_begin.values();
      DeviceArray<std::uint32_t> places(static_cast<std::size_t>(begin.back()));
      cuda::write_changes(on_device.words().data(), layout, count, before.data(), on_begin.data(),
                          places.data(), nullptr);
      const Masks host = oracle::packed(size, masks);
      const std::vector<std::uint32_t> found = places.values();
      vislabel::detail::RunWriter writer(size);
      for (std::int64_t n = 0; n < count; ++n) {
        std::vector<std::uint32_t> counts;
        std::uint32_t last = 0;
        for (std::int64_t i = begin[static_cast<std::size_t>(n)]; i < begin[static_cast<std::size_t>(n + 1)];
             ++i) {
          counts.push_back(found[static_cast<std::size_t>(i)] - last);
          last = found[static_cast<std::size_t>(i)];
        }
        counts.push_back(static_cast<std::uint32_t>(size.pixels()) - last);
        const auto expected = writer.write(host[n]);
        REQUIRE(counts == std::vector<std::uint32_t>(expected.begin(), expected.end()));
      }
      DeviceArray<std::uint32_t> again(on_device.words().size());
      cuda::fill_changes(places.data(), on_begin.data(), count, layout, again.data(), nullptr);
      REQUIRE(again.values() == on_device.words().values());
    }
  });
}

TEST_CASE("changes of many masks, of none, and of masks without pixels are added up") {
  in_every_order([] {
    for (const std::int64_t count : {0, 1, 255, 256, 257, 600}) {
      const Size size{count % 2, 3};
      std::vector<oracle::Dense> masks(static_cast<std::size_t>(count), oracle::Dense(size));
      for (std::size_t n = 0; n < masks.size(); n += 3)
        if (size.height > 0) masks[n](0, 1) = 1;  // two changes
      const OnDevice on_device(size, masks);
      DeviceArray<std::uint32_t> before(masks.size() * 3);
      DeviceArray<std::int64_t> changes(masks.size()), begin(masks.size() + 1);
      cuda::count_changes(on_device.words().data(), cuda::Layout(size), count, before.data(), changes.data(),
                          begin.data(), nullptr);
      std::vector<std::int64_t> expected{0};
      for (std::size_t n = 0; n < masks.size(); ++n)
        expected.push_back(expected.back() + (n % 3 == 0 ? 2 * size.height : 0));
      CHECK(begin.values() == expected);
    }
  });
}
