#include <doctest/doctest.h>

#include <vislabel/path/k_best.hpp>

#include "subsets.hpp"

using namespace vislabel;
using detail::Cost;
using oracle::Conflicts;
using oracle::Subset;
using oracle::Subsets;
using oracle::Weights;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Both algorithms, against all subsets.
void require_k_best(const std::vector<double>& weights, const ConflictGraph& conflicts, std::int64_t k) {
  const KBest expected =
      oracle::k_best(oracle::choices(oracle::exact(weights), conflicts), oracle::units_of(weights), k);
  for (const KBestAlgorithm algorithm : oracle::algorithms())
    oracle::require_same(k_best(weights, conflicts, {k, algorithm}), expected);
}

/// Masks as intervals of a line, numbered from the left.
struct Intervals {
  std::vector<double> weights;
  ConflictGraph conflicts;
  std::vector<std::size_t> next;  // the first one that lies behind
};

Intervals random_intervals(oracle::Random& random, std::int64_t count, std::int64_t longest, Weights kind) {
  std::vector<std::pair<std::int64_t, std::int64_t>> spans;
  for (std::int64_t n = 0; n < count; ++n) {
    const std::int64_t left = random.below(4 * count);
    spans.emplace_back(left, left + random.below(longest));
  }
  std::ranges::sort(spans);
  Intervals out{oracle::random_weights(random, count, kind), ConflictGraph(count), {}};
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t j = i + 1;
    while (j < count && spans[static_cast<std::size_t>(j)].first <= spans[static_cast<std::size_t>(i)].second)
      out.conflicts.connect(i, j++);
    out.next.push_back(static_cast<std::size_t>(j));
  }
  return out;
}

/// By dynamic programming, from the right: the k + 1 cheapest subsets with or without each interval.
KBest k_best_of(const Intervals& intervals, std::size_t k) {
  const std::vector<Cost> weights = oracle::exact(intervals.weights);
  const detail::CostUnits units = oracle::units_of(intervals.weights);
  using Entry = std::pair<Cost, Subset>;
  std::vector<std::vector<Entry>> best(weights.size() + 1);
  best.back() = {{0, {}}};
  for (std::size_t i = weights.size(); i-- > 0;) {
    best[i] = best[i + 1];
    for (const auto& [cost, subset] : best[intervals.next[i]]) {
      Subset with{static_cast<std::int64_t>(i)};
      with.insert(with.end(), subset.begin(), subset.end());
      best[i].emplace_back(cost + weights[i], std::move(with));
    }
    std::ranges::sort(best[i]);
    if (best[i].size() > k + 1) best[i].resize(k + 1);
  }
  return oracle::k_best(std::move(best[0]), units, static_cast<std::int64_t>(k));
}

}  // namespace

TEST_CASE("three disjoint masks with penalties 1, 1.5 and 2: the third path is found") {
  // The best subset holds all three; leaving one out costs its penalty. The paper's procedure, which forgets
  // what it has forbidden before, goes back and forth between the first two.
  for (const KBestAlgorithm algorithm : oracle::algorithms()) {
    const KBest found = k_best(std::vector<double>{-1, -1.5, -2}, ConflictGraph(3), {4, algorithm});
    CHECK(found.subsets == Subsets{{0, 1, 2}, {1, 2}, {0, 2}, {0, 1}});
    CHECK(found.costs == std::vector<double>{-4.5, -3.5, -3, -2.5});
    CHECK(found.bound == -2);
    CHECK(found.optimal);
    const KBest flipped = k_best(std::vector<double>{1, 1.5, 2}, ConflictGraph(3), {5, algorithm});
    CHECK(flipped.subsets == Subsets{{}, {0}, {1}, {2}, {0, 1}});
    CHECK(flipped.costs == std::vector<double>{0, 1, 1.5, 2, 2.5});
  }
}

TEST_CASE("without masks the empty subset is all there is") {
  for (const KBestAlgorithm algorithm : oracle::algorithms()) {
    const KBest found = k_best(std::vector<double>{}, ConflictGraph(), {3, algorithm});
    CHECK(found.subsets == Subsets{{}});
    CHECK(found.costs == std::vector<double>{0});
    CHECK(found.optimal);
    CHECK(found.bound == infinity);
  }
}

TEST_CASE("one mask is chosen, or not") {
  for (const double weight : {-2.0, 0.0, 2.0})
    for (const std::int64_t k : {1, 2, 3}) require_k_best({weight}, ConflictGraph(1), k);
}

TEST_CASE("equal costs come by lexicographically smaller subset, {} first") {
  for (const KBestAlgorithm algorithm : oracle::algorithms()) {
    CHECK(k_best(std::vector<double>{0, 0, 0}, ConflictGraph(3), {8, algorithm}).subsets ==
          Subsets{{}, {0}, {0, 1}, {0, 1, 2}, {0, 2}, {1}, {1, 2}, {2}});
    CHECK(k_best(std::vector<double>{1, -1, 1, -1}, ConflictGraph(4), {4, algorithm}).subsets ==
          Subsets{{1, 3}, {0, 1, 3}, {1}, {1, 2, 3}});
  }
}

TEST_CASE("sixty free masks: the first ten subsets of 2^60 that cost the same") {
  const std::vector<double> weights(60, 0.0);
  Subsets expected{{}};
  for (std::int64_t n = 0; n < 9; ++n) {
    expected.push_back(expected.back());
    expected.back().push_back(n);
  }
  for (const KBestAlgorithm algorithm : oracle::algorithms()) {
    const KBest found = k_best(weights, ConflictGraph(60), {10, algorithm});
    CHECK(found.subsets == expected);
    CHECK(found.costs == std::vector<double>(10, 0.0));
    CHECK(found.bound == 0);
    CHECK(found.optimal);
    CHECK(found.nodes < 10'000);
  }
}

TEST_CASE("the K best are those among all subsets of a few masks") {
  oracle::Random random(391);
  for (int round = 0; round < 6000; ++round) {
    const std::int64_t count = random.below(9);
    const ConflictGraph graph =
        oracle::random_conflicts(random, count, random.any_of(oracle::conflict_kinds()));
    require_k_best(oracle::random_weights(random, count, random.any_of(oracle::weight_kinds())), graph,
                   random.any_of(std::vector<std::int64_t>{1, 2, 3, 10, 25, 300}));
  }
}

TEST_CASE("the K best are those among all subsets of 9 to 16 masks") {
  oracle::Random random(392);
  for (int round = 0; round < 500; ++round) {
    const std::int64_t count = round < 60 ? 16 : random.between(9, 14);
    const ConflictGraph graph =
        oracle::random_conflicts(random, count, random.any_of(oracle::conflict_kinds()));
    require_k_best(oracle::random_weights(random, count, random.any_of(oracle::weight_kinds())), graph,
                   random.any_of(std::vector<std::int64_t>{1, 5, 10, 10, 40}));
  }
}

TEST_CASE("a K beyond the number of feasible subsets gives all of them") {
  oracle::Random random(393);
  for (const Conflicts kind : oracle::conflict_kinds()) {
    const ConflictGraph graph = oracle::random_conflicts(random, 9, kind);
    require_k_best(oracle::random_weights(random, 9, Weights::real), graph, 1000);
    require_k_best(oracle::random_weights(random, 9, Weights::ties), graph, 1000);
  }
  for (const std::int64_t k : {7, 8, 9}) require_k_best({-1, -1.5, -2}, ConflictGraph(3), k);
}

TEST_CASE("the K best of up to 200 masks on a line are those of dynamic programming") {
  oracle::Random random(394);
  for (int round = 0; round < 120; ++round) {
    const std::int64_t count = round < 8 ? 200 : random.between(20, 120);
    const Weights kind = random.any_of(oracle::weight_kinds());
    const Intervals intervals = random_intervals(random, count, random.between(2, 40), kind);
    const std::int64_t k = random.any_of(std::vector<std::int64_t>{1, 10, 10, 30});
    const KBest expected = k_best_of(intervals, static_cast<std::size_t>(k));
    for (const KBestAlgorithm algorithm : oracle::algorithms())
      oracle::require_same(k_best(intervals.weights, intervals.conflicts, {k, algorithm}), expected);
  }
}

TEST_CASE("both algorithms give the same for up to 200 masks in clusters, also with more than 64 in one") {
  oracle::Random random(395);
  for (int round = 0; round < 60; ++round) {
    const std::int64_t count = random.between(50, 200),
                       clusters = random.any_of(std::vector<std::int64_t>{1, 2, 7, 20});
    ConflictGraph graph(count);
    for (std::int64_t i = 0; i < count; ++i)
      for (std::int64_t j = 0; j < i; ++j)
        if (i % clusters == j % clusters && !random.one_in(10)) graph.connect(i, j);
    const std::vector<double> weights =
        oracle::random_weights(random, count, random.any_of(oracle::weight_kinds()));
    const KBest found = k_best(weights, graph),
                other = k_best(weights, graph, {.algorithm = KBestAlgorithm::dijkstra});
    REQUIRE(found.subsets == other.subsets);
    REQUIRE(found.costs == other.costs);
    REQUIRE(found.bound == other.bound);
    REQUIRE(found.optimal);
    REQUIRE(other.optimal);
    REQUIRE(found.subsets.size() == 10);
    oracle::require_subsets(found, weights, graph);
  }
}

TEST_CASE("the cheapest sums of one entry of each of several lists") {
  oracle::Random random(399);
  for (int round = 0; round < 500; ++round) {
    const auto count = static_cast<std::size_t>(random.between(1, 12));
    detail::CheapestSums sums(count);
    CHECK(sums.costs().size() == 1);
    std::vector<Cost> all{0};
    std::vector<std::vector<detail::FoundSet>> lists;
    for (std::int64_t l = random.below(5); l > 0; --l) {
      std::vector<detail::FoundSet>& list = lists.emplace_back();
      std::vector<Cost> longer;
      for (std::int64_t i = random.below(8); i >= 0; --i) list.push_back({random.below(9), {}});
      std::ranges::sort(list, {}, &detail::FoundSet::cost);
      for (const Cost cost : all)
        for (const detail::FoundSet& set : list) longer.push_back(cost + set.cost);
      all = std::move(longer);
      sums.add(list);
    }
    std::ranges::sort(all);
    if (all.size() > count) all.resize(count);
    REQUIRE(sums.costs().size() == all.size());
    Subsets seen;
    for (std::size_t i = 0; i < all.size(); ++i) {
      REQUIRE((sums.costs()[i] == all[i]));
      const std::vector<std::size_t> entries = sums.entries(i);
      REQUIRE(entries.size() == lists.size());
      Cost cost = 0;
      for (std::size_t l = 0; l < lists.size(); ++l) cost += lists[l].at(entries[l]).cost;
      REQUIRE((cost == all[i]));
      seen.emplace_back(entries.begin(), entries.end());
    }
    std::ranges::sort(seen);
    REQUIRE(std::ranges::adjacent_find(seen) == seen.end());
  }
}

TEST_CASE("what doubles cannot tell apart is told apart before rounding, then ordered as doubles are") {
  // {0, 1} costs less than {0}, by less than a double of that size can hold.
  for (const KBestAlgorithm algorithm : oracle::algorithms()) {
    const KBest found = k_best(std::vector<double>{1e6, -1e-12}, ConflictGraph(2), {4, algorithm});
    CHECK(found.costs == std::vector<double>{-1e-12, 0, 1e6, 1e6});
    CHECK(found.subsets == Subsets{{1}, {}, {0}, {0, 1}});
  }
}

TEST_CASE("bad input is refused") {
  const auto message = [](const std::vector<double>& weights, std::int64_t count,
                          const KBestOptions& options = {}) {
    return oracle::error_of([&] { return k_best(weights, ConflictGraph(count), options); });
  };
  CHECK(message({1, 2}, 2) == "(no error)");
  CHECK(message({1, 2}, 3) == "conflicts has 3 masks, expected 2, as many as weights");
  CHECK(message({1, std::nan("")}, 2) == "weights[1] is nan, expected a finite number");
  CHECK(message({-infinity}, 1) == "weights[0] is -inf, expected a finite number");
  CHECK(message({1e308, 1e308}, 2) == "weights adds up to inf, expected a finite sum");
  CHECK(message({1}, 1, {.k = 0}) == "k is 0, expected 1 to 1000000");
  CHECK(message({1}, 1, {.k = 1'000'001}) == "k is 1000001, expected 1 to 1000000");
  CHECK(message({1}, 1, {.k = 1'000'000}) == "(no error)");
  CHECK(message({1}, 1, {.max_nodes = 0}) == "max_nodes is 0, expected at least 1");
}
