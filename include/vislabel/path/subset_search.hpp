/// Best-first search for the cheapest subsets of one group of masks: A* over a tree that includes or excludes
/// one mask after the other, the cheapest first, with a bound from a cover of the undecided masks by cliques
/// of the conflict graph. `k_best.hpp` divides a frame into such groups and puts their answers together.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>
#include <vislabel/path/exact_sums.hpp>

namespace vislabel::detail {

/// How many nodes may still be expanded.
class NodeBudget {
 public:
  explicit NodeBudget(std::int64_t most) : most_(most) {}

  [[nodiscard]] std::int64_t used() const { return used_; }
  [[nodiscard]] bool exhausted() const { return exhausted_; }

  /// One more node; false: there was none left.
  [[nodiscard]] bool take() {
    if (used_ >= most_) exhausted_ = true;
    if (!exhausted_) ++used_;
    return !exhausted_;
  }

 private:
  std::int64_t most_;
  std::int64_t used_ = 0;
  bool exhausted_ = false;
};

/// A set of the masks of one group, 64 to a word.
using MemberSet = std::vector<std::uint64_t>;

[[nodiscard]] inline bool contains(const MemberSet& set, std::size_t v) {
  return (set[v / 64] >> v % 64 & 1) != 0;
}
inline void insert(MemberSet& set, std::size_t v) { set[v / 64] |= std::uint64_t{1} << v % 64; }
inline void erase(MemberSet& set, std::size_t v) { set[v / 64] &= ~(std::uint64_t{1} << v % 64); }

/// Masks that no conflict and no shared pixel connects with other masks, numbered by what they may save.
struct MaskGroup {
  /// Pixels that several masks of the group share, where such masks may be chosen together.
  struct Region {
    Cost cost;
    MemberSet members;
  };

  std::size_t words = 0;                 ///< of a set
  std::vector<std::int64_t> masks;       ///< [n], their numbers in the frame
  std::vector<Cost> least;               ///< [n], ascending: choosing the mask adds at least so much
  std::vector<std::uint64_t> conflicts;  ///< [n, words]
  std::vector<Region> regions;           ///< none: choosing a mask adds `least`
  std::vector<std::vector<std::size_t>> regions_of;  ///< [n]

  [[nodiscard]] std::size_t count() const { return masks.size(); }

  [[nodiscard]] MemberSet all() const {
    MemberSet set(words, 0);
    for (std::size_t v = 0; v < count(); ++v) insert(set, v);
    return set;
  }

  /// What adding mask v to the chosen ones costs: the regions that none of them covers.
  [[nodiscard]] Cost added(const std::uint64_t* chosen, std::size_t v) const {
    if (regions.empty()) return least[v];
    Cost sum = 0;
    for (const std::size_t r : regions_of[v]) {
      bool covered = false;
      for (std::size_t w = 0; w < words; ++w) covered |= (regions[r].members[w] & chosen[w]) != 0;
      if (!covered) sum += regions[r].cost;
    }
    return sum;
  }
};

/// A chosen set of one group and its cost.
struct FoundSet {
  Cost cost = 0;
  MemberSet chosen;
};

/// The cheapest sets of a group, ascending.
struct FoundSets {
  std::vector<FoundSet> sets;
  /// No other set of the group costs less.
  Cost bound = no_cost;
};

/// A part of a group's sets: those that hold `chosen` and otherwise only masks of `open`.
struct SubsetRange {
  MemberSet chosen, open;
  Cost cost = 0;  ///< of `chosen`
};

/// A* on one group after the other, or on parts of one; memory stays from search to search.
class SubsetSearch {
 public:
  explicit SubsetSearch(NodeBudget& budget) : budget_(budget) {}

  [[nodiscard]] bool exhausted() const { return budget_.exhausted(); }

  /// Counts a node of a search around this one. False: there was none left.
  [[nodiscard]] bool spend() { return budget_.take(); }

  /// The `count` cheapest sets of the range; fewer where there are no more. Once the budget is exhausted:
  /// cheap ones that were met.
  [[nodiscard]] FoundSets cheapest(const MaskGroup& group, const SubsetRange& range, std::size_t count) {
    start(group, range, count);
    FoundSets found;
    while (found.sets.size() < count && !heap_.empty()) {
      take_best();
      if (!descend(found)) {
        put_back();
        give_up(found, count);
        return found;
      }
    }
    if (found.sets.size() == count) found.bound = found.sets.back().cost;
    return found;
  }

 private:
  struct Entry {
    Cost bound;
    std::uint32_t node;
  };
  /// The heap's order: the lowest bound, then the latest.
  struct Later {
    bool operator()(const Entry& a, const Entry& b) const {
      return a.bound > b.bound || (a.bound == b.bound && a.node < b.node);
    }
  };

  void start(const MaskGroup& group, const SubsetRange& range, std::size_t count) {
    group_ = &group, words_ = group.words, count_ = count;
    heap_.clear(), costs_.clear(), sets_.clear(), free_.clear(), known_.clear();
    saving_.assign(words_, 0), cover_.resize(words_), clique_.resize(words_), left_.resize(group.count());
    for (std::size_t v = 0; v < group.count() && group.least[v] < 0; ++v) insert(saving_, v);
    chosen_ = range.chosen, open_ = range.open, cost_ = range.cost;
    bound_ = cost_ + saving(open_.data());
    know(cost_);
    put_back();
  }

  /// Follows the better child from the node in hand until it holds one set, which is found, or another node
  /// is better. False: no budget for the node in hand.
  [[nodiscard]] bool descend(FoundSets& found) {
    for (;;) {
      if (!heap_.empty() && bound_ > heap_.front().bound) return put_back(), true;
      const std::size_t v = first(open_.data());
      if (v == none) {
        found.sets.push_back({cost_, chosen_});
        return true;
      }
      if (!budget_.take()) return false;
      if (group_->least[v] >= 0 && cost_ + group_->least[v] > limit())
        std::fill(open_.begin(), open_.end(), 0);  // nor does any other of them lead to what is wanted
      else
        branch(v);
    }
  }

  /// Excludes v, and puts the range that includes it aside; or the other way round, where that is better.
  void branch(std::size_t v) {
    const Cost included_cost = cost_ + group_->added(chosen_.data(), v);
    know(included_cost);
    with_ = open_;
    erase(open_, v), erase(with_, v);
    for (std::size_t w = 0; w < words_; ++w) with_[w] &= ~group_->conflicts[v * words_ + w];
    insert(chosen_, v);
    const Cost included = std::max(bound_, included_cost + saving(with_.data()));
    erase(chosen_, v);
    bound_ = std::max(bound_, cost_ + saving(open_.data()));
    if (included <= bound_) {
      if (bound_ <= limit()) put_back();
      std::swap(open_, with_), insert(chosen_, v);
      cost_ = included_cost, bound_ = included;
    } else if (included <= limit()) {
      std::swap(open_, with_), insert(chosen_, v);
      put(included_cost, included);
      std::swap(open_, with_), erase(chosen_, v);
    }
  }

  /// A lower bound of what choosing among these masks, besides the chosen ones, adds.
  [[nodiscard]] Cost saving(const std::uint64_t* masks) {
    const Cost by_cliques = saving_by_cliques(masks);
    return group_->regions.empty() ? by_cliques : std::max(by_cliques, saving_by_regions(masks));
  }

  /// What the regions that these masks cover, and no chosen one does, may save, each counted once: where
  /// masks share pixels and may be chosen together, cliques count a shared saving for each of them.
  [[nodiscard]] Cost saving_by_regions(const std::uint64_t* masks) const {
    Cost sum = 0;
    for (const MaskGroup::Region& region : group_->regions) {
      if (region.cost >= 0) continue;
      bool open = false, covered = false;
      for (std::size_t w = 0; w < words_; ++w) {
        open |= (region.members[w] & masks[w]) != 0;
        covered |= (region.members[w] & chosen_[w]) != 0;
      }
      if (open && !covered) sum += region.cost;
    }
    return sum;
  }

  /// Cliques of masks that exclude each other share what each of their masks may save: the smallest saving is
  /// taken off a whole clique, of which at most one mask will be chosen, then the smallest of what is left,
  /// until nothing is.
  [[nodiscard]] Cost saving_by_cliques(const std::uint64_t* masks) {
    for (std::size_t w = 0; w < words_; ++w) {
      cover_[w] = masks[w] & saving_[w];
      for (std::uint64_t rest = cover_[w]; rest != 0; rest &= rest - 1) {
        const std::size_t v = w * 64 + static_cast<std::size_t>(std::countr_zero(rest));
        left_[v] = group_->least[v];
      }
    }
    Cost sum = 0;
    for (std::size_t v = last(cover_.data()); v != none; v = last(cover_.data())) {
      const Cost amount = left_[v];
      sum += amount;
      erase(cover_, v);
      intersect(clique_, cover_.data(), v);
      for (std::size_t u = first(clique_.data()); u != none; u = first(clique_.data())) {
        left_[u] -= amount;
        if (left_[u] >= 0) erase(cover_, u);
        intersect(clique_, clique_.data(), u);
      }
    }
    return sum;
  }

  void intersect(MemberSet& out, const std::uint64_t* masks, std::size_t v) const {
    for (std::size_t w = 0; w < words_; ++w) out[w] = masks[w] & group_->conflicts[v * words_ + w];
  }

  /// A set of this cost exists: what costs more than `count` of them need not be looked at.
  void know(Cost cost) {
    if (cost >= limit()) return;
    if (known_.size() == count_) std::pop_heap(known_.begin(), known_.end()), known_.pop_back();
    known_.push_back(cost), std::push_heap(known_.begin(), known_.end());
  }
  [[nodiscard]] Cost limit() const { return known_.size() < count_ ? no_cost : known_.front(); }

  static constexpr std::size_t none = SIZE_MAX;

  /// The lowest member.
  [[nodiscard]] std::size_t first(const std::uint64_t* set) const {
    for (std::size_t w = 0; w < words_; ++w)
      if (set[w] != 0) return w * 64 + static_cast<std::size_t>(std::countr_zero(set[w]));
    return none;
  }

  /// The highest member.
  [[nodiscard]] std::size_t last(const std::uint64_t* set) const {
    for (std::size_t w = words_; w-- > 0;)
      if (set[w] != 0) return w * 64 + 63 - static_cast<std::size_t>(std::countl_zero(set[w]));
    return none;
  }

  void put_back() { put(cost_, bound_); }

  /// Puts the sets in hand on the heap.
  void put(Cost cost, Cost bound) {
    std::uint32_t node = 0;
    if (free_.empty()) {
      node = static_cast<std::uint32_t>(costs_.size());
      costs_.push_back(0), sets_.resize(sets_.size() + 2 * words_);
    } else {
      node = free_.back(), free_.pop_back();
    }
    costs_[node] = cost;
    std::copy(chosen_.begin(), chosen_.end(), sets_.begin() + place(node));
    std::copy(open_.begin(), open_.end(), sets_.begin() + place(node) + static_cast<std::ptrdiff_t>(words_));
    heap_.push_back({bound, node});
    std::push_heap(heap_.begin(), heap_.end(), Later{});
  }

  void take_best() {
    std::pop_heap(heap_.begin(), heap_.end(), Later{});
    take(heap_.back());
    free_.push_back(heap_.back().node);
    heap_.pop_back();
  }

  void take(const Entry& entry) {
    const auto words = static_cast<std::ptrdiff_t>(words_);
    const auto begin = sets_.begin() + place(entry.node);
    std::copy(begin, begin + words, chosen_.begin());
    std::copy(begin + words, begin + 2 * words, open_.begin());
    cost_ = costs_[entry.node], bound_ = entry.bound;
  }

  [[nodiscard]] std::ptrdiff_t place(std::uint32_t node) const {
    return static_cast<std::ptrdiff_t>(2 * words_ * node);
  }

  /// The budget is exhausted: completes the most promising nodes greedily.
  void give_up(FoundSets& found, std::size_t count) {
    found.bound = std::min(heap_.front().bound, limit());
    const std::size_t promising = std::min(heap_.size(), 4 * count + 16);
    std::partial_sort(heap_.begin(), heap_.begin() + static_cast<std::ptrdiff_t>(promising), heap_.end(),
                      [](const Entry& a, const Entry& b) { return Later{}(b, a); });
    for (std::size_t i = 0; i < promising; ++i) {
      take(heap_[i]);
      found.sets.push_back({cost_, chosen_});
      const std::size_t before = found.sets.size();
      complete();
      if (chosen_ != found.sets[before - 1].chosen) found.sets.push_back({cost_, chosen_});
    }
    std::sort(found.sets.begin(), found.sets.end(), [](const FoundSet& a, const FoundSet& b) {
      return a.cost < b.cost || (a.cost == b.cost && a.chosen < b.chosen);
    });
    if (found.sets.size() > count) found.sets.resize(count);
  }

  void complete() {
    for (std::size_t v = first(open_.data()); v != none; v = first(open_.data())) {
      const Cost added = group_->added(chosen_.data(), v);
      erase(open_, v);
      if (added >= 0) continue;
      insert(chosen_, v), cost_ += added;
      for (std::size_t w = 0; w < words_; ++w) open_[w] &= ~group_->conflicts[v * words_ + w];
    }
  }

  NodeBudget& budget_;
  const MaskGroup* group_ = nullptr;
  std::size_t words_ = 0, count_ = 0;
  MemberSet cover_, clique_, saving_;  // saving_: masks that may lower a cost
  std::vector<Cost> left_;             // [n]: what no clique has taken yet

  MemberSet chosen_, open_, with_;  // the node in hand
  Cost cost_ = 0, bound_ = 0;

  std::vector<Entry> heap_;
  std::vector<Cost> costs_;          // [nodes]
  std::vector<std::uint64_t> sets_;  // [nodes, 2, words]: chosen, open
  std::vector<std::uint32_t> free_;
  std::vector<Cost> known_;  // the `count_` lowest costs of the sets met so far, as a heap
};

}  // namespace vislabel::detail
