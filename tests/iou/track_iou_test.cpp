#include <doctest/doctest.h>

#include <oracle.hpp>
#include <vislabel/iou/track_iou.hpp>

using namespace vislabel;
using oracle::DenseTracks;

namespace {

const std::vector<OverTime> ways{OverTime::volume, OverTime::any_frame, OverTime::frame_mean};

double iou(const DenseTracks& a, const DenseTracks& b, OverTime over_time,
           EmptyPair empty_pair = EmptyPair::zero) {
  return track_iou(exec::Seq{}, oracle::packed(a), oracle::packed(b), {over_time, empty_pair})(0, 0);
}

}  // namespace

TEST_CASE("the three ways to make one number of frames, worked by hand") {
  const DenseTracks a = oracle::drawn(4, {{"##..", "####", "#..."}}),
                    b = oracle::drawn(4, {{".##.", "##..", "#..."}});
  CHECK(iou(a, b, OverTime::volume) == 4.0 / 8.0);  // (1 + 2 + 1) / (3 + 4 + 1)
  CHECK(iou(a, b, OverTime::any_frame) == 1.0);
  CHECK(iou(a, b, OverTime::frame_mean) == (1.0 / 3.0 + 0.5 + 1.0) / 3.0);
}

TEST_CASE("an absent frame adds the other's area to the union") {
  const DenseTracks a = oracle::drawn(4, {{"##..", "####"}}), b = oracle::drawn(4, {{"##..", "absent"}});
  CHECK(iou(a, b, OverTime::volume) == 2.0 / 6.0);
  CHECK(iou(b, a, OverTime::volume) == 2.0 / 6.0);
  CHECK(iou(a, b, OverTime::any_frame) == 1.0);
  CHECK(iou(a, b, OverTime::frame_mean) == 0.5);
}

TEST_CASE(
    "a frame where both are absent or empty counts as an empty pair in the mean, and not in the volume") {
  for (const std::string nothing : {"absent", "...."}) {
    const DenseTracks a = oracle::drawn(4, {{"##..", "absent"}}), b = oracle::drawn(4, {{"#...", nothing}});
    CHECK(iou(a, b, OverTime::volume, EmptyPair::zero) == 0.5);
    CHECK(iou(a, b, OverTime::volume, EmptyPair::one) == 0.5);
    CHECK(iou(a, b, OverTime::frame_mean, EmptyPair::zero) == 0.25);
    CHECK(iou(a, b, OverTime::frame_mean, EmptyPair::one) == 0.75);
    CHECK(iou(a, b, OverTime::any_frame, EmptyPair::zero) == 0.5);
    CHECK(iou(a, b, OverTime::any_frame, EmptyPair::one) == 1.0);
  }
}

TEST_CASE("tracks without any pixel, and tracks of no frames, are empty pairs") {
  const DenseTracks empty = oracle::drawn(4, {{"....", "absent"}});
  const DenseTracks none{{1, 4}, 1, 0, {}};
  for (const OverTime way : ways)
    for (const DenseTracks& tracks : {empty, none}) {
      CHECK(iou(tracks, tracks, way, EmptyPair::zero) == 0);
      CHECK(iou(tracks, tracks, way, EmptyPair::one) == 1);
    }
}

TEST_CASE("every table equals the dense oracle on random tracks, both conventions, all policies") {
  oracle::Random random(141);
  for (int round = 0; round < 150; ++round) {
    const std::int64_t frames = random.below(5);
    const bool tiny = !random.one_in(10);
    DenseTracks a = tiny ? oracle::tiny_tracks(random, random.below(6), frames)
                         : oracle::random_tracks(random, {40, 35}, 6, frames);
    const DenseTracks b = oracle::random_tracks(random, a.size, random.below(6), frames);
    const Tracks x = oracle::packed(a), y = oracle::packed(b);
    for (const OverTime way : ways)
      for (const EmptyPair empty_pair : {EmptyPair::zero, EmptyPair::one}) {
        const Table table = track_iou(exec::Omp{2}, x, y, {way, empty_pair});
        REQUIRE(table.rows() == a.count);
        REQUIRE(table.cols() == b.count);
        for (std::int64_t n = 0; n < a.count; ++n)
          for (std::int64_t m = 0; m < b.count; ++m)
            REQUIRE(table(n, m) == oracle::track_iou(a, n, b, m, way, empty_pair));
        REQUIRE((track_iou(exec::Seq{}, y, x, {way, empty_pair}) == table.transpose()).all());
        REQUIRE((table >= 0 && table <= 1).all());
      }
  }
}

TEST_CASE("per-frame and summed counts equal the dense oracle, [N, M, T] in memory") {
  oracle::Random random(142);
  for (int round = 0; round < 100; ++round) {
    const std::int64_t frames = random.below(4);
    const DenseTracks a = oracle::tiny_tracks(random, random.below(5), frames);
    const DenseTracks b = oracle::random_tracks(random, a.size, random.below(5), frames);
    const Tracks x = oracle::packed(a), y = oracle::packed(b);
    const IntersectionAndUnion per_frame = frame_intersection_and_union(exec::Seq{}, x, y);
    const IntersectionAndUnion summed = intersection_and_union(exec::Seq{}, x, y);
    const Table zero = frame_iou(exec::Seq{}, x, y), one = frame_iou(exec::Seq{}, x, y, EmptyPair::one);
    REQUIRE(per_frame.union_.rows() == a.count * b.count);
    REQUIRE(per_frame.union_.cols() == frames);
    for (std::int64_t n = 0; n < a.count; ++n)
      for (std::int64_t m = 0; m < b.count; ++m) {
        std::int64_t common = 0, together = 0;
        for (std::int64_t t = 0; t < frames; ++t) {
          const oracle::Counts counts = oracle::counts(a(n, t), b(m, t));
          const std::int64_t i = n * b.count + m;
          REQUIRE(per_frame.intersection(i, t) == counts.common);
          REQUIRE(per_frame.union_(i, t) == counts.together);
          REQUIRE(zero(i, t) == oracle::quotient(counts, EmptyPair::zero));
          REQUIRE(one(i, t) == oracle::quotient(counts, EmptyPair::one));
          common += counts.common, together += counts.together;
        }
        REQUIRE(summed.intersection(n, m) == common);
        REQUIRE(summed.union_(n, m) == together);
      }
  }
}

TEST_CASE("every policy gives the same bits where there is work for threads") {
  oracle::Random random(143);
  const Tracks a = oracle::packed(oracle::random_tracks(random, {33, 20}, 40, 8));
  const Tracks b = oracle::packed(oracle::random_tracks(random, {33, 20}, 35, 8));
  for (const OverTime way : ways) {
    const Table expected = track_iou(exec::Seq{}, a, b, {.over_time = way});
    oracle::under_every_policy(
        [&](auto policy) { REQUIRE((track_iou(policy, a, b, {.over_time = way}) == expected).all()); });
  }
  const IntersectionAndUnion counts = frame_intersection_and_union(exec::Seq{}, a, b);
  const IntersectionAndUnion summed = intersection_and_union(exec::Seq{}, a, b);
  const Table frames = frame_iou(exec::Seq{}, a, b);
  oracle::under_every_policy([&](auto policy) {
    REQUIRE((frame_intersection_and_union(policy, a, b).intersection == counts.intersection).all());
    REQUIRE((frame_intersection_and_union(policy, a, b).union_ == counts.union_).all());
    REQUIRE((intersection_and_union(policy, a, b).union_ == summed.union_).all());
    REQUIRE((frame_iou(policy, a, b) == frames).all());
  });
}

TEST_CASE("the bounds from areas and boxes are never below the truth") {
  oracle::Random random(144);
  for (int round = 0; round < 300; ++round) {
    const DenseTracks pair =
        oracle::random_tracks(random, {random.between(1, 40), random.between(1, 20)}, 2, 1);
    const Tracks tracks = oracle::packed(pair);
    REQUIRE(detail::common_bound(tracks(0, 0), tracks(1, 0)) >=
            oracle::counts(pair(0, 0), pair(1, 0)).common);
    REQUIRE(detail::iou_bound(tracks(0, 0), tracks(1, 0)) >= oracle::frame_iou(pair(0, 0), pair(1, 0)));
  }
}

TEST_CASE("different sizes or numbers of frames are refused") {
  const Tracks a = oracle::packed(oracle::drawn(4, {{"##..", "...."}})),
               b = oracle::packed(oracle::drawn(3, {{"##.", "..."}}));
  const Tracks c = oracle::packed(oracle::drawn(4, {{"##.."}}));
  const std::string size = "masks of different sizes: 1 x 4 and 1 x 3 (height x width)";
  const std::string frames = "tracks of 2 and 1 frames, expected the same number";
  CHECK(oracle::error_of([&] { return track_iou(exec::Seq{}, a, b); }) == size);
  CHECK(oracle::error_of([&] { return track_iou(exec::Seq{}, a, c); }) == frames);
  CHECK(oracle::error_of([&] { return frame_iou(exec::Seq{}, a, b); }) == size);
  CHECK(oracle::error_of([&] { return frame_iou(exec::Seq{}, a, c); }) == frames);
  CHECK(oracle::error_of([&] { return frame_intersection_and_union(exec::Seq{}, a, c); }) == frames);
  CHECK(oracle::error_of([&] { return intersection_and_union(exec::Seq{}, a, c); }) == frames);
}
