#include <doctest/doctest.h>

#include <vislabel/path/iterated_paths.hpp>

#include "subsets.hpp"

using namespace vislabel;
using detail::Cost;
using oracle::Choice;
using oracle::Subset;
using oracle::Subsets;

namespace {

Subsets sets_of(const detail::MaskGroup& group, const detail::FoundSets& found) {
  Subsets out;
  for (const detail::FoundSet& set : found.sets) out.push_back(oracle::members(group, set.chosen));
  return out;
}

}  // namespace

TEST_CASE("deciding a mask closes it, and choosing it closes those in conflict with it") {
  ConflictGraph graph(4);
  graph.connect(0, 1), graph.connect(1, 2);
  const detail::MaskGroup group = oracle::one_group({-4, -3, -2, -1}, graph);
  const detail::SubsetRange all = detail::every_subset(group);
  CHECK((all.cost == 0));
  CHECK(oracle::members(group, all.open) == Subset{0, 1, 2, 3});
  const detail::SubsetRange without = detail::decided(group, all, 1, false);
  CHECK((without.cost == 0));
  CHECK(oracle::members(group, without.open) == Subset{0, 2, 3});
  const detail::SubsetRange with = detail::decided(group, all, 1, true);
  CHECK((with.cost == -3));
  CHECK(oracle::members(group, with.chosen) == Subset{1});
  CHECK(oracle::members(group, with.open) == Subset{3});
}

TEST_CASE("exclusions accumulate: all paths of three disjoint masks with penalties 1, 1.5 and 2") {
  const detail::MaskGroup group = oracle::one_group({-10, -15, -20}, ConflictGraph(3));
  detail::NodeBudget budget(1000);
  detail::SubsetSearch search(budget);
  CHECK(sets_of(group, detail::iterated_shortest_paths(search, group, 8)) ==
        Subsets{{0, 1, 2}, {1, 2}, {0, 2}, {0, 1}, {2}, {1}, {0}, {}});
}

TEST_CASE("one path after the other gives the cheapest sets of a group; with a budget, sets and a bound") {
  oracle::Random random(371);
  for (int round = 0; round < 1500; ++round) {
    const std::int64_t n = random.between(1, 9);
    const std::int64_t count = random.any_of(std::vector<std::int64_t>{1, 2, 3, 10, 600});
    const ConflictGraph graph = oracle::random_conflicts(random, n, random.any_of(oracle::conflict_kinds()));
    const std::vector<Cost> weights =
        oracle::exact(oracle::random_weights(random, n, random.any_of(oracle::weight_kinds())));
    const detail::MaskGroup group = oracle::one_group(weights, graph);
    const std::vector<Choice> all = oracle::choices(weights, graph);
    detail::NodeBudget budget(random.one_in(3) ? random.between(1, 40) : INT64_MAX);
    detail::SubsetSearch search(budget);
    const detail::FoundSets found =
        detail::iterated_shortest_paths(search, group, static_cast<std::size_t>(count));
    std::vector<Choice> expected = oracle::cheapest(all, count);
    if (static_cast<std::int64_t>(expected.size()) > count) expected.pop_back();
    REQUIRE(found.sets.size() == expected.size());
    if (!budget.exhausted())
      REQUIRE(std::ranges::equal(found.sets, expected, {}, &detail::FoundSet::cost, &Choice::cost));
    std::vector<std::uint32_t> seen;
    for (const detail::FoundSet& set : found.sets) {
      const std::uint32_t chosen = oracle::bits(oracle::members(group, set.chosen));
      const auto place = std::ranges::find(all, chosen, &Choice::chosen);
      REQUIRE(place != all.end());
      REQUIRE((place->cost == set.cost));
      seen.push_back(chosen);
    }
    std::ranges::sort(seen);
    REQUIRE(std::ranges::adjacent_find(seen) == seen.end());
    for (const Choice& choice : all)
      if (!std::ranges::binary_search(seen, choice.chosen)) REQUIRE((choice.cost >= found.bound));
  }
}
