/// Divides the masks of a frame into groups that have nothing to do with each other. The cheapest subsets of
/// the frame are put together from the cheapest ones of its groups, so that a search pays for the most
/// entangled group, not for the frame.
#pragma once

#include <algorithm>
#include <bit>
#include <boost/dynamic_bitset.hpp>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>
#include <vislabel/path/conflict_graph.hpp>
#include <vislabel/path/subset_search.hpp>

namespace vislabel::detail {

/// Calls `visit(j)` for every member, ascending.
template <class Visit>
void for_each_member(const ConflictGraph::Row& row, std::vector<std::uint64_t>& words, Visit&& visit) {
  words.resize(row.num_blocks());
  boost::to_block_range(row, words.begin());
  for (std::size_t w = 0; w < words.size(); ++w)
    for (std::uint64_t rest = words[w]; rest != 0; rest &= rest - 1)
      visit(w * 64 + static_cast<std::size_t>(std::countr_zero(rest)));
}

/// The connected components, each in ascending order, in the order of their first masks.
[[nodiscard]] inline std::vector<std::vector<std::int64_t>> components(const ConflictGraph& graph) {
  std::vector<std::vector<std::int64_t>> groups;
  std::vector<bool> seen(static_cast<std::size_t>(graph.count()));
  std::vector<std::uint64_t> words;
  for (std::int64_t start = 0; start < graph.count(); ++start) {
    if (seen[static_cast<std::size_t>(start)]) continue;
    seen[static_cast<std::size_t>(start)] = true;
    std::vector<std::int64_t> group{start};
    for (std::size_t next = 0; next < group.size(); ++next) {
      for_each_member(graph[group[next]], words, [&](std::size_t j) {
        if (!seen[j]) seen[j] = true, group.push_back(static_cast<std::int64_t>(j));
      });
    }
    std::sort(group.begin(), group.end());
    groups.push_back(std::move(group));
  }
  return groups;
}

/// The group of the given masks, in the order of what they may save.
///
/// *Shapes*: `masks` any of N, ascending; `least` [N]; `numbers` [N] is overwritten.
[[nodiscard]] inline MaskGroup mask_group(std::vector<std::int64_t> masks, std::span<const Cost> least,
                                          const ConflictGraph& conflicts, std::vector<std::size_t>& numbers) {
  MaskGroup group;
  std::stable_sort(masks.begin(), masks.end(), [&](std::int64_t a, std::int64_t b) {
    return least[static_cast<std::size_t>(a)] < least[static_cast<std::size_t>(b)];
  });
  group.masks = std::move(masks);
  group.words = (group.count() + 63) / 64;
  group.conflicts.assign(group.count() * group.words, 0);
  for (std::size_t v = 0; v < group.count(); ++v) {
    group.least.push_back(least[static_cast<std::size_t>(group.masks[v])]);
    numbers[static_cast<std::size_t>(group.masks[v])] = v;
  }
  std::vector<std::uint64_t> words;
  for (std::size_t v = 0; v < group.count(); ++v) {
    std::uint64_t* const own = group.conflicts.data() + v * group.words;
    for_each_member(conflicts[group.masks[v]], words,
                    [&](std::size_t j) { own[numbers[j] / 64] |= std::uint64_t{1} << numbers[j] % 64; });
  }
  return group;
}

/// The groups of N masks of which choosing one adds its weight, whatever else is chosen.
[[nodiscard]] inline std::vector<MaskGroup> mask_groups(std::span<const Cost> weights,
                                                        const ConflictGraph& conflicts) {
  std::vector<MaskGroup> groups;
  std::vector<std::size_t> numbers(weights.size());
  for (std::vector<std::int64_t>& masks : components(conflicts))
    groups.push_back(mask_group(std::move(masks), weights, conflicts, numbers));
  return groups;
}

/// The least that choosing each of N masks adds: what only it covers, and what else is below zero.
[[nodiscard]] inline std::vector<Cost> least_costs(const Regions& regions, std::span<const Cost> costs,
                                                   std::int64_t count) {
  std::vector<Cost> least(static_cast<std::size_t>(count), 0);
  for (std::size_t r = 0; r < regions.members.size(); ++r)
    for (const std::int64_t n : regions.members[r])
      if (costs[r] < 0 || regions.members[r].size() == 1) least[static_cast<std::size_t>(n)] += costs[r];
  return least;
}

/// The groups of N masks that may share pixels without a conflict: a region that two chosen ones cover costs
/// once.
[[nodiscard]] inline std::vector<MaskGroup> mask_groups(const Regions& regions, std::span<const Cost> costs,
                                                        const ConflictGraph& conflicts) {
  const std::vector<Cost> least = least_costs(regions, costs, conflicts.count());
  std::vector<std::size_t> numbers(least.size()), group_of(least.size());
  std::vector<MaskGroup> groups;
  for (std::vector<std::int64_t>& masks : components(conflict_graph(regions, conflicts.count(), 0))) {
    for (const std::int64_t n : masks) group_of[static_cast<std::size_t>(n)] = groups.size();
    groups.push_back(mask_group(std::move(masks), least, conflicts, numbers));
    groups.back().regions_of.resize(groups.back().count());
  }
  for (std::size_t r = 0; r < regions.members.size(); ++r) {
    MaskGroup& group = groups[group_of[static_cast<std::size_t>(regions.members[r].front())]];
    MaskGroup::Region region{costs[r], MemberSet(group.words, 0)};
    for (const std::int64_t n : regions.members[r]) {
      const std::size_t v = numbers[static_cast<std::size_t>(n)];
      insert(region.members, v);
      group.regions_of[v].push_back(group.regions.size());
    }
    group.regions.push_back(std::move(region));
  }
  return groups;
}

}  // namespace vislabel::detail
