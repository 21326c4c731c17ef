#include <doctest/doctest.h>

#include <vislabel/path/conflict_graph.hpp>

#include "scenes.hpp"

using namespace vislabel;
using oracle::Dense;

namespace {

ConflictGraph graph_of(std::int64_t count, const std::vector<std::pair<std::int64_t, std::int64_t>>& edges) {
  ConflictGraph graph(count);
  for (const auto& [i, j] : edges) graph.connect(i, j);
  return graph;
}

}  // namespace

TEST_CASE("masks that share a pixel conflict; with a tolerance, those that share more") {
  const Masks masks = oracle::packed(
      {1, 9}, {oracle::drawn({"####....."}), oracle::drawn({"..####..."}), oracle::drawn({".....####"})});
  CHECK(conflict_graph(masks) == graph_of(3, {{0, 1}, {1, 2}}));
  CHECK(conflict_graph(masks, 1) == graph_of(3, {{0, 1}}));
  CHECK(conflict_graph(masks, 2) == graph_of(3, {}));
}

TEST_CASE("shared pixels are counted over all regions that two masks share") {
  // 0 and 1 share three pixels, of which one belongs to mask 2 also.
  const Masks masks =
      oracle::packed({1, 5}, {oracle::drawn({"####."}), oracle::drawn({".####"}), oracle::drawn({"..#.."})});
  CHECK(conflict_graph(masks, 2) == graph_of(3, {{0, 1}}));
  CHECK(conflict_graph(masks, 3) == graph_of(3, {}));
}

TEST_CASE("conflicts are those counted pixel by pixel") {
  oracle::Random random(331);
  for (const Size size : oracle::awkward_sizes()) {
    if (size.pixels() > 20'000) continue;
    for (int round = 0; round < 4; ++round) {
      const std::vector<Dense> dense = round < 2 ? oracle::random_proposals(random, size, 9)
                                                 : oracle::random_masks(random, size, round * 2);
      const Masks masks = oracle::packed(size, dense);
      for (const std::int64_t tolerance :
           {std::int64_t{0}, std::int64_t{1}, random.below(1 + size.pixels())}) {
        const ConflictGraph graph = conflict_graph(masks, tolerance);
        std::int64_t edges = 0;
        REQUIRE(graph.count() == masks.count());
        for (std::int64_t i = 0; i < masks.count(); ++i)
          for (std::int64_t j = 0; j < masks.count(); ++j) {
            const bool expected = i != j && oracle::common(dense[static_cast<std::size_t>(i)],
                                                           dense[static_cast<std::size_t>(j)]) > tolerance;
            REQUIRE(graph[i][static_cast<std::size_t>(j)] == expected);
            edges += expected && j < i ? 1 : 0;
          }
        REQUIRE(graph.edges() == edges);
      }
    }
  }
}

TEST_CASE("a graph and its table hold the same") {
  oracle::Random random(332);
  for (std::int64_t count = 0; count < 70; count += 1 + count / 3) {
    BoolTable table = BoolTable::Constant(count, count, false);
    for (std::int64_t i = 0; i < count; ++i)
      for (std::int64_t j = 0; j < i; ++j) table(i, j) = table(j, i) = random.one_in(3);
    const ConflictGraph graph = conflict_graph(table);
    CHECK(graph.count() == count);
    CHECK(graph.edges() == table.count() / 2);
    CHECK((conflict_table(graph) == table).all());
    for (std::int64_t i = 0; i < count; ++i)
      for (std::int64_t j = 0; j < count; ++j) REQUIRE(graph[i][static_cast<std::size_t>(j)] == table(i, j));
  }
}

TEST_CASE("connecting twice is connecting once, in either order") {
  CHECK(graph_of(3, {{0, 2}, {2, 0}, {0, 2}}).edges() == 1);
  CHECK(graph_of(3, {{0, 2}}) == graph_of(3, {{2, 0}}));
}

TEST_CASE("bad input is refused") {
  const Masks masks = oracle::packed({1, 2}, {oracle::drawn({"#."})});
  CHECK(oracle::error_of([&] { return conflict_graph(masks, -1); }) ==
        "max_overlap is -1, expected at least 0 pixels");
  CHECK(oracle::error_of([] { return ConflictGraph(-1); }) == "count is -1, expected at least 0");
  CHECK(oracle::error_of([] { return graph_of(2, {{0, 2}}); }) ==
        "conflict of masks 0 and 2, expected two different ones of 2");
  CHECK(oracle::error_of([] { return graph_of(2, {{-1, 0}}); }) ==
        "conflict of masks -1 and 0, expected two different ones of 2");
  CHECK(oracle::error_of([] { return graph_of(2, {{2, 0}}); }) ==
        "conflict of masks 2 and 0, expected two different ones of 2");
  CHECK(oracle::error_of([] { return graph_of(2, {{0, -1}}); }) ==
        "conflict of masks 0 and -1, expected two different ones of 2");
  CHECK(oracle::error_of([] { return graph_of(2, {{1, 1}}); }) ==
        "conflict of masks 1 and 1, expected two different ones of 2");
  CHECK(oracle::error_of([] { return conflict_graph(BoolTable::Constant(2, 3, false)); }) ==
        "conflicts is [2, 3], expected as many rows as columns");
  BoolTable table = BoolTable::Constant(3, 3, false);
  table(0, 2) = true;
  CHECK(oracle::error_of([&] { return conflict_graph(table); }) ==
        "conflicts[2, 0] is not conflicts[0, 2], expected a symmetric table");
  table(2, 0) = table(1, 1) = true;
  CHECK(oracle::error_of([&] { return conflict_graph(table); }) ==
        "conflicts[1, 1] is true, expected false: a mask and itself");
}
