#include <doctest/doctest.h>

#include <limits>
#include <loss/maps.hpp>
#include <on_device.hpp>
#include <vislabel/cuda/loss/drop_loss.cuh>
#include <vislabel/cuda/loss/quality_target.cuh>
#include <vislabel/cuda/mask/resize.cuh>
#include <vislabel/cuda/mask/unpack.cuh>

using namespace vislabel;
using oracle::Maps;

namespace {

template <class T>
Pixels<const T, 4> videos(const DeviceArray<T>& values, const Maps<T>& maps, std::int64_t frames) {
  return pixels(values.data(), std::array{maps.count / frames, frames, maps.size.height, maps.size.width});
}

template <class T>
void check_resized(std::uint64_t seed) {
  oracle::Random random(seed);
  for (int round = 0; round < 25; ++round) {
    const Size from{random.between(1, 20), random.between(1, 20)},
        to{random.between(1, 90), random.between(1, 90)};
    Maps<T> maps = oracle::random_logits<T>(random, 3, from, random.one_in(2) ? 1 : 6);
    if (random.one_in(3)) maps.values[0] = std::numeric_limits<T>::infinity();
    if (random.one_in(3)) maps.values.back() = std::numeric_limits<T>::quiet_NaN();
    const DeviceArray<T> values(maps.values);
    const double threshold = random.one_in(2) ? 0 : 0.1;
    const cuda::Layout layout(to);
    DeviceArray<std::uint32_t> words(3 * static_cast<std::size_t>(layout.words()));
    cuda::pack_resized(videos(values, maps, 1), threshold, to, words.data(), nullptr);
    DeviceArray<std::uint8_t> dense(static_cast<std::size_t>(3 * to.pixels()));
    cuda::unpack(words.data(), pixels(dense.data(), std::array<std::int64_t, 4>{3, 1, to.height, to.width}),
                 nullptr);
    const std::array<std::int64_t, 3> shape{3, from.height, from.width};
    const Masks host =
        pack_resized(exec::Seq{}, pixels(std::as_const(maps.values).data(), shape), to, threshold);
    const std::vector<std::uint8_t> bytes = dense.values();
    const std::array<std::int64_t, 3> out{3, to.height, to.width};
    REQUIRE(pack(exec::Seq{}, pixels(bytes.data(), out)) == host);
  }
}

}  // namespace

TEST_CASE("resized maps become the host's masks, bit by bit") {
  in_every_order([] {
    check_resized<float>(5);
    check_resized<double>(6);
  });
}

TEST_CASE("quality targets are the host's") {
  in_every_order([] {
    oracle::Random random(7);
    for (int round = 0; round < 20; ++round) {
      const std::int64_t frames = random.between(1, 4), queries = random.between(1, 5);
      // Wider than the 256 columns that a block takes at a time, now and then.
      const Size size{random.between(1, 80), random.between(1, 80) + (round % 7 == 0 ? 500 : 0)},
          from{random.between(1, 12), random.between(1, 12)};
      Maps<float> maps = oracle::random_logits<float>(random, queries * frames, from, 1);
      if (random.one_in(3)) maps.values[maps.values.size() / 2] = std::numeric_limits<float>::quiet_NaN();
      const auto truth = oracle::random_tracks(random, size, random.between(0, 12), frames);
      const OnDevice on_truth(truth);
      const DeviceArray<float> values(maps.values);
      const auto slots = static_cast<std::size_t>(queries * frames);
      DeviceArray<unsigned long long> common(slots * static_cast<std::size_t>(truth.count)), areas(slots);
      DeviceArray<std::uint32_t> nan(slots);
      DeviceArray<double> iou(slots), ious(common.size());
      DeviceArray<std::int64_t> best(static_cast<std::size_t>(queries));
      for (const EmptyPair empty_pair : {EmptyPair::zero, EmptyPair::one}) {
        cuda::quality_target(videos(values, maps, frames), on_truth.masks(), truth.count, 0.1, empty_pair,
                             {common.data(), areas.data(), ious.data(), nan.data(), iou.data(), best.data()},
                             nullptr);
        const QualityTarget expected = quality_target(
            exec::Seq{},
            pixels(std::as_const(maps.values).data(), std::array{queries, frames, from.height, from.width}),
            oracle::packed(truth), {0.1, empty_pair, OnNaN::propagate});
        REQUIRE(best.values() == expected.truth);
        const std::vector<double> found = iou.values();
        for (std::size_t i = 0; i < slots; ++i)
          REQUIRE((found[i] == expected.iou.data()[i] ||
                   (std::isnan(found[i]) && std::isnan(expected.iou.data()[i]))));
      }
    }
  });
}

TEST_CASE("a prediction's loss has weight iff one of its IoUs is above the threshold") {
  in_every_order([] {
    oracle::Random random(9);
    for (const std::int64_t columns : {0, 1, 5, 40})
      for (const bool with_nan : {false, true}) {
        const std::int64_t rows = random.between(1, 9);
        std::vector<double> values;
        for (std::int64_t i = 0; i < rows * columns; ++i)
          values.push_back(random.one_in(20) ? 0.5 : random.one_in(4) ? 0.01 : 0);
        std::vector<std::uint32_t> flags;
        for (std::int64_t i = 0; i < 2 * rows; ++i) flags.push_back(random.one_in(5) ? 1 : 0);
        const DeviceArray<double> iou(values);
        const DeviceArray<std::uint32_t> nan(flags);
        DeviceArray<double> weights(static_cast<std::size_t>(rows));
        cuda::rows_above(iou.data(), rows, columns, 0.01, with_nan ? nan.data() : nullptr, 2, weights.data(),
                         nullptr);
        const Table table = Eigen::Map<const Table>(values.data(), rows, columns);
        const std::vector<double> expected = vislabel::detail::rows_above(table, 0.01);
        const std::vector<double> found = weights.values();
        for (std::size_t n = 0; n < found.size(); ++n) {
          if (with_nan && (flags[2 * n] | flags[2 * n + 1]) != 0)
            REQUIRE(std::isnan(found[n]));
          else
            REQUIRE(found[n] == expected[n]);
        }
      }
  });
}
