#include <doctest/doctest.h>

#include "scenes.hpp"

using namespace vislabel;

TEST_CASE("the score is the masks' IoU times both boxes' agreement with the annotated one") {
  const Tracks a = oracle::packed(oracle::drawn(8, {{"####...."}}));
  const Tracks b = oracle::packed(oracle::drawn(8, {{"..######"}}));
  const BoxTracks boxes(1, 1, {Box{0, 0, 6, 1}});
  // IoU 2/8; boxes: 4/6 and, of columns 2 to 8 with 0 to 6, 4/8.
  CHECK(scm(exec::Seq{}, a, b, boxes)(0, 0) == 2.0 / 8 * ((4.0 / 6) * (4.0 / 8)));
  CHECK(scm(exec::Seq{}, a, a, boxes)(0, 0) == (4.0 / 6) * (4.0 / 6));
}

TEST_CASE("a negative generalised IoU counts as 0") {
  const Tracks mask = oracle::packed(oracle::drawn(8, {{"##......"}}));
  const BoxTracks far(1, 1, {Box{6, 0, 2, 1}});
  CHECK(scm(exec::Seq{}, mask, mask, far, BoxOverlap::giou)(0, 0) == 0);
}

TEST_CASE("absent, empty and unannotated slots score 0") {
  const Tracks a = oracle::packed(oracle::drawn(4, {{"##..", "##..", "##..", "absent"}}));
  const Tracks b = oracle::packed(oracle::drawn(4, {{"absent", "....", "##..", "absent"}}));
  const Box all{0, 0, 4, 1};
  const BoxTracks boxes(1, 4, {all, all, {}, all});
  CHECK((scm(exec::Seq{}, a, b, boxes) == 0).all());
}

TEST_CASE("the scores of several sources equal the oracle's, are symmetric, and lie in [0, 1]") {
  oracle::Random random(201);
  for (int round = 0; round < 300; ++round) {
    const bool large = round == 0;  // enough work for threads
    const Size size = large ? Size{8, 9} : random.any_of(oracle::awkward_sizes());
    if (size.pixels() > 3000) continue;
    const std::int64_t count = large ? 40 : random.below(4), frames = large ? 30 : random.below(4);
    const std::vector<oracle::DenseTracks> dense = oracle::random_sources(random, size, 3, count, frames);
    const BoxTracks boxes = oracle::random_boxes(random, size, count, frames);
    const BoxOverlap kind = random.one_in(2) ? BoxOverlap::iou : BoxOverlap::giou;
    const std::vector<Tracks> sources = oracle::packed(dense);
    oracle::under_every_policy([&](auto policy) {
      const Table table = scm(policy, std::span(sources), std::span(sources).first(2), boxes, kind);
      REQUIRE(table.rows() == 3 * 2 * count);
      for (std::int64_t i = 0; i < 3; ++i)
        for (std::int64_t j = 0; j < 2; ++j)
          for (std::int64_t n = 0; n < count; ++n)
            for (std::int64_t t = 0; t < frames; ++t) {
              const double score = table((i * 2 + j) * count + n, t);
              REQUIRE(score == oracle::scm(dense[static_cast<std::size_t>(i)](n, t),
                                           dense[static_cast<std::size_t>(j)](n, t), boxes(n, t), kind));
              REQUIRE((score >= 0 && score <= 1));
              if (i < 2) REQUIRE(score == table((j * 2 + i) * count + n, t));
            }
    });
  }
}

TEST_CASE("sources that do not fit the boxes or each other are refused") {
  const Tracks a = oracle::packed(oracle::drawn(4, {{"##..", "##.."}}));
  const Tracks longer = oracle::packed(oracle::drawn(4, {{"##..", "##..", "##.."}}));
  const Tracks wider = oracle::packed(oracle::drawn(5, {{"##...", "##..."}}));
  const Tracks more = oracle::packed(oracle::drawn(4, {{"##..", "##.."}, {"##..", "##.."}}));
  const BoxTracks boxes(1, 2, {Box{}, Box{}});
  const auto refusal = [&](const Tracks& b, const BoxTracks& given) {
    return oracle::error_of([&] { return scm(exec::Seq{}, a, b, given); });
  };
  CHECK(refusal(a, BoxTracks(2, 2, {{}, {}, {}, {}})) ==
        "a[0] is [1, 2], expected one row per instance and one column per frame of boxes ([2, 2])");
  CHECK(refusal(longer, boxes) ==
        "b[0] is [1, 3], expected one row per instance and one column per frame of boxes ([1, 2])");
  CHECK(refusal(more, boxes) ==
        "b[0] is [2, 2], expected one row per instance and one column per frame of boxes ([1, 2])");
  CHECK(refusal(wider, boxes) == "b has 2 frames of 1 x 5, expected 2 of 1 x 4 as a");
}
