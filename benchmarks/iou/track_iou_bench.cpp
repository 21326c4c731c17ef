// IoU of masks and of tracks, beside a merge of runs. Items are pairs of masks.
#include <benchmark/benchmark.h>

#include <vislabel/iou/mask_iou.hpp>
#include <vislabel/iou/track_iou.hpp>

#include "../bench_masks.hpp"

namespace {

using bench::hd;
using vislabel::OverTime;
using vislabel::exec::Omp;
using vislabel::exec::Seq;

void mask_iou_of_runs(benchmark::State& state, double ragged) {
  const auto a = bench::masks(100, ragged), b = bench::masks(100, ragged, 2);
  for (auto _ : state) {
    std::int64_t sum = 0;
    for (const auto& one : a)
      for (const auto& other : b) sum += bench::common_of_runs(one, other);
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * 100 * 100);
}

void mask_iou(benchmark::State& state, double ragged) {
  const auto rles = bench::masks(100, ragged), others = bench::masks(100, ragged, 2);
  const auto a = pack(Seq{}, hd, rles), b = pack(Seq{}, hd, others);
  if (intersection_and_union(Seq{}, a, b).intersection(3, 4) != bench::common_of_runs(rles[3], others[4]))
    state.SkipWithError("not what the runs have in common");
  for (auto _ : state) benchmark::DoNotOptimize(vislabel::mask_iou(Seq{}, a, b));
  state.SetItemsProcessed(state.iterations() * 100 * 100);
}

void mask_iou_with_packing(benchmark::State& state, double ragged) {
  const auto a = bench::masks(100, ragged), b = bench::masks(100, ragged, 2);
  for (auto _ : state)
    benchmark::DoNotOptimize(vislabel::mask_iou(Seq{}, pack(Seq{}, hd, a), pack(Seq{}, hd, b)));
  state.SetItemsProcessed(state.iterations() * 100 * 100);
}

template <class P>
void track_iou(benchmark::State& state, P policy, OverTime over_time) {
  static const auto a = bench::tracks(100, 36);
  std::vector<std::int64_t> few(20);
  for (std::size_t n = 0; n < few.size(); ++n) few[n] = 5 * static_cast<std::int64_t>(n);
  const auto b = a.select(few);
  for (auto _ : state) benchmark::DoNotOptimize(vislabel::track_iou(policy, a, b, {.over_time = over_time}));
  state.SetItemsProcessed(state.iterations() * 100 * 20 * 36);
}

BENCHMARK_CAPTURE(mask_iou_of_runs, smooth, 0.0)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(mask_iou_of_runs, ragged, 1.5)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(mask_iou, smooth, 0.0)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(mask_iou, ragged, 1.5)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(mask_iou_with_packing, smooth, 0.0)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(mask_iou_with_packing, ragged, 1.5)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(track_iou, volume, Seq{}, OverTime::volume)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(track_iou, any_frame, Seq{}, OverTime::any_frame)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(track_iou, volume_2_threads, Omp{2}, OverTime::volume)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

}  // namespace
