#include <doctest/doctest.h>

#include <limits>
#include <oracle.hpp>
#include <vislabel/select/retention.hpp>

using namespace vislabel;
using oracle::DenseTracks;
using Indices = std::vector<std::int64_t>;

namespace {

constexpr RetentionOptions reference{.rule = Rule::reference};

Table wanted(Eigen::Index rows, Eigen::Index columns, const std::vector<double>& values) {
  return Eigen::Map<const Table>(values.data(), rows, columns);
}

struct Expected {
  Indices kept, frames;
  std::vector<Tracks::Slot> slots;
};

/// Eq. 21-22, and the published code's rule, slot by slot.
Expected slow_retain(const Tracks& tracks, const Table& quality, double threshold, Rule rule) {
  const auto good = [&](std::int64_t n, std::int64_t t) {
    return quality(n, t) >= threshold && tracks.area(n, t) > 0;
  };
  Expected out;
  for (std::int64_t n = 0; n < tracks.count(); ++n) {
    int times = 0;
    for (std::int64_t t = 0; t < tracks.frames(); ++t) times += good(n, t);
    if (times >= (rule == Rule::paper ? 1 : 2)) out.kept.push_back(n);
  }
  for (std::int64_t t = 0; t < tracks.frames(); ++t) {
    bool clean = true;
    for (const std::int64_t n : out.kept) clean = clean && (good(n, t) || tracks.area(n, t) == 0);
    if (clean || rule == Rule::paper) out.frames.push_back(t);
  }
  if (rule == Rule::reference && (out.frames.size() < 2 || out.kept.empty())) return {};
  for (const std::int64_t n : out.kept)
    for (const std::int64_t t : out.frames)
      out.slots.push_back(rule == Rule::reference || good(n, t) ? tracks(n, t) : std::nullopt);
  return out;
}

}  // namespace

TEST_CASE("Eq. 22 by hand: selected in one frame is enough, and the other frames become absent") {
  const Tracks tracks =
      oracle::packed(oracle::drawn(2, {{"#.", "##", ".."}, {"#.", "#.", "#."}, {".#", "absent", ".#"}}));
  const Retention result = retain(tracks, wanted(3, 3, {0.75, 0.5, 0.9, 0.7, 0.7, 0.7, 0.1, 0.9, 0.8}));
  CHECK(result.kept == Indices{0, 2});
  CHECK(result.frames == Indices{0, 1, 2});
  CHECK(result.tracks ==
        oracle::packed(oracle::drawn(2, {{"#.", "absent", "absent"}, {"absent", "absent", ".#"}})));
  BoolTable selected = BoolTable::Constant(3, 3, false);
  selected(0, 0) = selected(2, 2) = true;
  CHECK((result.selected == selected).all());
}

TEST_CASE("the published code asks for two selected frames of a detection") {
  const Tracks tracks = oracle::packed(oracle::drawn(2, {{"#.", "#.", "#."}, {".#", ".#", ".."}}));
  const Retention result = retain(tracks, wanted(2, 3, {0.9, 0.9, 0.9, 0.9, 0.1, 0.9}), reference);
  CHECK(result.kept == Indices{0});
  CHECK(result.frames == Indices{0, 1, 2});  // detection 1 is out and spoils no frame
  CHECK(result.tracks == tracks.select(Indices{0}));
}

TEST_CASE("the published code drops a frame where a staying detection is seen but not selected") {
  const Tracks tracks =
      oracle::packed(oracle::drawn(2, {{"#.", "#.", "#.", "#."}, {"..", ".#", "absent", ".#"}}));
  const Retention result = retain(tracks, wanted(2, 4, {0.9, 0.9, 0.9, 0.1, 0.1, 0.9, 0.1, 0.9}), reference);
  CHECK(result.kept == Indices{0, 1});
  CHECK(result.frames == Indices{0, 1, 2});  // frame 3: detection 0 has pixels and is not selected
  CHECK(result.tracks == tracks.select_frames(Indices{0, 1, 2}));
  CHECK(result.tracks.present(1, 0));  // empty stays empty, absent stays absent
  CHECK_FALSE(result.tracks.present(1, 2));
}

TEST_CASE("the published code drops a video with fewer than two frames left") {
  const Tracks tracks = oracle::packed(oracle::drawn(2, {{"#.", "#.", "#."}, {".#", ".#", ".#"}}));
  const Retention result =
      retain(tracks, wanted(2, 3, {0.9, 0.9, 0.1, 0.1, 0.9, 0.9}), reference);  // frame 1 alone
  CHECK(result.kept.empty());
  CHECK(result.frames.empty());
  CHECK(result.tracks == Tracks({1, 2}, 0, 0, {}));
  CHECK(result.selected.count() == 4);
}

TEST_CASE("nothing selected leaves nothing: all frames under the paper's rule, none under the code's") {
  const Tracks tracks = oracle::packed(oracle::drawn(2, {{"#.", "#."}, {".#", ".#"}}));
  const Retention paper = retain(tracks, Table::Zero(2, 2)),
                  code = retain(tracks, Table::Zero(2, 2), reference);
  CHECK(paper.kept.empty());
  CHECK(paper.frames == Indices{0, 1});
  CHECK(paper.tracks == Tracks({1, 2}, 0, 2, {}));
  CHECK(code.kept.empty());
  CHECK(code.frames.empty());
}

TEST_CASE("no detections or no frames") {
  for (const Rule rule : {Rule::paper, Rule::reference}) {
    CHECK(retain(Tracks({1, 2}, 0, 3, {}), Table(0, 3), {.rule = rule}).kept.empty());
    CHECK(retain(Tracks({1, 2}, 3, 0, {}), Table(3, 0), {.rule = rule}).kept.empty());
  }
}

TEST_CASE("both rules equal the slow reading on random tracks") {
  oracle::Random random(171);
  int dropped = 0, stayed = 0;
  for (int round = 0; round < 2000; ++round) {
    const Tracks tracks = oracle::packed(oracle::tiny_tracks(random, random.below(5), random.below(7)));
    Table quality(tracks.count(), tracks.frames());
    for (Eigen::Index i = 0; i < quality.size(); ++i)
      quality.data()[i] = random.one_in(3) ? 0.5 : random.one_in(2) ? 0.75 : 0.9;
    for (const Rule rule : {Rule::paper, Rule::reference}) {
      const Retention result = retain(tracks, quality, {.threshold = 0.75, .rule = rule});
      const Expected expected = slow_retain(tracks, quality, 0.75, rule);
      REQUIRE(result.kept == expected.kept);
      REQUIRE(result.frames == expected.frames);
      REQUIRE(result.tracks == Tracks(tracks.size(), static_cast<std::int64_t>(expected.kept.size()),
                                      static_cast<std::int64_t>(expected.frames.size()), expected.slots));
      if (rule == Rule::reference) ++(result.kept.empty() ? dropped : stayed);
    }
  }
  CHECK(dropped > 100);
  CHECK(stayed > 100);
}

TEST_CASE("what the paper's rule keeps, it keeps again") {
  oracle::Random random(172);
  for (int round = 0; round < 100; ++round) {
    const Tracks tracks = oracle::packed(oracle::tiny_tracks(random, 4, 4));
    Table quality(4, 4);
    for (Eigen::Index i = 0; i < 16; ++i) quality.data()[i] = random.real();
    const Retention once = retain(tracks, quality);
    Table rest(static_cast<Eigen::Index>(once.kept.size()), 4);
    for (std::size_t k = 0; k < once.kept.size(); ++k)
      rest.row(static_cast<Eigen::Index>(k)) = quality.row(once.kept[k]);
    CHECK(retain(once.tracks, rest).tracks == once.tracks);
  }
}

TEST_CASE("retention refuses NaN and shapes that do not fit, under both rules") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Tracks tracks = oracle::packed(oracle::drawn(2, {{"#.", "#."}}));
  for (const Rule rule : {Rule::paper, Rule::reference}) {
    CHECK(oracle::error_of([&] { return retain(tracks, wanted(1, 2, {1, nan}), {.rule = rule}); }) ==
          "quality[0, 1] is NaN, expected a number");
    CHECK(oracle::error_of([&] {
            return retain(tracks, wanted(1, 2, {1, 1}), {.threshold = nan, .rule = rule});
          }) == "threshold is NaN, expected a number");
    CHECK(oracle::error_of([&] { return retain(tracks, wanted(2, 1, {1, 1}), {.rule = rule}); }) ==
          "quality has shape [2, 1], expected [1, 2]");
  }
}
