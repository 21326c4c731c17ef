#include <doctest/doctest.h>

#include <limits>
#include <on_device.hpp>
#include <vislabel/cuda/fuse/scm.cuh>

using namespace vislabel;

TEST_CASE("SCM is the host's, with either overlap of boxes, where masks or boxes are missing too") {
  in_every_order([] {
    oracle::Random random(10);
    for (int round = 0; round < 20; ++round) {
      const std::int64_t count = random.between(1, 5), frames = random.between(1, 4);
      const Size size{random.between(1, 70), random.between(1, 70)};
      const auto a = oracle::random_tracks(random, size, count, frames);
      const auto b = oracle::random_tracks(random, size, count, frames);
      const OnDevice on_a(a), on_b(b);
      std::vector<BoxTracks::Slot> slots;
      std::vector<Box> boxes;
      for (std::int64_t i = 0; i < count * frames; ++i) {
        const Box box{random.real() * 40 - 5, random.real() * 40 - 5, random.real() * 50, random.real() * 50};
        slots.push_back(random.one_in(5) ? BoxTracks::Slot() : BoxTracks::Slot(box));
        boxes.push_back(slots.back().value_or(Box{no_number, no_number, no_number, no_number}));
      }
      const DeviceArray<Box> on_boxes(boxes);
      for (const BoxOverlap kind : {BoxOverlap::iou, BoxOverlap::giou}) {
        DeviceArray<double> out(slots.size());
        cuda::scm(on_a.masks(), on_b.masks(), on_boxes.data(), kind, out.data(), nullptr);
        const Table expected =
            scm(exec::Seq{}, oracle::packed(a), oracle::packed(b), BoxTracks(count, frames, slots), kind);
        CHECK(out.values() == std::vector<double>(expected.data(), expected.data() + expected.size()));
      }
    }
  });
}

TEST_CASE("a box that the host refuses makes SCM NaN") {
  const OnDevice masks(oracle::drawn(2, {{"#."}, {"#."}, {"#."}, {"#."}, {"#."}, {"#."}}));
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<Box> boxes{{0, no_number, 1, 1}, {no_number, 0, 1, 1}, {0, 0, -1, 1},
                               {0, 0, 1, infinity},  {0, 0, 1e100, 1},     {0, 0, 1, 1}};
  const DeviceArray<Box> on_boxes(boxes);
  DeviceArray<double> out(6);
  cuda::scm(masks.masks(), masks.masks(), on_boxes.data(), BoxOverlap::iou, out.data(), nullptr);
  const std::vector<double> found = out.values();
  for (std::size_t i = 0; i < 5; ++i) CHECK(std::isnan(found[i]));
  CHECK(found[5] == 1);
}
