/// The cheapest subsets of up to 16 masks by looking at all of them, and the weights and conflicts that are
/// hard to search.
#pragma once

#include <cmath>
#include <numeric>
#include <vislabel/path/k_best.hpp>

#include "scenes.hpp"

namespace oracle {

using vislabel::ConflictGraph;
using vislabel::detail::Cost;
using vislabel::detail::CostUnits;

/// A subset as bits, and its exact cost.
struct Choice {
  Cost cost = 0;
  std::uint32_t chosen = 0;
};

inline Subset members(std::uint32_t chosen) {
  Subset out;
  for (std::int64_t n = 0; n < 32; ++n)
    if ((chosen >> n & 1) != 0) out.push_back(n);
  return out;
}

inline std::uint32_t bits(const Subset& members) {
  std::uint32_t out = 0;
  for (const std::int64_t n : members) out |= 1U << n;
  return out;
}

/// The units in which sums of the weights are exact.
inline CostUnits units_of(const std::vector<double>& weights) {
  double most = 0;
  for (const double weight : weights) most += std::abs(weight);
  return {most, "weights"};
}

/// The weights as exact costs.
inline std::vector<Cost> exact(const std::vector<double>& weights) {
  const CostUnits units = units_of(weights);
  std::vector<Cost> out;
  for (const double weight : weights) out.push_back(units.units(weight));
  return out;
}

/// Every subset without a conflict.
inline std::vector<Choice> choices(const std::vector<Cost>& weights, const ConflictGraph& conflicts) {
  std::vector<Choice> out{Choice{}};
  for (std::size_t n = 0; n < weights.size(); ++n) {
    std::uint32_t excluded = 0;
    for (std::size_t m = 0; m < n; ++m)
      if (conflicts[static_cast<std::int64_t>(n)][m]) excluded |= 1U << m;
    for (std::size_t i = 0, end = out.size(); i < end; ++i)
      if ((out[i].chosen & excluded) == 0) out.push_back({out[i].cost + weights[n], out[i].chosen | 1U << n});
  }
  return out;
}

/// The k cheapest of all and the one after them, ascending; equal costs by lexicographically smaller subset.
inline std::vector<Choice> cheapest(std::vector<Choice> all, std::int64_t k) {
  const std::size_t count = std::min(all.size(), static_cast<std::size_t>(k) + 1);
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(),
                    [](const Choice& a, const Choice& b) {
                      return a.cost < b.cost || (a.cost == b.cost && members(a.chosen) < members(b.chosen));
                    });
  all.resize(count);
  return all;
}

/// What `k_best` should find, given the k + 1 cheapest subsets. `costs` and `bound` are rounded once, and the
/// subsets ordered by what is left.
inline vislabel::KBest k_best(std::vector<std::pair<Cost, Subset>> found, const CostUnits& units,
                              std::int64_t k) {
  vislabel::KBest out;
  out.bound = std::numeric_limits<double>::infinity();
  if (found.size() > static_cast<std::size_t>(k)) {
    out.bound = units.cost(found.back().first);
    found.pop_back();
  }
  std::vector<std::pair<double, Subset>> rows;
  for (const auto& [cost, subset] : found) rows.emplace_back(units.cost(cost), subset);
  std::ranges::sort(rows);
  for (const auto& [cost, subset] : rows) out.costs.push_back(cost), out.subsets.push_back(subset);
  return out;
}

/// What `k_best` should find, given all subsets.
inline vislabel::KBest k_best(const std::vector<Choice>& all, const CostUnits& units, std::int64_t k) {
  std::vector<std::pair<Cost, Subset>> found;
  for (const Choice& choice : cheapest(all, k)) found.emplace_back(choice.cost, members(choice.chosen));
  return k_best(std::move(found), units, k);
}

inline void require_same(const vislabel::KBest& found, const vislabel::KBest& expected) {
  REQUIRE(found.subsets == expected.subsets);
  REQUIRE(found.costs == expected.costs);
  REQUIRE(found.bound == expected.bound);
  REQUIRE(found.optimal);
  REQUIRE(expected.optimal);
}

/// Distinct subsets without conflicts, in order, each at its exact cost.
inline void require_subsets(const vislabel::KBest& found, const std::vector<double>& weights,
                            const ConflictGraph& conflicts) {
  const std::vector<Cost> costs = exact(weights);
  REQUIRE(found.subsets.size() == found.costs.size());
  for (std::size_t i = 0; i < found.subsets.size(); ++i) {
    const Subset& subset = found.subsets[i];
    REQUIRE(std::ranges::is_sorted(subset, std::less_equal<>()));
    Cost cost = 0;
    for (const std::int64_t n : subset) {
      cost += costs[static_cast<std::size_t>(n)];
      for (const std::int64_t m : subset) REQUIRE(!conflicts[n][static_cast<std::size_t>(m)]);
    }
    REQUIRE(units_of(weights).cost(cost) == found.costs[i]);
    if (i > 0)
      REQUIRE(std::pair(found.costs[i - 1], found.subsets[i - 1]) < std::pair(found.costs[i], subset));
  }
}

inline const std::vector<vislabel::KBestAlgorithm>& algorithms() {
  static const std::vector<vislabel::KBestAlgorithm> both{vislabel::KBestAlgorithm::best_first,
                                                          vislabel::KBestAlgorithm::dijkstra};
  return both;
}

// --- weights and conflicts ------------------------------------------------------------

enum class Weights { zero, ties, real, negative, positive, near, very_near, scales, doubling, decimal };

inline const std::vector<Weights>& weight_kinds() {
  static const std::vector<Weights> all{
      Weights::zero,     Weights::ties, Weights::ties,      Weights::real,   Weights::negative,
      Weights::positive, Weights::near, Weights::very_near, Weights::scales, Weights::doubling};
  return all;
}

inline std::vector<double> random_weights(Random& random, std::int64_t count, Weights kind) {
  std::vector<double> weights;
  for (std::int64_t n = 0; n < count; ++n) {
    const auto sign = static_cast<double>(random.between(-1, 1));
    double weight = 0;
    if (kind == Weights::ties) weight = sign;
    if (kind == Weights::real) weight = 2 * random.real() - 1;
    if (kind == Weights::negative) weight = -random.real();
    if (kind == Weights::positive) weight = random.real();
    if (kind == Weights::near) weight = -0.5 + 1e-9 * static_cast<double>(random.below(3));
    if (kind == Weights::very_near) weight = sign + 1e-12 * static_cast<double>(random.below(3));
    if (kind == Weights::scales) weight = sign * std::pow(10, static_cast<double>(random.between(-9, 6)));
    if (kind == Weights::decimal) weight = 0.1 * static_cast<double>(random.between(-9, 5));
    if (kind == Weights::doubling) weight = std::ldexp(n % 2 == 0 ? -1 : 1, static_cast<int>(n % 30));
    weights.push_back(weight);
  }
  return weights;
}

enum class Conflicts { none, clique, chain, nested, clusters, star, few, half, most };

inline const std::vector<Conflicts>& conflict_kinds() {
  static const std::vector<Conflicts> all{Conflicts::none,     Conflicts::clique, Conflicts::chain,
                                          Conflicts::nested,   Conflicts::star,   Conflicts::few,
                                          Conflicts::clusters, Conflicts::half,   Conflicts::most};
  return all;
}

/// N masks in random order.
inline ConflictGraph random_conflicts(Random& random, std::int64_t count, Conflicts kind) {
  Subset place(static_cast<std::size_t>(count));
  std::iota(place.begin(), place.end(), 0);
  for (std::size_t i = place.size(); i > 1; --i)
    std::swap(place[i - 1], place[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(i)))]);
  ConflictGraph graph(count);
  for (std::int64_t i = 0; i < count; ++i)
    for (std::int64_t j = 0; j < i; ++j) {
      bool connected = kind == Conflicts::clique;
      if (kind == Conflicts::chain) connected = i == j + 1;
      if (kind == Conflicts::star) connected = j == 0;
      if (kind == Conflicts::few) connected = random.one_in(6);
      if (kind == Conflicts::half) connected = random.one_in(2);
      if (kind == Conflicts::most) connected = !random.one_in(6);
      if (kind == Conflicts::clusters) connected = i % 4 == j % 4 && !random.one_in(8);
      if (kind == Conflicts::nested)  // a tree of parts: mask (i - 1) / 2 holds masks i
        for (std::int64_t outer = i; outer > 0 && !connected;) connected = (outer = (outer - 1) / 2) == j;
      if (connected) graph.connect(place[static_cast<std::size_t>(i)], place[static_cast<std::size_t>(j)]);
    }
  return graph;
}

/// All masks as one group, whether or not anything connects them.
inline vislabel::detail::MaskGroup one_group(const std::vector<Cost>& weights,
                                             const ConflictGraph& conflicts) {
  Subset all(weights.size());
  std::iota(all.begin(), all.end(), 0);
  std::vector<std::size_t> numbers(weights.size());
  return vislabel::detail::mask_group(std::move(all), weights, conflicts, numbers);
}

/// The masks of a set of a group, ascending.
inline Subset members(const vislabel::detail::MaskGroup& group, const vislabel::detail::MemberSet& set) {
  Subset out;
  for (std::size_t v = 0; v < group.count(); ++v)
    if (vislabel::detail::contains(set, v)) out.push_back(group.masks[v]);
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace oracle
