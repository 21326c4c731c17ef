#include <doctest/doctest.h>

#include <vislabel/path/layered_graph.hpp>

#include "scenes.hpp"

using namespace vislabel;

namespace {

constexpr double unreachable = std::numeric_limits<double>::infinity();

using Unary = std::vector<std::vector<double>>;
using Pairwise = std::vector<Table>;
using Labels = std::vector<std::int64_t>;

enum class Costs { integers, real, near, forbidden };

double random_cost(oracle::Random& random, Costs kind) {
  if (kind == Costs::forbidden && random.one_in(4)) return unreachable;
  if (kind == Costs::near) return 0.5 + 1e-12 * static_cast<double>(random.below(3));
  if (kind == Costs::real) return 10 * random.real() - 5;
  return static_cast<double>(random.between(-2, 2));
}

struct Graph {
  Unary unary;
  Pairwise pairwise;

  [[nodiscard]] ShortestPaths best(std::int64_t paths) const {
    return shortest_paths(unary, pairwise, paths);
  }
};

Graph random_graph(oracle::Random& random, const std::vector<std::int64_t>& labels, Costs kind) {
  Graph graph;
  for (const std::int64_t count : labels) {
    if (!graph.unary.empty()) {
      Table& table = graph.pairwise.emplace_back(static_cast<Eigen::Index>(graph.unary.back().size()), count);
      for (double& cost : table.reshaped()) cost = random_cost(random, kind);
    }
    graph.unary.emplace_back();
    for (std::int64_t k = 0; k < count; ++k) graph.unary.back().push_back(random_cost(random, kind));
  }
  return graph;
}

/// All sequences of labels that nothing forbids, by cost, then by labels.
std::vector<std::pair<double, Labels>> all_paths(const Graph& graph) {
  std::vector<std::pair<double, Labels>> paths{{0, {}}};
  for (std::size_t t = 0; t < graph.unary.size(); ++t) {
    std::vector<std::pair<double, Labels>> longer;
    for (const auto& [cost, labels] : paths)
      for (std::size_t k = 0; k < graph.unary[t].size(); ++k) {
        const double own = graph.unary[t][k];
        const double step = t == 0 ? 0 : graph.pairwise[t - 1](labels.back(), static_cast<Eigen::Index>(k));
        if (own == unreachable || step == unreachable) continue;
        longer.emplace_back(cost + step + own, labels).second.push_back(static_cast<std::int64_t>(k));
      }
    paths = std::move(longer);
  }
  std::ranges::sort(paths);
  return paths;
}

Labels labels_of(const ShortestPaths& paths, Eigen::Index p) {
  return {paths.labels.row(p).begin(), paths.labels.row(p).end()};
}

}  // namespace

TEST_CASE("a path costs its frames and its steps") {
  const Graph graph{{{1, 0}, {0, 5}}, {(Table(2, 2) << 3, 0, 5, -1).finished()}};
  const ShortestPaths best = graph.best(9);  // 0-0: 4, 0-1: 6, 1-0: 5, 1-1: 4
  CHECK(best.costs == std::vector<double>{4, 4, 5, 6});
  CHECK(labels_of(best, 0) == Labels{0, 0});
  CHECK(labels_of(best, 1) == Labels{1, 1});
  CHECK(labels_of(best, 2) == Labels{1, 0});
  CHECK(labels_of(best, 3) == Labels{0, 1});
}

TEST_CASE("the last frame's own cost counts") {
  const Graph graph{{{0}, {7, 3, 5}}, {Table::Zero(1, 3)}};
  CHECK(graph.best(1).costs == std::vector<double>{3});
  CHECK(labels_of(graph.best(1), 0) == Labels{0, 1});
}

TEST_CASE("no frames: one path without labels; a frame without labels: no path") {
  const ShortestPaths none = Graph{}.best(3);
  CHECK(none.costs == std::vector<double>{0});
  CHECK(none.labels.rows() == 1);
  CHECK(none.labels.cols() == 0);
  for (const Graph& graph :
       {Graph{{{}}, {}}, Graph{{{1, 2}, {}}, {Table(2, 0)}}, Graph{{{}, {1, 2}}, {Table(0, 2)}},
        Graph{{{1}, {}, {1}}, {Table(1, 0), Table(0, 1)}}}) {
    CHECK(graph.best(2).costs.empty());
    CHECK(graph.best(2).labels.rows() == 0);
    CHECK(graph.best(2).labels.cols() == static_cast<Eigen::Index>(graph.unary.size()));
  }
}

TEST_CASE("one frame: its labels by cost") {
  const Graph graph{{{2, unreachable, -1, 2}}, {}};
  const ShortestPaths best = graph.best(9);
  CHECK(best.costs == std::vector<double>{-1, 2, 2});
  CHECK((best.labels == (IndexTable(3, 1) << 2, 0, 3).finished()).all());
}

TEST_CASE("infinite costs forbid labels and steps, up to forbidding all") {
  Table only = Table::Constant(2, 2, unreachable);
  CHECK(Graph{{{0, 0}, {0, 0}}, {only}}.best(3).costs.empty());
  only(1, 0) = 4;
  CHECK(labels_of(Graph{{{0, 0}, {0, 0}}, {only}}.best(3), 0) == Labels{1, 0});
  CHECK(Graph{{{0, unreachable}, {0, 0}}, {only}}.best(3).costs.empty());
  CHECK(Graph{{{unreachable, unreachable}}, {}}.best(3).costs.empty());
}

TEST_CASE("equal costs come by lexicographically smaller labels") {
  const Graph graph{{{0, 0}, {0, 0}, {0, 0}}, {Table::Zero(2, 2), Table::Zero(2, 2)}};
  const ShortestPaths best = graph.best(100);
  REQUIRE(best.costs == std::vector<double>(8, 0.0));
  for (Eigen::Index p = 0; p < 8; ++p) CHECK(labels_of(best, p) == Labels{p >> 2, p >> 1 & 1, p & 1});
}

TEST_CASE("the best paths are those among all") {
  oracle::Random random(411);
  for (int round = 0; round < 2500; ++round) {
    std::vector<std::int64_t> sizes;
    std::int64_t sequences = 1;
    for (std::int64_t t = random.below(8); t > 0; --t) {
      sizes.push_back(random.one_in(60) ? 0 : random.between(1, 5));
      if ((sequences *= sizes.back()) > 1500) break;
    }
    const Costs kind =
        random.any_of(std::vector{Costs::integers, Costs::forbidden, Costs::real, Costs::near});
    const Graph graph = random_graph(random, sizes, kind);
    const std::int64_t paths = random.any_of(std::vector<std::int64_t>{1, 1, 2, 3, 7, 20, 1'000'000});
    const std::vector<std::pair<double, Labels>> expected = all_paths(graph);
    const ShortestPaths found = graph.best(paths);
    REQUIRE(found.costs.size() == std::min(expected.size(), static_cast<std::size_t>(paths)));
    REQUIRE(found.labels.rows() == static_cast<Eigen::Index>(found.costs.size()));
    REQUIRE(found.labels.cols() == static_cast<Eigen::Index>(graph.unary.size()));
    for (std::size_t p = 0; p < found.costs.size(); ++p) {
      const std::pair own(found.costs[p], labels_of(found, static_cast<Eigen::Index>(p)));
      REQUIRE(own.first == expected[p].first);
      // Where sums are rounded, a path may have lost its tie in an earlier frame.
      if (kind == Costs::near) REQUIRE(std::ranges::binary_search(expected, own));
      if (kind != Costs::near) REQUIRE(own.second == expected[p].second);
      if (p > 0)
        REQUIRE(std::pair(found.costs[p - 1], labels_of(found, static_cast<Eigen::Index>(p - 1))) < own);
    }
  }
}

TEST_CASE("twenty thousand frames take one pass over them") {
  oracle::Random random(412);
  const Graph graph = random_graph(random, std::vector<std::int64_t>(20'000, 3), Costs::integers);
  std::vector<double> least = graph.unary[0];
  for (std::size_t t = 1; t < graph.unary.size(); ++t) {
    std::vector<double> next;
    for (Eigen::Index k = 0; k < 3; ++k) {
      double best = unreachable;
      for (Eigen::Index i = 0; i < 3; ++i)
        best = std::min(best, least[static_cast<std::size_t>(i)] + graph.pairwise[t - 1](i, k));
      next.push_back(best + graph.unary[t][static_cast<std::size_t>(k)]);
    }
    least = next;
  }
  const ShortestPaths found = graph.best(5);
  REQUIRE(found.costs.size() == 5);
  CHECK(found.costs[0] == *std::ranges::min_element(least));
  for (Eigen::Index p = 0; p < 5; ++p) {
    double cost = 0;
    for (Eigen::Index t = 0; t < 20'000; ++t) {
      const std::int64_t label = found.labels(p, t);
      cost += graph.unary[static_cast<std::size_t>(t)][static_cast<std::size_t>(label)];
      if (t > 0) cost += graph.pairwise[static_cast<std::size_t>(t - 1)](found.labels(p, t - 1), label);
    }
    CHECK(cost == found.costs[static_cast<std::size_t>(p)]);
    if (p > 0)
      CHECK(std::pair(found.costs[static_cast<std::size_t>(p - 1)], labels_of(found, p - 1)) <
            std::pair(cost, labels_of(found, p)));
  }
}

TEST_CASE("bad input is refused") {
  const auto message = [](const Unary& unary, const Pairwise& pairwise, std::int64_t paths = 1) {
    return oracle::error_of([&] { return shortest_paths(unary, pairwise, paths); });
  };
  const Table table = Table::Zero(1, 2);
  CHECK(message({{0}, {0, 0}}, {table}) == "(no error)");
  CHECK(message({{0}, {0, 0}}, {}) == "pairwise has 0 tables, expected 1, one between each two of 2 frames");
  CHECK(message({{0}}, {table}) == "pairwise has 1 tables, expected 0, one between each two of 1 frames");
  CHECK(message({}, {table}) == "pairwise has 1 tables, expected 0, one between each two of 0 frames");
  CHECK(message({{0, 0}, {0}}, {table}) ==
        "pairwise[0] is [1, 2], expected [2, 1], the labels of frames 0 and 1");
  CHECK(message({{0}, {0}}, {table}) ==
        "pairwise[0] is [1, 2], expected [1, 1], the labels of frames 0 and 1");
  CHECK(message({{0}, {0, std::nan("")}}, {table}) ==
        "unary[1] holds nan, expected finite costs, or infinity where forbidden");
  CHECK(message({{-unreachable}, {0, 0}}, {table}) ==
        "unary[0] holds -inf, expected finite costs, or infinity where forbidden");
  CHECK(message({{0}, {0, 0}}, {Table::Constant(1, 2, std::nan(""))}) ==
        "pairwise[0] holds nan, expected finite costs, or infinity where forbidden");
  CHECK(message({{0}, {0, 0}}, {Table::Constant(1, 2, -unreachable)}) ==
        "pairwise[0] holds -inf, expected finite costs, or infinity where forbidden");
  CHECK(message({{0}}, {}, 0) == "paths is 0, expected 1 to 1000000");
  CHECK(message({{0}}, {}, 1'000'001) == "paths is 1000001, expected 1 to 1000000");
  CHECK(message({{0}}, {}, 1'000'000) == "(no error)");
}
