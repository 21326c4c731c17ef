#include <doctest/doctest.h>

#include <map>

#include "scenes.hpp"

using namespace vislabel;
using oracle::Dense;
using oracle::DenseTracks;

namespace {

/// One frame drawn in text, and its boxes, which cover all rows.
DenseTracks of(const std::vector<std::string>& masks, const std::vector<BoxTracks::Slot>& boxes,
               const DoobOptions& options = {}) {
  std::vector<std::vector<std::string>> rows;
  for (const std::string& mask : masks) rows.push_back({mask});
  const Tracks tracks = oracle::packed(oracle::drawn(static_cast<std::int64_t>(masks[0].size()), rows));
  const Tracks clean =
      doob(exec::Seq{}, tracks, BoxTracks(static_cast<std::int64_t>(masks.size()), 1, boxes), options);
  DenseTracks out{tracks.size(), tracks.count(), 1, {}};
  for (std::int64_t n = 0; n < tracks.count(); ++n) {
    Dense mask(tracks.size());
    if (clean(n, 0))
      detail::unpack(*clean(n, 0), pixels(mask.bytes.data(), std::array{mask.size.height, mask.size.width}));
    out.slots.push_back(clean(n, 0) ? oracle::Slot(mask) : std::nullopt);
  }
  return out;
}

DenseTracks drawn(const std::vector<std::string>& masks) {
  std::vector<std::vector<std::string>> rows;
  for (const std::string& mask : masks) rows.push_back({mask});
  return oracle::drawn(static_cast<std::int64_t>(masks[0].size()), rows);
}

bool same(const DenseTracks& a, const DenseTracks& b) { return a.slots == b.slots; }

std::pair<std::int64_t, std::int64_t> span_of(double from, double length, const DoobOptions& options) {
  const bool paper = options.rule == Rule::paper;
  const double low = paper ? std::floor(from) : std::trunc(from);
  const double high = paper ? std::ceil(from + length) : std::trunc(from + length);
  return {static_cast<std::int64_t>(low) - options.margin, static_cast<std::int64_t>(high) + options.margin};
}

bool inside(const Box& box, std::int64_t y, std::int64_t x, const DoobOptions& options) {
  const auto [left, right] = span_of(box.x, box.width, options);
  const auto [top, bottom] = span_of(box.y, box.height, options);
  return left <= x && x < right && top <= y && y < bottom;
}

/// One frame, pixel by pixel: regions by their covering sets, owners, then the boxes.
void clean_frame(DenseTracks& tracks, std::int64_t t, const BoxTracks& boxes, const DoobOptions& options) {
  const auto slot = [&](std::int64_t n) -> oracle::Slot& {
    return tracks.slots[static_cast<std::size_t>(n * tracks.frames + t)];
  };
  std::map<std::vector<std::int64_t>, Dense> regions;
  for (std::int64_t n = 0; n < tracks.count; ++n)
    if (!boxes(n, t)) slot(n).reset();
  for (std::int64_t y = 0; y < tracks.size.height; ++y)
    for (std::int64_t x = 0; x < tracks.size.width; ++x) {
      std::vector<std::int64_t> covering;
      for (std::int64_t n = 0; n < tracks.count; ++n)
        if (slot(n) && (*slot(n))(y, x) != 0) covering.push_back(n);
      if (covering.size() > 1) regions.try_emplace(covering, tracks.size).first->second(y, x) = 1;
    }
  for (const auto& [covering, region] : regions) {
    std::int64_t owner = -1;
    double most = -1;
    for (const std::int64_t n : covering) {
      const double overlap = oracle::box_iou(oracle::box(region), *boxes(n, t), options.box_overlap);
      if (overlap > most) most = overlap, owner = n;
    }
    for (const std::int64_t n : covering)
      for (std::size_t i = 0; n != owner && i < region.bytes.size(); ++i)
        if (region.bytes[i] != 0) slot(n)->bytes[i] = 0;
  }
  for (std::int64_t n = 0; n < tracks.count; ++n)
    for (std::int64_t y = 0; slot(n) && y < tracks.size.height; ++y)
      for (std::int64_t x = 0; x < tracks.size.width; ++x)
        if (!inside(*boxes(n, t), y, x, options)) (*slot(n))(y, x) = 0;
}

}  // namespace

TEST_CASE("an overlap goes to the box that agrees most with the box around it") {
  // The overlap, columns 3 to 5, fills half of the second box and a third of the first one.
  CHECK(same(of({"######..", "...####."}, {Box{0, 0, 6, 1}, Box{3, 0, 4, 1}}),
             drawn({"###.....", "...####."})));
}

TEST_CASE("a tie goes to the lower index") {
  CHECK(same(of({"..####..", "####...."}, {Box{0, 0, 8, 1}, Box{0, 0, 8, 1}}),
             drawn({"..####..", "##......"})));
}

TEST_CASE("an overlap of three masks has one owner, and those of two have theirs") {
  // All three: column 3, nearest to the small box of the third. First and second: column 2; second and third:
  // column 4; the box of the second is the smallest around both.
  const std::vector<BoxTracks::Slot> boxes{Box{0, 0, 8, 1}, Box{2, 0, 3, 1}, Box{3, 0, 2, 1}};
  CHECK(same(of({"####....", "..###...", "...##..."}, boxes), drawn({"##......", "..#.....", "...##..."})));
}

TEST_CASE("what leaves the box is deleted, up to the margin") {
  CHECK(same(of({"########"}, {Box{2, 0, 3, 1}}), drawn({"..###..."})));
  CHECK(same(of({"########"}, {Box{2, 0, 3, 1}}, {.margin = 2}), drawn({"#######."})));
  CHECK(same(of({"########"}, {Box{2.5, 0, 3, 1}}), drawn({"..####.."})));
  CHECK(same(of({"########"}, {Box{2.5, 0, 3, 1}}, {.rule = Rule::reference}), drawn({"..###..."})));
  CHECK(same(of({"########"}, {Box{9, 0, 3, 1}}), drawn({"........"})));
  CHECK(same(of({"########"}, {Box{-4, 0, 6, 1}}), drawn({"##......"})));
}

TEST_CASE("without a box an instance is absent, and takes no pixel from others") {
  CHECK(same(of({"####....", "..####.."}, {{}, Box{0, 0, 8, 1}}), drawn({"absent", "..####.."})));
}

TEST_CASE("a mask that loses all stays present, and so does an empty one") {
  const DenseTracks clean =
      of({"..##....", "..##....", "........"}, {Box{2, 0, 2, 1}, Box{0, 0, 8, 1}, Box{}});
  CHECK(same(clean, drawn({"..##....", "........", "........"})));
}

TEST_CASE("untouched masks keep their memory") {
  const Tracks tracks = oracle::packed(oracle::drawn(8, {{"##......"}, {"....####"}}));
  const Tracks clean = doob(exec::Seq{}, tracks, boxes_of(tracks));
  CHECK(clean(0, 0)->blocks() == tracks(0, 0)->blocks());
  CHECK(clean == tracks);
}

TEST_CASE("DOOB equals the oracle pixel by pixel, and keeps its promises, under every policy") {
  oracle::Random random(221);
  for (int round = 0; round < 1500; ++round) {
    const bool large = round < 2;  // enough work for threads
    const Size size = large ? Size{40, 70}
                            : random.any_of(std::vector<Size>{
                                  {1, 5}, {2, 3}, {5, 8}, {33, 17}, {32, 16}, {31, 33}, {3, 1030}, {64, 64}});
    const std::int64_t count = large ? 12 : random.below(6), frames = large ? 30 : random.below(3);
    const DenseTracks dense = oracle::random_tracks(random, size, count, frames);
    const BoxTracks boxes = oracle::random_boxes(random, size, count, frames);
    const DoobOptions options{random.one_in(3) ? random.below(3) : 0,
                              random.one_in(2) ? BoxOverlap::iou : BoxOverlap::giou,
                              random.one_in(2) ? Rule::paper : Rule::reference};
    const Tracks tracks = oracle::packed(dense);
    DenseTracks expected = dense;
    for (std::int64_t t = 0; t < frames; ++t) clean_frame(expected, t, boxes, options);
    oracle::under_every_policy([&](auto policy) {
      const Tracks clean = doob(policy, tracks, boxes, options);
      REQUIRE(clean == oracle::packed(expected));
      for (std::int64_t t = 0; t < frames; ++t)
        for (std::int64_t n = 0; n < count; ++n) {
          REQUIRE(clean.present(n, t) == (tracks.present(n, t) && boxes(n, t).has_value()));
          for (std::int64_t m = 0; m < n; ++m) REQUIRE(detail::common_area(clean(n, t), clean(m, t)) == 0);
          REQUIRE(detail::common_area(clean(n, t), tracks(n, t)) == clean.area(n, t));
        }
      REQUIRE(doob(policy, clean, boxes, options) == clean);
    });
  }
}

TEST_CASE("bad input is refused") {
  const Tracks tracks = oracle::packed(oracle::drawn(4, {{"##.."}}));
  CHECK(oracle::error_of([&] { return doob(exec::Seq{}, tracks, BoxTracks(0, 1, {})); }) ==
        "tracks is [1, 1], expected one row per instance and one column per frame of boxes ([0, 1])");
  CHECK(oracle::error_of([&] {
          return doob(exec::Seq{}, tracks, BoxTracks(1, 1, {Box{}}), {.margin = -1});
        }) == "margin is -1, expected at least 0");
}
