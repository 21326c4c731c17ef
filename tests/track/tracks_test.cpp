#include <doctest/doctest.h>

#include <limits>
#include <oracle.hpp>
#include <vislabel/track/tracks.hpp>

using namespace vislabel;
using oracle::Dense;
using oracle::DenseTracks;
using Indices = std::vector<std::int64_t>;

namespace {

/// [2, 3]: a track seen, empty, absent; and one absent, seen, seen.
DenseTracks two_tracks() {
  return oracle::drawn(4, {{"##..", "....", "absent"}, {"absent", "..##", ".##."}});
}

DenseTracks random_video(std::uint64_t seed, Size size, std::int64_t count, std::int64_t frames) {
  oracle::Random random(seed);
  return oracle::random_tracks(random, size, count, frames);
}

std::vector<std::uint8_t> presence(const DenseTracks& tracks) {
  std::vector<std::uint8_t> present;
  for (const oracle::Slot& slot : tracks.slots) present.push_back(slot ? 1 : 0);
  return present;
}

std::vector<std::uint8_t> bytes_of(const DenseTracks& tracks) {
  std::vector<std::uint8_t> bytes;
  for (const oracle::Slot& slot : tracks.slots) {
    const Dense mask = slot.value_or(Dense(tracks.size));
    bytes.insert(bytes.end(), mask.bytes.begin(), mask.bytes.end());
  }
  return bytes;
}

std::vector<std::optional<Rle>> encoded(const DenseTracks& tracks) {
  std::vector<std::optional<Rle>> rles;
  for (const oracle::Slot& slot : tracks.slots)
    rles.push_back(slot ? std::optional(Rle::from_counts<std::uint32_t>(tracks.size, oracle::runs(*slot)))
                        : std::nullopt);
  return rles;
}

}  // namespace

TEST_CASE("absent is not empty: neither has pixels, but only one is present") {
  const Tracks tracks = oracle::packed(two_tracks());
  CHECK(tracks.count() == 2);
  CHECK(tracks.frames() == 3);
  CHECK(tracks.size() == Size{1, 4});
  CHECK(tracks.present(0, 1));
  CHECK_FALSE(tracks.present(0, 2));
  CHECK(tracks.area(0, 0) == 2);
  CHECK(tracks.area(0, 1) == 0);
  CHECK(tracks.area(0, 2) == 0);
  CHECK(tracks(0, 1)->empty());
  CHECK(tracks.volume(0) == 2);
  CHECK(tracks.volume(1) == 4);
  DenseTracks other = two_tracks();
  other.slots[1].reset();
  CHECK(oracle::packed(other) != tracks);
}

TEST_CASE("tracks go between dense, packed and run-length form under every policy") {
  for (const Size size : {Size{33, 17}, Size{65, 63}, Size{1, 1}, Size{0, 4}, Size{2, 1040}}) {
    const DenseTracks dense = random_video(111, size, 30, 5);
    const Tracks expected = oracle::packed(dense);
    const std::vector<std::uint8_t> bytes = bytes_of(dense), present = presence(dense);
    const std::vector<std::optional<Rle>> rles = encoded(dense);
    std::vector<double> logits(bytes.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) logits[i] = bytes[i] != 0 ? 0.75 : 0.25;
    const std::array<std::int64_t, 4> shape{30, 5, size.height, size.width};
    const double* const values = logits.data();
    oracle::under_every_policy([&](auto policy) {
      REQUIRE(pack(policy, pixels(bytes.data(), shape), present) == expected);
      REQUIRE(pack_above(policy, pixels(values, shape), 0.5, present) == expected);
      REQUIRE(pack(policy, size, 30, 5, std::span<const std::optional<Rle>>(rles)) == expected);
      REQUIRE(to_rle(policy, expected) == rles);
      std::vector<std::uint8_t> out(bytes.size(), 7);
      to_dense(policy, expected, pixels(out.data(), shape));
      REQUIRE(out == bytes);  // absent: zeros, every element written
    });
  }
}

TEST_CASE("without a presence table every slot of a dense array is present") {
  const std::vector<std::uint8_t> bytes(2 * 3 * 4, 0);
  const Tracks tracks = pack(exec::Seq{}, pixels(bytes.data(), std::array<std::int64_t, 4>{2, 3, 1, 4}));
  for (std::int64_t n = 0; n < 2; ++n)
    for (std::int64_t t = 0; t < 3; ++t) CHECK(tracks.present(n, t));
}

TEST_CASE("a slot marked absent loses the pixels that the array has there") {
  const std::vector<std::uint8_t> bytes(8, 1), present{1, 0};
  const Tracks tracks =
      pack(exec::Seq{}, pixels(bytes.data(), std::array<std::int64_t, 4>{1, 2, 1, 4}), present);
  CHECK(tracks.area(0, 0) == 4);
  CHECK_FALSE(tracks.present(0, 1));
}

TEST_CASE("select gives the tracks asked for, select_frames the frames, in that order") {
  const DenseTracks dense = random_video(112, {5, 6}, 4, 5);
  const Tracks tracks = oracle::packed(dense);
  const Tracks chosen = tracks.select(Indices{3, 0, 3});
  REQUIRE(chosen.count() == 3);
  CHECK(chosen.frames() == 5);
  const Tracks cut = tracks.select_frames(Indices{4, 4, 0});
  REQUIRE(cut.frames() == 3);
  CHECK(cut.count() == 4);
  for (std::int64_t t = 0; t < 5; ++t) {
    CHECK(chosen(0, t) == tracks(3, t));
    CHECK(chosen(1, t) == tracks(0, t));
    CHECK(chosen(2, t) == tracks(3, t));
  }
  for (std::int64_t n = 0; n < 4; ++n) {
    CHECK(cut(n, 0) == tracks(n, 4));
    CHECK(cut(n, 1) == tracks(n, 4));
    CHECK(cut(n, 2) == tracks(n, 0));
  }
  CHECK(tracks.select(Indices{}).count() == 0);
  CHECK(tracks.select(Indices{}).frames() == 5);
  CHECK(tracks.select_frames(Indices{}).frames() == 0);
  CHECK(tracks.select_frames(Indices{}).count() == 4);
  CHECK(tracks.select(Indices{0, 1, 2, 3}).select_frames(Indices{0, 1, 2, 3, 4}) == tracks);
}

TEST_CASE("a frame and a track are batches with an empty mask for an absent slot") {
  const Tracks tracks = oracle::packed(two_tracks());
  const Masks frame = tracks.frame(2), track = tracks.track(0);
  CHECK(frame.count() == 2);
  CHECK(frame.size() == Size{1, 4});
  CHECK(frame[0].empty());
  CHECK(frame[1] == *tracks(1, 2));
  CHECK(track.count() == 3);
  CHECK(track[0] == *tracks(0, 0));
  CHECK(track[1].empty());
  CHECK(track[2].empty());
}

TEST_CASE("indices outside are refused") {
  const Tracks tracks = oracle::packed(two_tracks());
  CHECK(oracle::error_of([&] { return tracks.select(Indices{0, 2}); }) == "track 2 is outside [0, 2)");
  CHECK(oracle::error_of([&] { return tracks.select(Indices{-1}); }) == "track -1 is outside [0, 2)");
  CHECK(oracle::error_of([&] { return tracks.select_frames(Indices{3}); }) == "frame 3 is outside [0, 3)");
  CHECK(oracle::error_of([&] { return tracks.select_frames(Indices{-1}); }) == "frame -1 is outside [0, 3)");
  CHECK(oracle::error_of([&] { return tracks.frame(3); }) == "frame 3 is outside [0, 3)");
  CHECK(oracle::error_of([&] { return tracks.frame(-1); }) == "frame -1 is outside [0, 3)");
  CHECK(oracle::error_of([&] { return tracks.track(2); }) == "track 2 is outside [0, 2)");
  CHECK(oracle::error_of([&] { return tracks.track(-1); }) == "track -1 is outside [0, 2)");
}

TEST_CASE("concatenate puts the tracks of b after those of a") {
  const Tracks a = oracle::packed(random_video(113, {5, 6}, 3, 4)),
               b = oracle::packed(random_video(114, {5, 6}, 2, 4));
  const Tracks both = concatenate(a, b);
  CHECK(both.count() == 5);
  CHECK(both.select(Indices{0, 1, 2}) == a);
  CHECK(both.select(Indices{3, 4}) == b);
  CHECK(concatenate(a, Tracks({5, 6}, 0, 4, {})) == a);
  CHECK(oracle::error_of([&] { return concatenate(a, b.select_frames(Indices{0})); }) ==
        "tracks of 4 and 1 frames, expected the same number");
  CHECK(oracle::error_of([&] { return concatenate(a, Tracks({6, 5}, 0, 4, {})); }) ==
        "masks of different sizes: 5 x 6 and 6 x 5 (height x width)");
}

TEST_CASE("no tracks and no frames are fine, and remember their shape") {
  const Tracks no_tracks({5, 6}, 0, 4, {}), no_frames({5, 6}, 3, 0, {});
  CHECK(no_tracks != no_frames);
  CHECK(no_tracks.frame(3).count() == 0);
  CHECK(no_frames.track(2).count() == 0);
  CHECK(no_frames.volume(2) == 0);
  oracle::under_every_policy([&](auto policy) {
    CHECK(to_rle(policy, no_tracks).empty());
    CHECK(to_rle(policy, no_frames).empty());
    CHECK(pack(policy, Size{5, 6}, 0, 4, std::span<const std::optional<Rle>>{}) == no_tracks);
    CHECK(pack(policy, Size{5, 6}, 3, 0, std::span<const std::optional<Rle>>{}) == no_frames);
    std::uint8_t untouched = 7;
    to_dense(policy, no_tracks, pixels(&untouched, std::array<std::int64_t, 4>{0, 4, 5, 6}));
    to_dense(policy, no_frames, pixels(&untouched, std::array<std::int64_t, 4>{3, 0, 5, 6}));
    CHECK(untouched == 7);
  });
  CHECK(Tracks() == Tracks({0, 0}, 0, 0, {}));
}

TEST_CASE("a number of slots other than N * T is refused, and a mask beyond the size") {
  const PackedMask wide = oracle::packed(oracle::drawn({"..#"}));
  CHECK(oracle::error_of([] { return Tracks({1, 2}, 2, 3, std::vector<Tracks::Slot>(5)); }) ==
        "slots has 5 entries, expected N * T = 2 * 3");
  CHECK(oracle::error_of([] { return Tracks({1, 2}, -1, 3, {}); }) ==
        "-1 tracks of 3 frames, expected at least 0 of both");
  CHECK(oracle::error_of([] { return Tracks({1, 2}, 3, -1, {}); }) ==
        "3 tracks of -1 frames, expected at least 0 of both");
  CHECK(oracle::error_of([&] { return Tracks({1, 2}, 1, 1, {wide}); }) ==
        "slots: a mask reaches beyond size 1 x 2");
  CHECK(oracle::error_of([] { return Tracks({1, -2}, 0, 0, {}); }) ==
        "size is 1 x -2, expected height and width of at least 0");
}

TEST_CASE("a number of slots that only fits after N * T has overflowed is refused") {
  CHECK(oracle::error_of([] { return Tracks({1, 2}, std::int64_t{1} << 32, std::int64_t{1} << 32, {}); }) !=
        "(no error)");
}

TEST_CASE("packing refuses shapes, presence tables, run lengths and thresholds that do not fit") {
  const std::vector<std::uint8_t> bytes(24), present(5);
  const std::array<std::int64_t, 4> shape{2, 3, 1, 4};
  CHECK(oracle::error_of([&] { return pack(exec::Seq{}, pixels(bytes.data(), shape), present); }) ==
        "present has 5 entries, expected N * T = 2 * 3");
  CHECK(oracle::error_of([&] {
          return pack_above(exec::Seq{}, pixels(bytes.data(), shape),
                            std::numeric_limits<double>::quiet_NaN());
        }) == "threshold is NaN, expected a number");
  std::vector<std::optional<Rle>> rles(6);
  rles[4] = Rle::from_counts<std::uint32_t>({4, 1}, std::vector<std::uint32_t>{4});
  const std::span<const std::optional<Rle>> view(rles);
  CHECK(oracle::error_of([&] { return pack(exec::Seq{}, Size{1, 4}, 2, 3, view); }) ==
        "rles[1][1] has another size than 1 x 4");
  CHECK(oracle::error_of([&] { return pack(exec::Seq{}, Size{1, 4}, 2, 2, view.first(3)); }) ==
        "rles has 3 entries, expected N * T = 2 * 2");
}

TEST_CASE("an output of another shape is refused") {
  const Tracks tracks = oracle::packed(two_tracks());
  std::vector<std::uint8_t> out(64, 7);
  CHECK(oracle::error_of([&] {
          to_dense(exec::Seq{}, tracks, pixels(out.data(), std::array<std::int64_t, 4>{3, 2, 1, 4}));
        }) == "out has shape [3, 2, 1, 4], expected [2, 3, 1, 4]");
  CHECK(out == std::vector<std::uint8_t>(64, 7));
}

TEST_CASE("memory is that of the slots and of their masks") {
  const Tracks tracks = oracle::packed(two_tracks());
  std::size_t sum = sizeof(Tracks) + 6 * sizeof(Tracks::Slot);
  for (std::int64_t n = 0; n < 2; ++n)
    for (std::int64_t t = 0; t < 3; ++t)
      if (tracks.present(n, t)) sum += tracks(n, t)->memory() - sizeof(PackedMask);
  CHECK(tracks.memory() == sum);
}

TEST_CASE("run lengths for tracks of no frames are refused") {
  const std::vector<std::optional<Rle>> rles(1);
  CHECK(oracle::error_of([&] { return pack(exec::Seq{}, Size{1, 4}, 3, 0, std::span(rles)); }) ==
        "rles has 1 entries, expected N * T = 3 * 0");
  const std::vector<std::optional<Rle>> other{Rle{}};  // of size 0 x 0: its place cannot be named as [n][t]
  CHECK(oracle::error_of([&] { return pack(exec::Seq{}, Size{1, 4}, 3, 0, std::span(other)); }) !=
        "(no error)");
}
