#include <doctest/doctest.h>

#include <vislabel/path/mask_groups.hpp>

#include "subsets.hpp"

using namespace vislabel;
using detail::Cost;
using oracle::Subset;
using oracle::Subsets;

namespace {

/// Which masks any chain of conflicts connects, by closing the relation.
BoolTable connected(const ConflictGraph& graph) {
  BoolTable table = conflict_table(graph);
  for (std::int64_t i = 0; i < graph.count(); ++i) table(i, i) = true;
  for (std::int64_t k = 0; k < graph.count(); ++k)
    for (std::int64_t i = 0; i < graph.count(); ++i)
      for (std::int64_t j = 0; j < graph.count(); ++j)
        table(i, j) = table(i, j) || (table(i, k) && table(k, j));
  return table;
}

void require_conflicts(const detail::MaskGroup& group, const ConflictGraph& graph) {
  for (std::size_t v = 0; v < group.count(); ++v)
    for (std::size_t u = 0; u < 64 * group.words; ++u)
      REQUIRE((group.conflicts[v * group.words + u / 64] >> u % 64 & 1) ==
              (u < group.count() && graph[group.masks[v]][static_cast<std::size_t>(group.masks[u])] ? 1 : 0));
}

}  // namespace

TEST_CASE("components come in the order of their first masks, each ascending") {
  ConflictGraph graph(6);
  graph.connect(5, 1), graph.connect(1, 3), graph.connect(4, 2);
  CHECK(detail::components(graph) == Subsets{{0}, {1, 3, 5}, {2, 4}});
  CHECK(detail::components(ConflictGraph()).empty());
}

TEST_CASE("components hold what chains of conflicts connect") {
  oracle::Random random(351);
  for (int round = 0; round < 60; ++round) {
    const std::int64_t count = random.below(30);
    ConflictGraph graph(count);
    for (std::int64_t edge = random.below(count + 1); edge > 0; --edge)
      if (const auto i = random.below(count), j = random.below(count); i != j) graph.connect(i, j);
    const BoolTable table = connected(graph);
    Subset seen;
    for (const Subset& component : detail::components(graph)) {
      REQUIRE(std::ranges::is_sorted(component));
      for (std::int64_t j = 0; j < count; ++j)
        REQUIRE(table(component.front(), j) == std::ranges::binary_search(component, j));
      REQUIRE((seen.empty() || std::ranges::find(seen, component.front()) == seen.end()));
      seen.insert(seen.end(), component.begin(), component.end());
    }
    REQUIRE(static_cast<std::int64_t>(seen.size()) == count);
  }
}

TEST_CASE("the masks of a group are numbered by what they save, equal ones by their order in the frame") {
  ConflictGraph graph(5);
  graph.connect(0, 1), graph.connect(1, 2), graph.connect(2, 4);
  const std::vector<Cost> weights{2, -1, 2, 7, -3};
  const std::vector<detail::MaskGroup> groups = detail::mask_groups(weights, graph);
  REQUIRE(groups.size() == 2);
  CHECK(groups[0].masks == Subset{4, 1, 0, 2});
  CHECK((groups[0].least == std::vector<Cost>{-3, -1, 2, 2}));
  CHECK(groups[1].masks == Subset{3});
  for (const detail::MaskGroup& group : groups) require_conflicts(group, graph);
}

TEST_CASE("a group of more than 64 masks has sets of several words") {
  oracle::Random random(352);
  for (const std::int64_t count : {63, 64, 65, 128, 129, 200}) {
    const ConflictGraph graph = oracle::random_conflicts(random, count, oracle::Conflicts::half);
    const std::vector<Cost> weights =
        oracle::exact(oracle::random_weights(random, count, oracle::Weights::ties));
    const std::vector<detail::MaskGroup> groups = detail::mask_groups(weights, graph);
    REQUIRE(groups.size() == 1);
    REQUIRE(groups[0].words == static_cast<std::size_t>(count + 63) / 64);
    REQUIRE(std::ranges::is_sorted(groups[0].least));
    require_conflicts(groups[0], graph);
    detail::MemberSet set = groups[0].all();
    REQUIRE(static_cast<std::int64_t>(oracle::members(groups[0], set).size()) == count);
    detail::erase(set, 62);
    REQUIRE(!detail::contains(set, 62));
    REQUIRE(static_cast<std::int64_t>(oracle::members(groups[0], set).size()) == count - 1);
  }
}

TEST_CASE("masks that share pixels without a conflict are one group, which knows its regions") {
  // 0 and 1 may share their pixel, 2 is alone.
  const Masks masks = oracle::packed(
      {1, 7}, {oracle::drawn({"###...."}), oracle::drawn({"..##..."}), oracle::drawn({".....##"})});
  const detail::Regions regions = detail::regions_of(masks);  // {0}, {0, 1}, {1}, {2}
  const std::vector<Cost> costs{5, -3, -1, 4};
  const ConflictGraph conflicts = detail::conflict_graph(regions, 3, 1);
  CHECK(conflicts.edges() == 0);
  const std::vector<detail::MaskGroup> groups = detail::mask_groups(regions, costs, conflicts);
  REQUIRE(groups.size() == 2);
  const detail::MaskGroup& group = groups[0];
  CHECK(group.masks == Subset{1, 0});
  CHECK((group.least == std::vector<Cost>{-4, 2}));
  REQUIRE(group.regions.size() == 3);
  detail::MemberSet nothing(1, 0), first(1, 0);
  detail::insert(first, 0);
  CHECK((group.added(nothing.data(), 0) == -4));
  CHECK((group.added(nothing.data(), 1) == 2));
  CHECK((group.added(first.data(), 1) == 5));
  CHECK(groups[1].masks == Subset{2});
  CHECK((groups[1].added(nothing.data(), 0) == 4));
}

TEST_CASE(
    "what several masks cover and costs something may come for free; what saves something may not be left "
    "out") {
  const Masks masks = oracle::packed({1, 3}, {oracle::drawn({"##."}), oracle::drawn({".##"})});
  const detail::Regions regions = detail::regions_of(masks);  // {0}, {0, 1}, {1}
  CHECK((detail::least_costs(regions, std::vector<Cost>{1, 2, 4}, 2) == std::vector<Cost>{1, 4}));
  CHECK((detail::least_costs(regions, std::vector<Cost>{1, -2, 4}, 2) == std::vector<Cost>{-1, 2}));
  CHECK((detail::least_costs(regions, std::vector<Cost>{-1, 2, 0}, 2) == std::vector<Cost>{-1, 0}));
}

TEST_CASE(
    "the cost of a set is what its masks add one after the other, in any order, and never less than their "
    "least") {
  oracle::Random random(353);
  for (int round = 0; round < 200; ++round) {
    const Size size{random.between(1, 9), random.between(1, 9)};
    const std::vector<oracle::Dense> dense = oracle::random_proposals(random, size, random.between(1, 6));
    const detail::Regions regions = detail::regions_of(oracle::packed(size, dense));
    std::vector<Cost> costs;
    for (std::size_t r = 0; r < regions.masks.size(); ++r) costs.push_back(random.between(-3, 3));
    const auto count = static_cast<std::int64_t>(dense.size());
    for (const detail::MaskGroup& group : detail::mask_groups(regions, costs, ConflictGraph(count))) {
      detail::MemberSet set(group.words, 0);
      Cost sum = 0;
      Subset chosen;
      for (std::size_t v = 0; v < group.count(); ++v) {
        if (random.one_in(3)) continue;
        REQUIRE((group.added(set.data(), v) >= group.least[v]));
        sum += group.added(set.data(), v);
        detail::insert(set, v), chosen.push_back(group.masks[v]);
      }
      Cost expected = 0;
      for (std::size_t r = 0; r < costs.size(); ++r)
        if (std::ranges::find_first_of(regions.members[r], chosen) != regions.members[r].end())
          expected += costs[r];
      REQUIRE((sum == expected));
    }
  }
}
