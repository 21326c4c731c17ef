#include <doctest/doctest.h>

#include <oracle.hpp>
#include <vislabel/iou/best_match.hpp>

using namespace vislabel;

TEST_CASE("the best match has the largest mean frame IoU; of equal ones the first, or the reference's last") {
  oracle::Random random(1);
  for (int round = 0; round < 60; ++round) {
    const std::int64_t frames = random.below(4);
    const Size size{random.between(1, 6), random.between(1, 6)};
    const Tracks a = oracle::packed(oracle::random_tracks(random, size, 5, frames));
    const Tracks b = oracle::packed(oracle::random_tracks(random, size, random.below(6), frames));
    for (const EmptyPair empty_pair : {EmptyPair::zero, EmptyPair::one})
      for (const Rule rule : {Rule::paper, Rule::reference}) {
        const Table mean = track_iou(exec::Seq{}, a, b, {OverTime::frame_mean, empty_pair});
        const Table iou = frame_iou(exec::Seq{}, a, b, empty_pair);
        oracle::under_every_policy([&](auto policy) {
          const BestMatch match = best_match(policy, a, b, {empty_pair, rule});
          for (std::int64_t n = 0; n < a.count(); ++n) {
            std::int64_t best = -1;
            for (std::int64_t m = 0; m < b.count(); ++m)
              if (best < 0 || mean(n, m) > mean(n, best) ||
                  (rule == Rule::reference && mean(n, m) == mean(n, best)))
                best = m;
            REQUIRE(match.match[static_cast<std::size_t>(n)] == best);
            for (std::int64_t t = 0; t < frames; ++t)
              REQUIRE(match.iou(n, t) == (best < 0 ? 0.0 : iou(n * b.count() + best, t)));
          }
        });
      }
  }
}

TEST_CASE("tracks of different videos are refused") {
  const Tracks a(Size{2, 2}, 0, 3, {}), b(Size{2, 2}, 0, 4, {});
  CHECK(oracle::error_of([&] { return best_match(exec::Seq{}, a, b); }).find("frames") != std::string::npos);
}
