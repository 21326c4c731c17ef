#include <doctest/doctest.h>

#include <vislabel/path/mask_groups.hpp>
#include <vislabel/path/tied_subsets.hpp>

#include "subsets.hpp"

using namespace vislabel;
using detail::Cost;
using oracle::Choice;
using oracle::Subsets;

namespace {

Subsets tied(const std::vector<Cost>& weights, const ConflictGraph& graph, Cost cost, std::size_t count,
             detail::NodeBudget& budget) {
  const std::vector<detail::MaskGroup> groups = detail::mask_groups(weights, graph);
  detail::SubsetSearch search(budget);
  return detail::TiedSubsets(groups, search, cost).first(count);
}

}  // namespace

TEST_CASE("the first subsets of a cost come in lexicographic order, over all groups") {
  const auto first = [](Cost cost, std::size_t count) {
    detail::NodeBudget budget(INT64_MAX);
    return tied({1, -1, 0, 1, -1}, ConflictGraph(5), cost, count, budget);
  };
  CHECK(first(-1, 5) == Subsets{{0, 1, 2, 4}, {0, 1, 4}, {1}, {1, 2}, {1, 2, 3, 4}});
  CHECK(first(-2, 9) == Subsets{{1, 2, 4}, {1, 4}});
  CHECK(first(-3, 9).empty());
}

TEST_CASE("the empty set comes before all others") {
  detail::NodeBudget budget(10'000);
  CHECK(tied(std::vector<Cost>(60, 0), ConflictGraph(60), 0, 4, budget) ==
        Subsets{{}, {0}, {0, 1}, {0, 1, 2}});
  CHECK_FALSE(budget.exhausted());
}

TEST_CASE("subsets of a cost are those found among all") {
  oracle::Random random(381);
  for (int round = 0; round < 1000; ++round) {
    const std::int64_t n = random.below(10);
    const ConflictGraph graph = oracle::random_conflicts(random, n, random.any_of(oracle::conflict_kinds()));
    const std::vector<Cost> weights = oracle::exact(oracle::random_weights(
        random, n, random.one_in(2) ? oracle::Weights::ties : random.any_of(oracle::weight_kinds())));
    const std::vector<Choice> all = oracle::choices(weights, graph);
    const Cost cost = random.any_of(all).cost;
    Subsets expected;
    for (const Choice& choice : all)
      if (choice.cost == cost) expected.push_back(oracle::members(choice.chosen));
    std::ranges::sort(expected);
    const auto count = static_cast<std::size_t>(random.between(1, 20));
    if (expected.size() > count) expected.resize(count);
    detail::NodeBudget budget(INT64_MAX);
    REQUIRE(tied(weights, graph, cost, count, budget) == expected);
  }
}

TEST_CASE("with a budget the first of them are found") {
  oracle::Random random(382);
  const ConflictGraph graph = oracle::random_conflicts(random, 30, oracle::Conflicts::few);
  const std::vector<Cost> weights(30, 0);
  detail::NodeBudget all(INT64_MAX), some(500);
  const Subsets expected = tied(weights, graph, 0, 1000, all), found = tied(weights, graph, 0, 1000, some);
  CHECK(expected.size() == 1000);
  CHECK(some.exhausted());
  CHECK(some.used() == 500);
  CHECK(found.size() < 1000);
  CHECK(std::ranges::equal(found, std::span(expected).first(found.size())));
}
