#include <doctest/doctest.h>

#include <vislabel/path/k_best.hpp>

#include "subsets.hpp"

using namespace vislabel;
using oracle::Subsets;
using oracle::Weights;

TEST_CASE(
    "with max_nodes no more are expanded, and the bound holds for every subset that is not in the result") {
  oracle::Random random(396);
  std::array<int, 2> proven{}, unproven{};
  for (int round = 0; round < 1500; ++round) {
    const std::int64_t count = random.between(1, 10), k = random.between(1, 12);
    const ConflictGraph graph =
        oracle::random_conflicts(random, count, random.any_of(oracle::conflict_kinds()));
    const std::vector<double> weights =
        oracle::random_weights(random, count, random.any_of(oracle::weight_kinds()));
    const std::vector<oracle::Choice> all = oracle::choices(oracle::exact(weights), graph);
    const detail::CostUnits units = oracle::units_of(weights);
    const KBest expected = oracle::k_best(all, units, k);
    for (const std::int64_t max_nodes : {1, 2, 5, 20, 50, 100'000})
      for (const KBestAlgorithm algorithm : oracle::algorithms()) {
        const KBest found = k_best(weights, graph, {k, algorithm, max_nodes});
        REQUIRE(found.nodes <= max_nodes);
        REQUIRE(!found.subsets.empty());
        REQUIRE(found.subsets.size() <= expected.subsets.size());
        oracle::require_subsets(found, weights, graph);
        Subsets inside = found.subsets;
        std::ranges::sort(inside);
        for (const oracle::Choice& choice : all)
          if (units.cost(choice.cost) < found.bound)
            REQUIRE(std::ranges::binary_search(inside, oracle::members(choice.chosen)));
        if (max_nodes == 100'000) REQUIRE(found.optimal);
        if (found.optimal) {
          REQUIRE(found.subsets == expected.subsets);
          REQUIRE(found.bound <= expected.bound);
        }
        ++(found.optimal ? proven : unproven)[algorithm == KBestAlgorithm::dijkstra ? 1 : 0];
      }
  }
  for (const std::size_t algorithm : {std::size_t{0}, std::size_t{1}}) {
    CHECK(proven[algorithm] > 1000);
    CHECK(unproven[algorithm] > 1000);
  }
}

TEST_CASE("a budget of exactly the nodes needed is enough, and of one less is not") {
  oracle::Random random(397);
  for (int round = 0; round < 200; ++round) {
    const std::int64_t count = random.between(2, 12);
    const ConflictGraph graph =
        oracle::random_conflicts(random, count, random.any_of(oracle::conflict_kinds()));
    const std::vector<double> weights =
        oracle::random_weights(random, count, random.any_of(oracle::weight_kinds()));
    for (const KBestAlgorithm algorithm : oracle::algorithms()) {
      const KBest best = k_best(weights, graph, {5, algorithm});
      const KBest enough = k_best(weights, graph, {5, algorithm, best.nodes});
      REQUIRE(enough.optimal);
      REQUIRE(enough.subsets == best.subsets);
      REQUIRE(enough.bound == best.bound);
      REQUIRE(enough.nodes == best.nodes);
      if (best.nodes > 1)
        REQUIRE(k_best(weights, graph, {5, algorithm, best.nodes - 1}).nodes == best.nodes - 1);
    }
  }
}

TEST_CASE("a search that would take for ever ends with its budget, and says how far it is from the proof") {
  oracle::Random random(398);
  ConflictGraph graph(150);
  for (std::int64_t i = 0; i < 150; ++i)
    for (std::int64_t j = 0; j < i; ++j)
      if (random.one_in(12)) graph.connect(i, j);
  const std::vector<double> weights = oracle::random_weights(random, 150, Weights::near);
  for (const KBestAlgorithm algorithm : oracle::algorithms()) {
    const KBest found = k_best(weights, graph, {10, algorithm, 2000});
    CHECK_FALSE(found.optimal);
    CHECK(found.nodes == 2000);
    CHECK(found.bound <= found.costs.back());
    CHECK(found.costs.front() < 0);
    CHECK(found.subsets.size() == 10);
    oracle::require_subsets(found, weights, graph);
  }
}
