#include <doctest/doctest.h>

#include <vislabel/path/consistency.hpp>

#include "scenes.hpp"

using namespace vislabel;
using oracle::Dense;
using oracle::Subset;
using oracle::Subsets;

TEST_CASE("the foreground of a choice is all that its masks cover") {
  const Masks masks = oracle::packed(
      {1, 6}, {oracle::drawn({"##...."}), oracle::drawn({".##..."}), oracle::drawn({".....#"})});
  const Masks found = foregrounds(exec::Seq{}, masks, Subsets{{}, {1}, {0, 1}, {0, 2}});
  CHECK(found == oracle::packed({1, 6}, {oracle::drawn({"......"}), oracle::drawn({".##..."}),
                                         oracle::drawn({"###..."}), oracle::drawn({"##...#"})}));
  CHECK(foregrounds(exec::Seq{}, masks, Subsets{}) == Masks({1, 6}, {}));
}

TEST_CASE("consistency is minus the IoU of the foregrounds, 0 where both are empty") {
  const Masks a = oracle::packed({1, 4}, {oracle::drawn({"...."}), oracle::drawn({"##.."})});
  const Masks b =
      oracle::packed({1, 4}, {oracle::drawn({"...."}), oracle::drawn({".##."}), oracle::drawn({"##.."})});
  const Table cost = consistency_cost(exec::Seq{}, a, b);
  CHECK((cost == (Table(2, 3) << 0, 0, 0, 0, -1.0 / 3, -1).finished()).all());
  for (const double value : cost.reshaped()) CHECK((value < 0 || !std::signbit(value)));
}

TEST_CASE("foregrounds and their consistency are those of dense masks, under every policy") {
  oracle::Random random(431);
  for (int round = 0; round < 40; ++round) {
    const Size size = random.any_of(oracle::awkward_sizes());
    if (size.pixels() > 20'000) continue;
    const std::vector<Dense> before = oracle::random_proposals(random, size, random.below(6));
    const std::vector<Dense> after = oracle::random_proposals(random, size, random.below(6));
    const Subsets from = oracle::all_subsets(before.size()), to = oracle::all_subsets(after.size());
    std::vector<Dense> a, b;
    for (const Subset& chosen : from) a.push_back(oracle::foreground(size, before, chosen));
    for (const Subset& chosen : to) b.push_back(oracle::foreground(size, after, chosen));
    oracle::under_every_policy([&](auto policy) {
      const Masks first = foregrounds(policy, oracle::packed(size, before), from);
      const Masks second = foregrounds(policy, oracle::packed(size, after), to);
      REQUIRE(first == oracle::packed(size, a));
      REQUIRE(second == oracle::packed(size, b));
      const Table cost = consistency_cost(policy, first, second);
      REQUIRE(cost.rows() == static_cast<Eigen::Index>(from.size()));
      REQUIRE(cost.cols() == static_cast<Eigen::Index>(to.size()));
      for (std::size_t i = 0; i < a.size(); ++i)
        for (std::size_t j = 0; j < b.size(); ++j)
          REQUIRE(cost(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) ==
                  oracle::consistency_loss(a[i], b[j]));
    });
  }
}

TEST_CASE("bad input is refused") {
  const Masks masks = oracle::packed({1, 2}, {oracle::drawn({"#."}), oracle::drawn({".#"})});
  const auto message = [&](const Subsets& subsets) {
    return oracle::error_of([&] { return foregrounds(exec::Seq{}, masks, subsets); });
  };
  CHECK(message({{}, {0, 1}}) == "(no error)");
  CHECK(message({{}, {0, 2}}) == "subsets[1] has index 2, outside of [0, 2)");
  CHECK(message({{-1}}) == "subsets[0] has index -1, outside of [0, 2)");
  CHECK(message({{1, 0}}) == "subsets[0] has index 0 after 1, expected ascending indices");
  CHECK(oracle::error_of([&] {
          return consistency_cost(exec::Seq{}, masks, oracle::packed({2, 1}, {oracle::drawn({"#", "."})}));
        }) == "masks of different sizes: 1 x 2 and 2 x 1 (height x width)");
}
