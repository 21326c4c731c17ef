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
    visit(0);
    return std::move(found_);
  }

 private:
  struct Place {
    std::int64_t mask;
    std::size_t group, member;
  };

  [[nodiscard]] Cost cheapest(std::size_t g, const SubsetRange& range) {
    return search_.cheapest(*groups_[g], range, 1).sets.front().cost;
  }

  [[nodiscard]] bool done() const { return found_.size() == count_ || search_.exhausted(); }

  /// The chosen masks, and every larger subset with one more of the masks from place `i` on.
  void visit(std::size_t i) {
    Cost own = 0;
    for (const SubsetRange& range : ranges_) own += range.cost;
    if (own == cost_) found_.push_back(chosen_);
    const std::vector<SubsetRange> ranges = ranges_;
    const std::vector<Cost> before = cheapest_;
    const Cost sum = sum_;
    for (; i < places_.size() && sum_ <= cost_ && !done(); ++i) {
      const auto [mask, g, v] = places_[i];
      if (!contains(ranges_[g].open, v)) continue;
      const SubsetRange here = ranges_[g];
      const Cost cheapest_here = cheapest_[g];
      if (replace(g, decided(*groups_[g], here, v, true))) {
        chosen_.push_back(mask);
        visit(i + 1);
        chosen_.pop_back();
      }
      sum_ += cheapest_here - cheapest_[g], cheapest_[g] = cheapest_here;
      replace(g, decided(*groups_[g], here, v, false));
    }
    ranges_ = ranges, cheapest_ = before, sum_ = sum;
  }

  /// Goes on with a part of a group's range. False: everything in it costs too much.
  bool replace(std::size_t g, SubsetRange range) {
    const Cost cost = cheapest(g, range);
    sum_ += cost - cheapest_[g], cheapest_[g] = cost;
    ranges_[g] = std::move(range);
    return sum_ <= cost_;
  }

  Cost cost_, sum_ = 0;
  std::size_t count_ = 0;
  SubsetSearch& search_;
  std::vector<const MaskGroup*> groups_;
  std::vector<Place> places_;        // every mask, ascending
  std::vector<SubsetRange> ranges_;  // of every group: what the chosen masks leave
  std::vector<Cost> cheapest_;       // of every group
  std::vector<std::int64_t> chosen_;
  std::vector<std::vector<std::int64_t>> found_;
};

}  // namespace vislabel::detail
