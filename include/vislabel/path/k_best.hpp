/// Stage 1 of GBOpt's selection: the K cheapest subsets of a frame's masks of which no two conflict.
///
/// The masks are divided into groups without anything in common (`mask_groups.hpp`), each group is searched
/// (`subset_search.hpp`), and the groups' lists are added up, K of them at a time. Costs lie on a grid on
/// which sums are exact, so this needs no care about roundings. Where the K-th cost is shared by subsets that
/// did not fit, a second search finds the lexicographically smallest ones among them (`tied_subsets.hpp`).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>
#include <vislabel/path/conflict_graph.hpp>
#include <vislabel/path/exact_sums.hpp>
#include <vislabel/path/iterated_paths.hpp>
#include <vislabel/path/mask_groups.hpp>
#include <vislabel/path/tied_subsets.hpp>

namespace vislabel {

/// How the K cheapest subsets of a group of masks are found. The answers are the same.
enum class KBestAlgorithm {
  best_first,  ///< one A* pass that goes on after the first answer
  dijkstra,    ///< the paper's: one shortest path after the other, each in what the answers before it leave
};

/// Options of `k_best`.
struct KBestOptions {
  std::int64_t k = 10;
  KBestAlgorithm algorithm = KBestAlgorithm::best_first;
  /// Nodes of search trees that may be expanded, each of about 100 bytes: by default a gigabyte at worst.
  std::int64_t max_nodes = 10'000'000;
};

/// What `k_best` finds.
struct KBest {
  /// At most K, fewer where no more exist; each in ascending order. Ascending cost; equal costs by
  /// lexicographically smaller subset, {} first.
  std::vector<std::vector<std::int64_t>> subsets;
  std::vector<double> costs;  ///< of each
  bool optimal = true;        ///< false: `max_nodes` was reached, and cheaper subsets may exist
  double bound = 0;           ///< no other subset costs less than this; infinite where there is no other
  std::int64_t nodes = 0;     ///< expanded
};

namespace detail {

inline void require_k(const KBestOptions& options) {
  constexpr std::int64_t most = 1'000'000;  // each takes 8 bytes for every group of masks
  require(options.k >= 1 && options.k <= most, "k is ", options.k, ", expected 1 to ", most);
  require(options.max_nodes >= 1, "max_nodes is ", options.max_nodes, ", expected at least 1");
}

[[nodiscard]] inline std::vector<Cost> costs_of(std::span<const double> costs, const CostUnits& units) {
  std::vector<Cost> out;
  for (const double cost : costs) out.push_back(units.units(cost));
  return out;
}

/// The cheapest sums of one entry of each of several ascending lists.
class CheapestSums {
 public:
  explicit CheapestSums(std::size_t count) : count_(count) {}

  /// One more list. Of two ascending lists, entries i and j have (i + 1) (j + 1) - 1 sums before theirs.
  void add(const std::vector<FoundSet>& list) {
    struct Sum {
      Cost cost;
      Entries entries;
    };
    std::vector<Sum> sums;
    for (std::uint32_t i = 0; i < costs_.size(); ++i)
      for (std::uint32_t j = 0; j < list.size() && std::size_t{i + 1} * (j + 1) <= count_; ++j)
        sums.push_back({costs_[i] + list[j].cost, {i, j}});
    const std::size_t kept = std::min(count_, sums.size());
    std::partial_sort(sums.begin(), sums.begin() + static_cast<std::ptrdiff_t>(kept), sums.end(),
                      [](const Sum& a, const Sum& b) { return a.cost < b.cost; });
    costs_.resize(kept);
    std::vector<Entries>& stage = stages_.emplace_back(kept);
    for (std::size_t i = 0; i < kept; ++i) costs_[i] = sums[i].cost, stage[i] = sums[i].entries;
  }

  /// Of all lists so far, ascending.
  [[nodiscard]] const std::vector<Cost>& costs() const { return costs_; }

  /// The entries of the lists that make up sum `i`.
  [[nodiscard]] std::vector<std::size_t> entries(std::size_t i) const {
    std::vector<std::size_t> out(stages_.size());
    for (std::size_t stage = stages_.size(); stage-- > 0; i = stages_[stage][i].before)
      out[stage] = stages_[stage][i].last;
    return out;
  }

 private:
  struct Entries {
    std::uint32_t before, last;  // in the sums of the lists before this one, and in this one
  };

  std::size_t count_;
  std::vector<Cost> costs_{0};
  std::vector<std::vector<Entries>> stages_;
};

/// The K cheapest subsets of groups of masks; `base` is the cost of the empty one.
class KBestSolver {
 public:
  KBestSolver(std::span<const MaskGroup> groups, const CostUnits& units, double base,
              const KBestOptions& options)
      : groups_(groups),
        units_(units),
        base_(units.units(base)),
        options_(options),
        budget_(options.max_nodes),
        search_(budget_) {}

  [[nodiscard]] KBest run() {
    const auto k = static_cast<std::size_t>(options_.k);
    CheapestSums sums(k + 1);  // one more shows whether subsets tie with the last one, and bounds the others
    for (const MaskGroup& group : groups_) {
      found_.push_back(options_.algorithm == KBestAlgorithm::dijkstra
                           ? iterated_shortest_paths(search_, group, k + 1)
                           : cheapest_subsets(search_, group, k + 1));
      sums.add(found_.back().sets);
    }
    std::vector<Subset> subsets;
    for (std::size_t i = 0; i < sums.costs().size(); ++i)
      subsets.push_back({sums.costs()[i], subset(sums.entries(i))});
    Cost bound = subsets.size() > k ? subsets[k].cost : no_cost;
    if (budget_.exhausted()) bound = std::min(bound, bound_of_unfound());
    const bool proven =
        !budget_.exhausted() || bound == no_cost ||
        (subsets.size() >= k && bound > subsets[k - 1].cost);  // ties may be missing otherwise
    const bool ordered = cut(subsets, k);
    return result(std::move(subsets), bound, proven && ordered);
  }

 private:
  struct Subset {
    Cost cost;
    std::vector<std::int64_t> masks;
  };

  [[nodiscard]] std::vector<std::int64_t> subset(const std::vector<std::size_t>& entries) const {
    std::vector<std::int64_t> out;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      const MemberSet& chosen = found_[g].sets[entries[g]].chosen;
      for (std::size_t v = 0; v < groups_[g].count(); ++v)
        if (contains(chosen, v)) out.push_back(groups_[g].masks[v]);
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  /// A lower bound of subsets with a part that was not found in its group.
  [[nodiscard]] Cost bound_of_unfound() const {
    Cost all = 0, bound = no_cost;
    const auto least = [](const FoundSets& found) { return std::min(found.sets.front().cost, found.bound); };
    for (const FoundSets& found : found_) all += least(found);
    for (const FoundSets& found : found_)
      if (found.bound != no_cost) bound = std::min(bound, all - least(found) + found.bound);
    return bound;
  }

  /// Keeps K subsets, of those that tie with the last one the lexicographically smallest. False: the budget
  /// did not suffice to find these.
  [[nodiscard]] bool cut(std::vector<Subset>& subsets, std::size_t k) {
    if (subsets.size() <= k) return true;
    const Cost last = subsets[k].cost;
    subsets.pop_back();
    if (subsets.back().cost != last) return true;
    if (budget_.exhausted()) return false;
    const auto tied =
        std::find_if(subsets.begin(), subsets.end(), [&](const Subset& s) { return s.cost == last; });
    TiedSubsets search(groups_, search_, last);
    const auto first = search.first(static_cast<std::size_t>(subsets.end() - tied));
    if (budget_.exhausted()) return false;
    std::transform(first.begin(), first.end(), tied, [&](const auto& masks) { return Subset{last, masks}; });
    return true;
  }

  /// In ascending order of the costs as doubles, by which users know ties.
  [[nodiscard]] KBest result(std::vector<Subset> subsets, Cost bound, bool optimal) const {
    std::vector<std::pair<double, std::vector<std::int64_t>>> rows;
    rows.reserve(subsets.size());
    for (Subset& subset : subsets)
      rows.emplace_back(units_.cost(base_ + subset.cost), std::move(subset.masks));
    std::sort(rows.begin(), rows.end());
    KBest best;
    for (auto& [cost, masks] : rows) best.costs.push_back(cost), best.subsets.push_back(std::move(masks));
    best.bound = bound == no_cost ? std::numeric_limits<double>::infinity() : units_.cost(base_ + bound);
    best.optimal = optimal, best.nodes = budget_.used();
    return best;
  }

  std::span<const MaskGroup> groups_;
  CostUnits units_;
  Cost base_;
  KBestOptions options_;
  NodeBudget budget_;
  SubsetSearch search_;
  std::vector<FoundSets> found_;  // of every group
};

}  // namespace detail

/// The K subsets of least total weight of which no two members conflict, the empty one (0) included.
///
/// *Shapes*: `weights` [N]; `conflicts` of N.
/// *Units and conventions*: sums are exact (in 128 bits), and rounded to double once, when they are given
/// back. Equal costs by lexicographically smaller subset.
/// *Source*: GBOpt, Sec. 3.3 and App. B.1, with exclusions that accumulate (Lawler 1972): as written there,
/// the third path of three disjoint masks with weights 1, 1.5 and 2 is never found.
/// *Errors*: different N; weights that are not finite; k < 1; max_nodes < 1.
/// *Cost*: some nodes per mask where masks of one object conflict; exponential in the masks of one group at
/// worst: see `max_nodes`.
[[nodiscard]] inline KBest k_best(std::span<const double> weights, const ConflictGraph& conflicts,
                                  const KBestOptions& options = {}) {
  detail::require_k(options);
  const auto count = static_cast<std::int64_t>(weights.size());
  detail::require(conflicts.count() == count, "conflicts has ", conflicts.count(), " masks, expected ", count,
                  ", as many as weights");
  double most = 0;
  for (std::size_t n = 0; n < weights.size(); ++n) {
    detail::require(std::isfinite(weights[n]), "weights[", n, "] is ", weights[n],
                    ", expected a finite number");
    most += std::abs(weights[n]);
  }
  const detail::CostUnits units(most, "weights");
  const std::vector<detail::MaskGroup> groups =
      detail::mask_groups(detail::costs_of(weights, units), conflicts);
  return detail::KBestSolver(groups, units, 0, options).run();
}

}  // namespace vislabel
