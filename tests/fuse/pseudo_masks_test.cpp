#include <doctest/doctest.h>

#include "scenes.hpp"

using namespace vislabel;

namespace {

bool same(const PseudoMasks& a, const FusedTracks& fused, const Tracks& clean) {
  return a.fused == fused.tracks && (a.winner == fused.winner).all() && (a.score == fused.score).all() &&
         a.tracks == clean;
}

/// Absent where DOOB has left nothing.
Tracks without_lost(const Tracks& clean, const Tracks& before) {
  std::vector<Tracks::Slot> slots;
  for (std::int64_t n = 0; n < clean.count(); ++n)
    for (std::int64_t t = 0; t < clean.frames(); ++t)
      slots.push_back(clean.area(n, t) == 0 && before.area(n, t) > 0 ? Tracks::Slot{} : clean(n, t));
  return {clean.size(), clean.count(), clean.frames(), slots};
}

}  // namespace

TEST_CASE("one call equals its steps, for all kinds of sources and options, under every policy") {
  oracle::Random random(271);
  for (int round = 0; round < 200; ++round) {
    const bool large = round == 0;  // enough work for threads
    const Size size = large ? Size{20, 30} : Size{3, 4};
    const std::int64_t count = large ? 20 : random.below(4), frames = large ? 30 : random.between(1, 4);
    const std::vector<Tracks> tracks = oracle::packed(oracle::random_sources(random, size, 5, count, frames));
    const Tracks predicted = oracle::packed(oracle::random_tracks(random, size, 5, frames));
    const BoxTracks boxes = oracle::random_boxes(random, size, count, frames);
    IndexTable starts(count, 3);
    for (Eigen::Index i = 0; i < starts.size(); ++i) starts.data()[i] = random.below(frames);
    PseudoMaskOptions options;
    options.one_to_one = random.one_in(2) ? OneToOne::greedy : OneToOne::hungarian;
    options.min_score = random.one_in(2) ? 0 : 0.1;
    options.keyframes_by = random.one_in(2) ? KeyframeChoice::nearest : KeyframeChoice::shqm;
    options.box_overlap = random.one_in(2) ? BoxOverlap::iou : BoxOverlap::giou;
    options.margin = random.below(2);
    options.doob_on = random.one_in(2) ? DoobOn::fused : DoobOn::sources_and_fused;
    options.rule = random.one_in(2) ? Rule::paper : Rule::reference;
    options.helper = random.any_of(std::vector<std::int64_t>{-1, 1, 2});
    const std::vector<MaskSource> sources{Unassigned{predicted}, tracks[0],
                                          Keyframed{{tracks[2], tracks[3], tracks[4]}, starts}};

    const exec::Seq seq;
    const std::vector<Tracks> started{tracks[2], tracks[3], tracks[4]};
    const Tracks keyframed =
        fuse_keyframes(seq, std::span(started), starts, {options.keyframes_by, &boxes, options.box_overlap})
            .tracks;
    const Tracks& helper = options.helper == 2 ? keyframed : tracks[0];
    const Tracks assigned = assign(seq, predicted, &helper, boxes,
                                   {options.one_to_one, options.min_score, options.box_overlap, options.rule})
                                .tracks;
    const DoobOptions cleaning{options.margin, options.box_overlap, options.rule};
    std::vector<Tracks> compared{assigned, tracks[0], keyframed};
    if (options.doob_on == DoobOn::sources_and_fused)
      for (Tracks& source : compared) source = without_lost(doob(seq, source, boxes, cleaning), source);
    const FusedTracks fused = shqm(seq, std::span<const Tracks>(compared), boxes, options.box_overlap);
    const Tracks clean = doob(seq, fused.tracks, boxes, cleaning);

    oracle::under_every_policy([&](auto policy) {
      const PseudoMasks result = pseudo_masks(policy, std::span(sources), boxes, options);
      REQUIRE(same(result, fused, clean));
      REQUIRE(result.sources == compared);
    });
  }
}

TEST_CASE("predictions alone are assigned by the boxes") {
  const Tracks a = oracle::packed(oracle::drawn(8, {{"....####"}, {"###....."}}));
  const Tracks b = oracle::packed(oracle::drawn(8, {{"####...."}}));
  const std::vector<MaskSource> sources{Unassigned{a}, Unassigned{b}};
  const PseudoMasks result =
      pseudo_masks(exec::Seq{}, std::span(sources), BoxTracks(2, 1, {Box{0, 0, 4, 1}, Box{4, 0, 4, 1}}));
  CHECK(result.tracks == oracle::packed(oracle::drawn(8, {{"###....."}, {"....####"}})));
  CHECK(result.winner(0, 0) == 0);
}

TEST_CASE("a helper must be a source with a row per instance") {
  const Tracks one = oracle::packed(oracle::drawn(4, {{"##.."}}));
  const std::vector<MaskSource> sources{Unassigned{one}, one};
  const auto refusal = [&](std::int64_t helper) {
    return oracle::error_of([&] {
      return pseudo_masks(exec::Seq{}, std::span(sources), BoxTracks(1, 1, {Box{}}), {.helper = helper});
    });
  };
  CHECK(refusal(0) ==
        "helper is 0, a source whose rows are unassigned, expected one with a row per instance");
  CHECK(refusal(2) == "helper is 2, expected the index of a source, or -1");
  CHECK(refusal(1) == "(no error)");
}

TEST_CASE("an error says which source it is about") {
  const Tracks one = oracle::packed(oracle::drawn(4, {{"##.."}})),
               two = one.select(std::vector<std::int64_t>{0, 0});
  const auto refusal = [&](const MaskSource& second, double min_score = 0) {
    const std::vector<MaskSource> sources{one, second};
    return oracle::error_of([&] {
      return pseudo_masks(exec::Seq{}, std::span(sources), BoxTracks(1, 1, {Box{}}),
                          {.min_score = min_score});
    });
  };
  CHECK(refusal(two) ==
        "sources[1]: tracks is [2, 1], expected one row per instance and one column per frame of "
        "boxes ([1, 1])");
  CHECK(refusal(Keyframed{{one}, IndexTable::Constant(1, 1, 9)}) ==
        "sources[1]: keyframes[0][0] is 9, expected a frame below 1, or -1: no track");
  CHECK(refusal(Unassigned{oracle::packed(oracle::drawn(4, {{"##..", "##.."}}))}) ==
        "sources[1]: predicted has 2 frames, expected as many as boxes (1)");
  CHECK(refusal(oracle::packed(oracle::drawn(5, {{"##..."}}))) ==
        "sources[1] has masks of 1 x 5, expected 1 x 4 as the first source (height x width)");
  CHECK(refusal(one, -1) == "min_score is -1, expected at least 0");
}
