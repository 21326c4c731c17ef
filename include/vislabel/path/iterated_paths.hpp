/// The two ways to find the K cheapest subsets of one group of masks: in one pass, and as the paper does, by
/// one shortest path after the other.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>
#include <vislabel/path/subset_search.hpp>

namespace vislabel::detail {

/// All of a group's sets.
[[nodiscard]] inline SubsetRange every_subset(const MaskGroup& group) {
  return {MemberSet(group.words, 0), group.all(), 0};
}

/// What is left to decide in a range once mask v, the first open one, is decided.
[[nodiscard]] inline SubsetRange decided(const MaskGroup& group, SubsetRange range, std::size_t v,
                                         bool chosen) {
  erase(range.open, v);
  if (!chosen) return range;
  range.cost += group.added(range.chosen.data(), v);
  insert(range.chosen, v);
  for (std::size_t w = 0; w < group.words; ++w) range.open[w] &= ~group.conflicts[v * group.words + w];
  return range;
}

/// The cheapest sets by one pass of the search.
[[nodiscard]] inline FoundSets cheapest_subsets(SubsetSearch& search, const MaskGroup& group,
                                                std::size_t count) {
  return search.cheapest(group, every_subset(group), count);
}

/// The cheapest sets by iterated shortest paths in the tree of decisions.
///
/// Every shortest path found divides the sets that its own range still holds: for each of its decisions,
/// those that agree before it and differ there (Lawler's partition; the paper forbids one edge at a time, and
/// so loses what the edges forbidden earlier have excluded). A path's edges cost what they raise the search's
/// lower bound by, which is never negative: Dijkstra's algorithm on these costs is the search for one set.
[[nodiscard]] inline FoundSets iterated_shortest_paths(SubsetSearch& search, const MaskGroup& group,
                                                       std::size_t count) {
  struct Candidate {
    FoundSet path;
    SubsetRange range;
  };
  const auto dearer = [](const Candidate& a, const Candidate& b) { return a.path.cost > b.path.cost; };
  std::vector<Candidate> candidates;
  FoundSets found;
  const auto add = [&](SubsetRange range) {
    FoundSets best = search.cheapest(group, range, 1);
    if (search.exhausted()) found.bound = std::min(found.bound, best.bound);
    candidates.push_back({std::move(best.sets.front()), std::move(range)});
    std::push_heap(candidates.begin(), candidates.end(), dearer);
  };
  add(every_subset(group));
  while (found.sets.size() < count && !candidates.empty()) {
    std::pop_heap(candidates.begin(), candidates.end(), dearer);
    Candidate best = std::move(candidates.back());
    candidates.pop_back();
    SubsetRange rest = std::move(best.range);
    for (std::size_t v = 0; v < group.count(); ++v) {
      if (!contains(rest.open, v)) continue;
      const bool chosen = contains(best.path.chosen, v);
      add(decided(group, rest, v, !chosen));
      rest = decided(group, std::move(rest), v, chosen);
    }
    found.sets.push_back(std::move(best.path));
  }
  if (!candidates.empty()) found.bound = std::min(found.bound, found.sets.back().cost);
  return found;
}

}  // namespace vislabel::detail
