#include <doctest/doctest.h>

#include <limits>
#include <oracle.hpp>
#include <vislabel/select/rounds.hpp>

using namespace vislabel;
using oracle::DenseTracks;
using Indices = std::vector<std::int64_t>;

namespace {

MergedRounds merged(const DenseTracks& old, const DenseTracks& fresh, const MergeOptions& options = {}) {
  return merge_rounds(exec::Seq{}, oracle::packed(old), oracle::packed(fresh), options);
}

/// The rule read word by word.
std::pair<DenseTracks, Indices> slow_merge(const DenseTracks& old, const DenseTracks& fresh,
                                           const MergeOptions& options) {
  DenseTracks out = old;
  Indices match;
  const auto pixels = [](const oracle::Slot& slot) { return slot && oracle::area(*slot) > 0; };
  const auto counts = [&](const oracle::Slot& slot) {
    return pixels(slot) || (slot && options.rule == Rule::reference);
  };
  for (std::int64_t m = 0; m < fresh.count; ++m) {
    std::int64_t row = -1;
    for (std::int64_t n = 0; n < old.count && row < 0; ++n)
      for (std::int64_t t = 0; t < old.frames && row < 0; ++t)
        if (pixels(old(n, t)) && pixels(fresh(m, t)) &&
            oracle::frame_iou(old(n, t), fresh(m, t)) >= options.iou_threshold)
          row = n;
    const bool appended = row < 0;
    if (appended) row = out.count++, out.slots.resize(static_cast<std::size_t>(out.count * out.frames));
    match.push_back(row);
    for (std::int64_t t = 0; t < old.frames; ++t) {
      oracle::Slot& slot = out.slots[static_cast<std::size_t>(row * out.frames + t)];
      if (appended || counts(fresh(m, t)) || !counts(slot)) slot = fresh(m, t);
    }
  }
  return {out, match};
}

}  // namespace

TEST_CASE("a new track that overlaps an old one in one frame is the same object; the others are appended") {
  const DenseTracks old = oracle::drawn(4, {{"##..", "##..", "absent"}, {"...#", "absent", "absent"}});
  const DenseTracks fresh = oracle::drawn(4, {{"..##", "..##", "absent"}, {"absent", "#...", ".##."}});
  const MergedRounds result =
      merged(old, fresh);  // new 1 matches old 0 in frame 1 (IoU 1/2), new 0 old 1 in frame 0
  CHECK(result.match == Indices{1, 0});
  CHECK(result.tracks ==
        oracle::packed(oracle::drawn(4, {{"##..", "#...", ".##."}, {"..##", "..##", "absent"}})));
  const MergedRounds apart = merged(old, oracle::drawn(4, {{"..#.", "..##", "absent"}}));
  CHECK(apart.match == Indices{2});
  CHECK(apart.tracks ==
        oracle::packed(oracle::drawn(
            4, {{"##..", "##..", "absent"}, {"...#", "absent", "absent"}, {"..#.", "..##", "absent"}})));
}

TEST_CASE("an IoU equal to the threshold matches, one just below does not") {
  const DenseTracks old = oracle::drawn(4, {{"##.."}}), fresh = oracle::drawn(4, {{".##."}});
  CHECK(merged(old, fresh, {.iou_threshold = 1.0 / 3.0}).match == Indices{0});
  CHECK(merged(old, fresh, {.iou_threshold = std::nextafter(1.0 / 3.0, 1)}).match == Indices{1});
}

TEST_CASE("of several old tracks that match, the first wins, not the best") {
  const DenseTracks old = oracle::drawn(4, {{"#...", "absent"}, {"##..", "##.."}}),
                    fresh = oracle::drawn(4, {{"##..", "##.."}});
  CHECK(merged(old, fresh).match == Indices{0});
  CHECK(merged(old, fresh, {.iou_threshold = 0.75}).match == Indices{1});
}

TEST_CASE(
    "several new tracks that match one old track are applied in order, against the old round as it was") {
  const DenseTracks old = oracle::drawn(4, {{"##..", "absent", "absent"}});
  const DenseTracks fresh = oracle::drawn(
      4, {{"#...", "..##", "absent"}, {".#..", "absent", "...#"}, {"absent", "..##", "absent"}});
  const MergedRounds result = merged(old, fresh);
  CHECK(result.match == Indices{0, 0, 1});  // the third only meets what the first brought: no match
  CHECK(result.tracks ==
        oracle::packed(oracle::drawn(4, {{".#..", "..##", "...#"}, {"absent", "..##", "absent"}})));
}

TEST_CASE("a new mask without pixels leaves a good old mask alone, except under the code's rule") {
  const DenseTracks old = oracle::drawn(4, {{"##..", "##..", "##.."}}),
                    fresh = oracle::drawn(4, {{"##..", "....", "absent"}});
  CHECK(merged(old, fresh).tracks == oracle::packed(old));
  CHECK(merged(old, fresh, {.rule = Rule::reference}).tracks ==
        oracle::packed(oracle::drawn(4, {{"##..", "....", "##.."}})));
}

TEST_CASE("where the old round has nothing the new one has the say") {
  const DenseTracks old = oracle::drawn(4, {{"##..", "absent", "....", "absent"}});
  const DenseTracks fresh = oracle::drawn(4, {{"##..", "...#", "...#", "...."}});
  CHECK(merged(old, fresh).tracks == oracle::packed(oracle::drawn(4, {{"##..", "...#", "...#", "...."}})));
}

TEST_CASE("empty masks never match, whatever the threshold") {
  const DenseTracks old = oracle::drawn(4, {{"....", "#..."}}),
                    fresh = oracle::drawn(4, {{"....", "absent"}, {"#...", "...."}});
  CHECK(merged(old, fresh, {.iou_threshold = 0}).match == Indices{1, 2});
  CHECK(merged(old, oracle::drawn(4, {{"absent", "...#"}}), {.iou_threshold = 0}).match == Indices{0});
  CHECK(merged(old, oracle::drawn(4, {{"absent", "#..."}}), {.iou_threshold = 1.5}).match == Indices{1});
}

TEST_CASE("merging with nothing changes nothing, and merging a round with itself neither") {
  oracle::Random random(181);
  for (int round = 0; round < 50; ++round) {
    const DenseTracks dense = oracle::tiny_tracks(random, random.below(5), random.below(5));
    const Tracks tracks = oracle::packed(dense), none(tracks.size(), 0, tracks.frames(), {});
    CHECK(merge_rounds(exec::Seq{}, tracks, none).tracks == tracks);
    CHECK(merge_rounds(exec::Seq{}, none, tracks).tracks == tracks);
    const MergedRounds twice = merge_rounds(exec::Seq{}, tracks, tracks, {.iou_threshold = 1});
    for (std::int64_t n = 0; n < tracks.count(); ++n)
      if (tracks.volume(n) > 0) CHECK(twice.match[static_cast<std::size_t>(n)] <= n);
  }
}

TEST_CASE("tracks and matches equal the slow reading, both rules, all policies") {
  oracle::Random random(182);
  for (int round = 0; round < 1500; ++round) {
    const bool large = round % 500 == 0;  // enough work for threads
    const std::int64_t frames = large ? 20 : random.below(5);
    const DenseTracks old = large ? oracle::random_tracks(random, {6, 20}, 50, frames)
                                  : oracle::tiny_tracks(random, random.below(5), frames);
    const DenseTracks fresh = oracle::random_tracks(random, old.size, large ? 60 : random.below(6), frames);
    const MergeOptions options{.iou_threshold = random.any_of(std::vector<double>{0, 1.0 / 3.0, 0.5, 0.5, 1}),
                               .rule = random.one_in(2) ? Rule::paper : Rule::reference};
    const auto slow = slow_merge(old, fresh, options);
    const auto& match = slow.second;
    const Tracks expected = oracle::packed(slow.first), x = oracle::packed(old), y = oracle::packed(fresh);
    oracle::under_every_policy([&](auto policy) {
      const MergedRounds result = merge_rounds(policy, x, y, options);
      REQUIRE(result.match == match);
      REQUIRE(result.tracks == expected);
    });
  }
}

TEST_CASE("NaN, different sizes and different numbers of frames are refused") {
  const DenseTracks a = oracle::drawn(4, {{"##..", "##.."}}), b = oracle::drawn(4, {{"##.."}}),
                    c = oracle::drawn(3, {{"##.", "##."}});
  CHECK(oracle::error_of([&] {
          return merged(a, a, {.iou_threshold = std::numeric_limits<double>::quiet_NaN()});
        }) == "iou_threshold is NaN, expected a number");
  CHECK(oracle::error_of([&] { return merged(a, b); }) ==
        "tracks of 2 and 1 frames, expected the same number");
  CHECK(oracle::error_of([&] { return merged(a, c); }) ==
        "masks of different sizes: 1 x 4 and 1 x 3 (height x width)");
}
