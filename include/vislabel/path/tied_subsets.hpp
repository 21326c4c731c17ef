/// Of the subsets that cost exactly as much as the last of the K best, the lexicographically smallest: a
/// second search that is needed only where such a tie crosses the end of the list.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>
#include <vislabel/path/iterated_paths.hpp>

namespace vislabel::detail {

/// Visits subsets in lexicographic order, {} first, and leaves out every branch whose cheapest subset costs
/// more than the wanted ones. That cheapest cost is exact: the sum of the groups', each found by the search.
class TiedSubsets {
 public:
  TiedSubsets(std::span<const MaskGroup> groups, SubsetSearch& search, Cost cost)
      : cost_(cost), search_(search) {
    for (std::size_t g = 0; g < groups.size(); ++g) {
      for (std::size_t v = 0; v < groups[g].count(); ++v) places_.push_back({groups[g].masks[v], g, v});
      groups_.push_back(&groups[g]);
      ranges_.push_back(every_subset(groups[g]));
      cheapest_.push_back(cheapest(g, ranges_.back()));
      sum_ += cheapest_.back();
    }
    std::sort(places_.begin(), places_.end(), [](const Place& a, const Place& b) { return a.mask < b.mask; });
  }

  /// The first `count` of them; some of them once the budget is exhausted.
  [[nodiscard]] std::vector<std::vector<std::int64_t>> first(std::size_t count) {
    count_ = count;
    visit(0, 0);
    return std::move(found_);
  }

 private:
  struct Place {
    std::int64_t mask;
    std::size_t group, member;
  };
  struct Replaced {
    std::size_t group;
    Cost cheapest;
    SubsetRange range;
  };

  [[nodiscard]] Cost cheapest(std::size_t g, const SubsetRange& range) {
    return search_.cheapest(*groups_[g], range, 1).sets.front().cost;
  }

  /// The chosen masks, which cost `own`, and every larger subset with more of the masks from place `i` on.
  void visit(std::size_t i, Cost own) {
    if (own == cost_) found_.push_back(chosen_);
    const std::size_t before = history_.size();
    for (; i < places_.size() && sum_ <= cost_ && found_.size() < count_; ++i) {
      const auto [mask, g, v] = places_[i];
      if (!contains(ranges_[g].open, v)) continue;
      if (!search_.spend()) break;
      replace(g, decided(*groups_[g], ranges_[g], v, true));
      if (sum_ <= cost_) {
        chosen_.push_back(mask);
        visit(i + 1, own + ranges_[g].cost - history_.back().range.cost);
        chosen_.pop_back();
      }
      undo();
      replace(g, decided(*groups_[g], ranges_[g], v, false));
    }
    while (history_.size() > before) undo();
  }

  /// Goes on with a part of a group's range.
  void replace(std::size_t g, SubsetRange range) {
    const Cost cost = cheapest(g, range);
    sum_ += cost - cheapest_[g];
    history_.push_back({g, cheapest_[g], std::move(ranges_[g])});
    ranges_[g] = std::move(range), cheapest_[g] = cost;
  }

  void undo() {
    auto& [g, cost, range] = history_.back();
    sum_ += cost - cheapest_[g];
    ranges_[g] = std::move(range), cheapest_[g] = cost;
    history_.pop_back();
  }

  Cost cost_, sum_ = 0;
  std::size_t count_ = 0;
  SubsetSearch& search_;
  std::vector<const MaskGroup*> groups_;
  std::vector<Place> places_;        // every mask, ascending
  std::vector<SubsetRange> ranges_;  // of every group: what the chosen masks leave
  std::vector<Cost> cheapest_;       // of every group
  std::vector<Replaced> history_;    // what to restore, the latest last
  std::vector<std::int64_t> chosen_;
  std::vector<std::vector<std::int64_t>> found_;
};

}  // namespace vislabel::detail
