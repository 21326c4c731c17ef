// Stage 1 of GBOpt: the K best subsets of a frame of 480 x 854, and the search alone on the conflict graphs
// of crowds, ten proposals to a person.
#include <benchmark/benchmark.h>

#include <vector>
#include <vislabel/path/k_best.hpp>

#include "scenes.hpp"

namespace {

using vislabel::ConflictGraph;
using vislabel::KBest;
using vislabel::KBestAlgorithm;
using vislabel::exec::Seq;

void pack_masks(benchmark::State& state) {
  const bench::Scene frame = bench::scene(1);
  for (auto _ : state) benchmark::DoNotOptimize(frame.packed());
}

void submasks(benchmark::State& state) {
  const auto masks = bench::scene(1).packed();
  for (auto _ : state) benchmark::DoNotOptimize(vislabel::submasks(masks));
}

void background_cost(benchmark::State& state) {
  const bench::Scene frame = bench::scene(1);
  const auto masks = frame.packed();
  for (auto _ : state) benchmark::DoNotOptimize(vislabel::background_cost(masks, frame.background_map()));
}

void k_best(benchmark::State& state, bool from_dense) {
  const bench::Scene frame = bench::scene(1);
  const auto masks = frame.packed();
  for (auto _ : state)
    benchmark::DoNotOptimize(vislabel::k_best(from_dense ? frame.packed() : masks, frame.background_map()));
}

/// Graphs of N masks, and what each mask adds to the cost.
struct Crowd {
  std::vector<double> weights;
  ConflictGraph conflicts;

  Crowd(std::int64_t count, bool parts) {
    bench::Random random(static_cast<std::uint64_t>(count));
    const auto people = bench::people(random, std::max<std::int64_t>(2, count / 10));
    const bench::Scene frame(random, people, count, parts);
    const auto masks = frame.packed();
    weights = vislabel::background_cost(masks, frame.background_map()).per_mask;
    conflicts = vislabel::conflict_graph(masks);
  }
};

void search(benchmark::State& state, KBestAlgorithm algorithm, bool parts) {
  const Crowd crowd(state.range(0), parts);
  std::int64_t nodes = 0;
  for (auto _ : state) {
    const KBest best = vislabel::k_best(crowd.weights, crowd.conflicts, {.algorithm = algorithm});
    benchmark::DoNotOptimize(best.costs.data());
    nodes = best.nodes;
  }
  state.counters["nodes"] = static_cast<double>(nodes);
  state.counters["conflicts"] = static_cast<double>(crowd.conflicts.edges());
}

BENCHMARK(pack_masks)->Unit(benchmark::kMicrosecond);
BENCHMARK(submasks)->Unit(benchmark::kMicrosecond);
BENCHMARK(background_cost)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(k_best, from_dense, true)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(k_best, packed, false)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(search, best_first, KBestAlgorithm::best_first, false)
    ->Arg(15)
    ->Arg(30)
    ->Arg(60)
    ->Arg(100)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(search, best_first_parts, KBestAlgorithm::best_first, true)
    ->Arg(15)
    ->Arg(100)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(search, dijkstra, KBestAlgorithm::dijkstra, false)
    ->Arg(15)
    ->Arg(30)
    ->Arg(60)
    ->Arg(100)
    ->Unit(benchmark::kMicrosecond);

}  // namespace
