// PM-VIS's fusion: three sources' masks of 50 objects over 36 frames of 720p, packed before, under the
// objects' boxes.
#include <benchmark/benchmark.h>

#include <array>
#include <vector>
#include <vislabel/fuse/doob.hpp>
#include <vislabel/fuse/pseudo_masks.hpp>
#include <vislabel/fuse/shqm.hpp>

#include "../bench_masks.hpp"

namespace {

using vislabel::BoxTracks;
using vislabel::Rle;
using vislabel::Tracks;
using vislabel::exec::Omp;
using vislabel::exec::Seq;

constexpr std::int64_t count = 50, frames = 36;

struct Video {
  std::vector<Tracks> sources;
  BoxTracks boxes;
};

/// Every source sees every object where it is, more or less well; one slot in ten is absent.
Video make_video() {
  bench::Random random(5);
  std::vector<std::optional<Rle>> objects;
  std::array<std::vector<std::optional<Rle>>, 3> seen;
  constexpr std::array<double, 3> steps{0.03, 0.06, 0.12};
  for (std::int64_t n = 0; n < count; ++n) {
    auto shape = bench::Shape::random(random);
    for (std::int64_t t = 0; t < frames; ++t) {
      shape = shape.moved(random, 0.05);
      objects.emplace_back(Rle::from_counts<std::uint32_t>(bench::hd, shape.runs(random)));
      for (std::size_t s = 0; s < seen.size(); ++s)
        if (random.one_in(10))
          seen[s].emplace_back();
        else
          seen[s].emplace_back(
              Rle::from_counts<std::uint32_t>(bench::hd, shape.moved(random, steps[s]).runs(random)));
    }
  }
  const auto packed = [](const std::vector<std::optional<Rle>>& rles) {
    return pack(Seq{}, bench::hd, count, frames, rles);
  };
  return {{packed(seen[0]), packed(seen[1]), packed(seen[2])}, boxes_of(packed(objects))};
}

const Video& video() {
  static const Video made = make_video();
  return made;
}

template <class P>
void shqm(benchmark::State& state, P policy) {
  const auto& [sources, boxes] = video();
  for (auto _ : state) benchmark::DoNotOptimize(vislabel::shqm(policy, sources, boxes));
}

template <class P>
void doob(benchmark::State& state, P policy) {
  const auto& [sources, boxes] = video();
  const Tracks fused = vislabel::shqm(Seq{}, sources, boxes).tracks;
  for (auto _ : state) benchmark::DoNotOptimize(vislabel::doob(policy, fused, boxes));
}

template <class P>
void pseudo_masks(benchmark::State& state, P policy) {
  const auto& [sources, boxes] = video();
  const std::vector<vislabel::MaskSource> given(sources.begin(), sources.end());
  for (auto _ : state) benchmark::DoNotOptimize(vislabel::pseudo_masks(policy, given, boxes));
}

BENCHMARK_CAPTURE(shqm, one_thread, Seq{})->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(shqm, two_threads, Omp{2})->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK_CAPTURE(doob, one_thread, Seq{})->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(doob, two_threads, Omp{2})->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK_CAPTURE(pseudo_masks, one_thread, Seq{})->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(pseudo_masks, two_threads, Omp{2})->Unit(benchmark::kMicrosecond)->UseRealTime();

}  // namespace
