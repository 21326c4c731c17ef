#include <doctest/doctest.h>

#include <vislabel/path/iterated_paths.hpp>

#include "subsets.hpp"

using namespace vislabel;
using detail::Cost;
using oracle::bits;
using oracle::Choice;

namespace {

constexpr std::int64_t unlimited = INT64_MAX;

/// A random group of up to `most` masks, with every set that it allows.
struct Scene {
  detail::MaskGroup group;
  std::vector<Choice> all;
};

Scene random_scene(oracle::Random& random, std::int64_t most) {
  const std::int64_t count = random.between(1, most);
  const ConflictGraph graph =
      oracle::random_conflicts(random, count, random.any_of(oracle::conflict_kinds()));
  const std::vector<Cost> weights =
      oracle::exact(oracle::random_weights(random, count, random.any_of(oracle::weight_kinds())));
  return {oracle::one_group(weights, graph), oracle::choices(weights, graph)};
}

/// Different sets of those that exist, ascending, each at its cost; all others cost at least the bound.
void require_sets(const Scene& scene, const detail::FoundSets& found) {
  std::vector<std::uint32_t> seen;
  for (const detail::FoundSet& set : found.sets) {
    const std::uint32_t chosen = bits(oracle::members(scene.group, set.chosen));
    const auto place = std::ranges::find(scene.all, chosen, &Choice::chosen);
    REQUIRE(place != scene.all.end());
    REQUIRE((set.cost == place->cost));
    REQUIRE(std::ranges::find(seen, chosen) == seen.end());
    seen.push_back(chosen);
  }
  for (const Choice& choice : scene.all)
    if (std::ranges::find(seen, choice.chosen) == seen.end()) REQUIRE((choice.cost >= found.bound));
}

/// Costs of found sets are the `count` lowest of all.
void require_cheapest(const detail::FoundSets& found, const std::vector<Choice>& all, std::int64_t count) {
  std::vector<Choice> expected = oracle::cheapest(all, count);
  if (static_cast<std::int64_t>(expected.size()) > count) expected.pop_back();
  REQUIRE(std::ranges::equal(found.sets, expected, {}, &detail::FoundSet::cost, &Choice::cost));
}

}  // namespace

TEST_CASE("a budget counts the nodes taken, and says when one more was wanted") {
  detail::NodeBudget two(2), none(unlimited);
  CHECK(two.take());
  CHECK(two.take());
  CHECK_FALSE(two.exhausted());
  CHECK_FALSE(two.take());
  CHECK(two.exhausted());
  CHECK(two.used() == 2);
  for (int i = 0; i < 1000; ++i) REQUIRE(none.take());
  CHECK(none.used() == 1000);
}

TEST_CASE("the cheapest sets of a group are those of all sets") {
  oracle::Random random(361);
  for (int round = 0; round < 1500; ++round) {
    const Scene scene = random_scene(random, 9);
    const std::int64_t count = random.any_of(std::vector<std::int64_t>{1, 2, 3, 10, 600});
    detail::NodeBudget budget(unlimited);
    detail::SubsetSearch search(budget);
    const detail::FoundSets found =
        detail::cheapest_subsets(search, scene.group, static_cast<std::size_t>(count));
    require_cheapest(found, scene.all, count);
    require_sets(scene, found);
    REQUIRE((found.bound < detail::no_cost) == (static_cast<std::int64_t>(found.sets.size()) == count));
  }
}

TEST_CASE(
    "a range holds the sets with its chosen masks and others of its open ones; one search serves many") {
  oracle::Random random(362);
  detail::NodeBudget budget(unlimited);
  detail::SubsetSearch search(budget);
  for (int round = 0; round < 300; ++round) {
    const Scene scene = random_scene(random, 8);
    for (int part = 0; part < 6; ++part) {
      detail::SubsetRange range = detail::every_subset(scene.group);
      for (std::size_t v = 0; v < scene.group.count(); ++v)
        if (detail::contains(range.open, v) && random.one_in(3))
          range = detail::decided(scene.group, std::move(range), v, random.one_in(2));
      const std::uint32_t chosen = bits(oracle::members(scene.group, range.chosen));
      const std::uint32_t allowed = chosen | bits(oracle::members(scene.group, range.open));
      std::vector<Choice> inside;
      for (const Choice& choice : scene.all)
        if ((choice.chosen & chosen) == chosen && (choice.chosen & ~allowed) == 0) inside.push_back(choice);
      const std::int64_t count = random.between(1, 5);
      const detail::FoundSets found = search.cheapest(scene.group, range, static_cast<std::size_t>(count));
      require_cheapest(found, inside, count);
      for (const detail::FoundSet& set : found.sets) {
        const std::uint32_t own = bits(oracle::members(scene.group, set.chosen));
        REQUIRE((own & chosen) == chosen);
        REQUIRE((own & ~allowed) == 0);
      }
    }
  }
}

TEST_CASE("with a budget the sets found exist, and no other one costs less than the bound") {
  oracle::Random random(363);
  for (int round = 0; round < 1500; ++round) {
    const Scene scene = random_scene(random, 9);
    const std::int64_t count = random.between(1, 12), most = random.between(1, 30);
    detail::NodeBudget budget(most);
    detail::SubsetSearch search(budget);
    const detail::FoundSets found =
        detail::cheapest_subsets(search, scene.group, static_cast<std::size_t>(count));
    REQUIRE(budget.used() <= most);
    REQUIRE(search.exhausted() == budget.exhausted());
    REQUIRE(!found.sets.empty());
    REQUIRE(static_cast<std::int64_t>(found.sets.size()) <= count);
    REQUIRE(std::ranges::is_sorted(found.sets, {}, &detail::FoundSet::cost));
    require_sets(scene, found);
    if (!budget.exhausted()) require_cheapest(found, scene.all, count);
  }
}

TEST_CASE("a clique of any size needs few nodes: at most one of its masks can be chosen") {
  for (const std::int64_t count : {10, 100, 300}) {
    oracle::Random random(364);
    const ConflictGraph graph = oracle::random_conflicts(random, count, oracle::Conflicts::clique);
    const std::vector<Cost> weights =
        oracle::exact(oracle::random_weights(random, count, oracle::Weights::negative));
    detail::NodeBudget budget(count);
    detail::SubsetSearch search(budget);
    CHECK(detail::cheapest_subsets(search, oracle::one_group(weights, graph), 5).sets.size() == 5);
    CHECK_FALSE(budget.exhausted());
  }
}
