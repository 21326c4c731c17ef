// Stage 2 of GBOpt: the costs between two frames of 480 x 854 with K = 10 subsets each, the paths through a
// video of 180, and both stages together on 16 frames.
#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <vector>
#include <vislabel/path/select_masks.hpp>

#include "scenes.hpp"

namespace {

using vislabel::Masks;
using vislabel::Table;
using vislabel::exec::Omp;
using vislabel::exec::Seq;

void flow_cost(benchmark::State& state) {
  const bench::Scene frame = bench::scene(1);
  const Masks masks = frame.packed();
  const auto best = vislabel::k_best(masks, frame.background_map());
  for (auto _ : state)
    benchmark::DoNotOptimize(
        vislabel::flow_cost(vislabel::exec::Seq{}, masks, frame.flow_map(), best.subsets));
}

void consistency_cost(benchmark::State& state) {
  std::array<Masks, 2> united;
  for (std::size_t t = 0; t < united.size(); ++t) {
    const bench::Scene frame = bench::scene(1 + t);
    const Masks masks = frame.packed();
    united[t] = foregrounds(Seq{}, masks, vislabel::k_best(masks, frame.background_map()).subsets);
  }
  for (auto _ : state) benchmark::DoNotOptimize(consistency_cost(Seq{}, united[0], united[1]));
}

void shortest_paths(benchmark::State& state) {
  constexpr std::int64_t frames = 180, k = 10;
  bench::Random random(1);
  std::vector<std::vector<double>> unary(frames, std::vector<double>(k));
  std::vector<Table> pairwise(frames - 1, Table(k, k));
  for (auto& costs : unary)
    for (double& cost : costs) cost = random.real(0, 1);
  for (Table& costs : pairwise)
    for (double& cost : costs.reshaped()) cost = random.real(-1, 1);
  for (auto _ : state) benchmark::DoNotOptimize(vislabel::shortest_paths(unary, pairwise, state.range(0)));
}

template <class P>
void select_masks(benchmark::State& state, P policy) {
  constexpr std::uint64_t count = 16;
  std::vector<bench::Scene> scenes;
  for (std::uint64_t t = 0; t < count; ++t) scenes.push_back(bench::scene(1 + t));
  std::vector<vislabel::ProposalFrame<float>> frames;
  for (const bench::Scene& frame : scenes)
    frames.push_back({frame.packed(), frame.background_map(), frame.flow_map()});
  const std::span<const vislabel::ProposalFrame<float>> given = frames;
  for (auto _ : state) benchmark::DoNotOptimize(vislabel::select_masks(policy, given));
}

BENCHMARK(flow_cost)->Unit(benchmark::kMicrosecond);
BENCHMARK(consistency_cost)->Unit(benchmark::kMicrosecond);
BENCHMARK(shortest_paths)->Arg(1)->Arg(10)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(select_masks, one_thread, Seq{})->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(select_masks, two_threads, Omp{2})->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
