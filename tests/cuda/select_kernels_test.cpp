#include <doctest/doctest.h>

#include <limits>
#include <on_device.hpp>
#include <vislabel/cuda/iou/common_pixels.cuh>
#include <vislabel/cuda/select/spatiotemporal_nms.cuh>

using namespace vislabel;

namespace {

// [T, N, N]
DeviceArray<std::int64_t> common_of(const OnDevice& tracks, std::int64_t frames) {
  const auto count = static_cast<std::size_t>(tracks.count() / frames);
  DeviceArray<std::int64_t> common(count * count * static_cast<std::size_t>(frames));
  cuda::common_pixels(tracks.masks(), tracks.masks(), frames, common.data(), cuda::PairOrder::frames_first,
                      nullptr);
  return common;
}

NmsResult nms_on_device(const OnDevice& tracks, const DeviceArray<std::int64_t>& common, std::int64_t frames,
                        const std::vector<double>& scores, const NmsOptions& options) {
  const auto count = static_cast<std::int64_t>(scores.size());
  const auto all = static_cast<std::size_t>(count);
  const DeviceArray<double> on_scores(scores);
  const DeviceArray<std::int64_t> labels(
      std::vector<std::int64_t>(options.labels.begin(), options.labels.end()));
  DeviceArray<std::uint32_t> overlaps(all * ((all + 31) / 32));
  DeviceArray<std::int64_t> order(all), kept(all), kept_count(1), suppressed_by(all);
  cuda::spatiotemporal_nms(
      common.data(), {tracks.masks().areas, count}, frames, on_scores.data(),
      {options.iou_threshold, options.score_threshold, options.over_time, options.suppress,
       options.labels.empty() ? nullptr : labels.data()},
      {overlaps.data(), order.data(), kept.data(), kept_count.data(), suppressed_by.data()}, nullptr);
  std::vector<std::int64_t> found = kept.values();
  const auto last = static_cast<std::ptrdiff_t>(kept_count.values()[0]);
  CHECK(std::all_of(found.begin() + last, found.end(), [](std::int64_t n) { return n == -1; }));
  found.resize(static_cast<std::size_t>(last));
  return {found, suppressed_by.values()};
}

}  // namespace

TEST_CASE("what is kept, and who suppressed the others, is the host's") {
  in_every_order([] {
    oracle::Random random(4);
    for (int round = 0; round < 30; ++round) {
      const std::int64_t count = random.between(1, round % 15 == 0 ? 70 : 9), frames = random.between(1, 3);
      const auto tracks = oracle::tiny_tracks(random, count, frames);
      std::vector<double> scores;
      std::vector<std::int64_t> labels;
      for (std::int64_t n = 0; n < count; ++n) {
        scores.push_back(static_cast<double>(random.below(6)) / 5);
        labels.push_back(random.below(2));
      }
      const OnDevice on_device(tracks);
      const DeviceArray<std::int64_t> common = common_of(on_device, frames);
      const Tracks host = oracle::packed(tracks);
      for (const OverTime mode : {OverTime::any_frame, OverTime::volume, OverTime::frame_mean})
        for (const Suppress suppress : {Suppress::at_least, Suppress::more_than})
          for (const double threshold : {0.0, 1.0 / 3, 0.5, 1.0, -0.5}) {
            NmsOptions options{threshold, random.one_in(2) ? 0.25 : 0.4, mode, suppress, {}};
            if (random.one_in(2)) options.labels = labels;
            const NmsResult expected = spatiotemporal_nms(exec::Seq{}, host, scores, options);
            const NmsResult found = nms_on_device(on_device, common, frames, scores, options);
            REQUIRE(found.kept == expected.kept);
            REQUIRE(found.suppressed_by == expected.suppressed_by);
          }
    }
  });
}

TEST_CASE("a NaN score is below every threshold") {
  const OnDevice tracks(oracle::drawn(2, {{"#."}, {"#."}, {".#"}}));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const NmsResult found = nms_on_device(tracks, common_of(tracks, 1), 1, {nan, 0.5, 0.7}, {});
  CHECK(found.kept == std::vector<std::int64_t>{2, 1});
  CHECK(found.suppressed_by == std::vector<std::int64_t>{-1, -1, -1});
}

TEST_CASE("no detections keep none") {
  const OnDevice tracks({2, 2}, {});
  CHECK(nms_on_device(tracks, common_of(tracks, 1), 1, {}, {}).kept.empty());
}
