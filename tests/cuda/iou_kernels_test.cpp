#include <doctest/doctest.h>

#include <on_device.hpp>
#include <vislabel/cuda/iou/common_pixels.cuh>
#include <vislabel/cuda/iou/iou.cuh>

using namespace vislabel;

namespace {

std::size_t product(std::int64_t a, std::int64_t b, std::int64_t c = 1) {
  return static_cast<std::size_t>(a * b * c);
}

cuda::TrackAreas areas_of(const OnDevice& tracks, std::int64_t frames) {
  return {tracks.masks().areas, frames == 0 ? 0 : tracks.count() / frames};
}

}  // namespace

TEST_CASE("pixels in common and IoU of masks are the host's") {
  in_every_order([] {
    oracle::Random random(2);
    for (const Size size :
         {Size{0, 5}, Size{1, 1}, Size{33, 17}, Size{65, 63}, Size{40, 700}, Size{300, 40}}) {
      const auto a = oracle::random_masks(random, size, random.between(1, 9));
      const auto b = oracle::random_masks(random, size, random.between(1, 9));
      const OnDevice on_a(size, a), on_b(size, b);
      DeviceArray<std::int64_t> common(product(on_a.count(), on_b.count()));
      cuda::common_pixels(on_a.masks(), on_b.masks(), 1, common.data(), cuda::PairOrder::frames_last,
                          nullptr);
      const Masks host_a = oracle::packed(size, a), host_b = oracle::packed(size, b);
      const auto counts = intersection_and_union(exec::Seq{}, host_a, host_b);
      CHECK(common.values() ==
            std::vector<std::int64_t>(counts.intersection.data(),
                                      counts.intersection.data() + counts.intersection.size()));
      std::vector<std::uint8_t> crowd(b.size());
      for (std::uint8_t& flag : crowd) flag = random.one_in(3) ? 7 : 0;
      const DeviceArray<std::uint8_t> on_crowd(crowd);
      for (const EmptyPair empty_pair : {EmptyPair::zero, EmptyPair::one})
        for (const bool with_crowd : {false, true}) {
          DeviceArray<double> iou(common.size());
          cuda::frame_iou(common.data(), areas_of(on_a, 1), areas_of(on_b, 1), 1,
                          with_crowd ? on_crowd.data() : nullptr, empty_pair, iou.data(), nullptr);
          const std::span<const std::uint8_t> flags = with_crowd ? crowd : std::span<const std::uint8_t>();
          const Table expected = mask_iou(exec::Seq{}, host_a, host_b, {empty_pair, flags});
          CHECK(iou.values() == std::vector<double>(expected.data(), expected.data() + expected.size()));
        }
    }
  });
}

TEST_CASE("IoU of tracks is the host's, in every mode and frame") {
  in_every_order([] {
    oracle::Random random(3);
    for (int round = 0; round < 20; ++round) {
      const std::int64_t frames = random.between(1, 7);
      const Size size{random.between(1, 70), random.between(1, 70)};
      const auto a = oracle::random_tracks(random, size, random.between(1, 6), frames);
      const auto b = oracle::random_tracks(random, size, random.between(1, 6), frames);
      const OnDevice on_a(a), on_b(b);
      const Tracks host_a = oracle::packed(a), host_b = oracle::packed(b);
      DeviceArray<std::int64_t> by_frame(product(a.count, b.count, frames)), by_pair(by_frame.size());
      cuda::common_pixels(on_a.masks(), on_b.masks(), frames, by_frame.data(), cuda::PairOrder::frames_first,
                          nullptr);
      cuda::common_pixels(on_a.masks(), on_b.masks(), frames, by_pair.data(), cuda::PairOrder::frames_last,
                          nullptr);
      for (const EmptyPair empty_pair : {EmptyPair::zero, EmptyPair::one}) {
        DeviceArray<double> iou(by_pair.size());
        cuda::frame_iou(by_pair.data(), areas_of(on_a, frames), areas_of(on_b, frames), frames, nullptr,
                        empty_pair, iou.data(), nullptr);
        const Table expected = frame_iou(exec::Seq{}, host_a, host_b, empty_pair);
        CHECK(iou.values() == std::vector<double>(expected.data(), expected.data() + expected.size()));
        for (const OverTime mode : {OverTime::volume, OverTime::any_frame, OverTime::frame_mean}) {
          DeviceArray<double> over(product(a.count, b.count));
          cuda::track_iou(by_frame.data(), areas_of(on_a, frames), areas_of(on_b, frames), frames, mode,
                          empty_pair, over.data(), nullptr);
          const Table whole = track_iou(exec::Seq{}, host_a, host_b, {mode, empty_pair});
          CHECK(over.values() == std::vector<double>(whole.data(), whole.data() + whole.size()));
        }
      }
    }
  });
}

TEST_CASE("fewer blocks than frames take several each") {
  in_every_order([] {
    oracle::Random random(11);
    const std::int64_t frames = 5;
    const auto a = oracle::random_tracks(random, {40, 30}, 3, frames);
    const OnDevice on_a(a);
    DeviceArray<std::int64_t> all(product(3, 3, frames)), few(all.size());
    cuda::common_pixels(on_a.masks(), on_a.masks(), frames, all.data(), cuda::PairOrder::frames_last,
                        nullptr);
    cuda::launch(cuda::kernels::common_pixels<256, 4>, {1, 2}, 256, nullptr, on_a.masks(), on_a.masks(),
                 frames, few.data(), frames, std::int64_t{1});
    CHECK(few.values() == all.values());
  });
}

TEST_CASE("no masks on one side have nothing in common; other sizes are refused") {
  const OnDevice some({3, 4}, {oracle::Dense({3, 4})}), none({3, 4}, {}),
      other({4, 4}, {oracle::Dense({4, 4})});
  DeviceArray<std::int64_t> common(1);
  cuda::common_pixels(some.masks(), none.masks(), 1, common.data(), cuda::PairOrder::frames_last, nullptr);
  CHECK_THROWS_WITH_AS(cuda::common_pixels(some.masks(), other.masks(), 1, common.data(),
                                           cuda::PairOrder::frames_last, nullptr),
                       "masks of different sizes", Error);
}
