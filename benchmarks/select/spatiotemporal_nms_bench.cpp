// AutoQ-VIS's suppression of whole tracks, 100 detections over 36 frames of 720p, packed before.
#include <benchmark/benchmark.h>

#include <vislabel/select/spatiotemporal_nms.hpp>

#include "../bench_masks.hpp"

namespace {

using vislabel::OverTime;
using vislabel::exec::Omp;
using vislabel::exec::Seq;

template <class P>
void nms(benchmark::State& state, P policy, OverTime over_time) {
  static const auto tracks = bench::tracks(100, 36);
  const auto scores = bench::scores(100);
  for (auto _ : state)
    benchmark::DoNotOptimize(vislabel::spatiotemporal_nms(policy, tracks, scores, {.over_time = over_time}));
}

BENCHMARK_CAPTURE(nms, any_frame, Seq{}, OverTime::any_frame)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(nms, volume, Seq{}, OverTime::volume)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(nms, frame_mean, Seq{}, OverTime::frame_mean)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(nms, any_frame_2_threads, Omp{2}, OverTime::any_frame)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

}  // namespace
