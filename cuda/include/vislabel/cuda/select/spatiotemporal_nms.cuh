/// AutoQ-VIS's non-maximum suppression of whole tracks: who overlaps whom, by all threads; then the walk from
/// the best score down, by one warp.
#pragma once

#include <cstdint>
#include <vislabel/core/error.hpp>
#include <vislabel/core/threshold.hpp>
#include <vislabel/cuda/core/launch.cuh>
#include <vislabel/cuda/core/reduce.cuh>
#include <vislabel/cuda/iou/iou.cuh>
#include <vislabel/cuda/select/nms.hpp>
#include <vislabel/iou/quotient.hpp>

namespace vislabel::cuda {

namespace kernels {

/// A warp asks 32 pairs: a word of a row of `overlaps`.
template <unsigned Threads>
__global__ void __launch_bounds__(Threads)
    overlaps(const std::int64_t* common, TrackAreas tracks, std::int64_t frames, const double* scores,
             NmsRule rule, std::uint32_t* out) {
  const std::int64_t count = tracks.count, words = (count + 31) / 32;
  const std::int64_t word = std::int64_t{blockIdx.x} * (Threads / warp_size) + threadIdx.x / warp_size;
  if (word >= words) return;  // the whole warp
  const unsigned lane = threadIdx.x % warp_size;
  const std::int64_t m = word * 32 + lane;
  const auto enough = [&](double iou) {
    return rule.suppress == Suppress::at_least ? iou >= rule.iou_threshold : iou > rule.iou_threshold;
  };
  const bool asked = m < count && scores[m] >= rule.score_threshold;
  const std::int64_t it = m < count ? m : 0;  // lanes behind the last one compute in vain
  const bool always = enough(0.0) && (frames > 0 || rule.over_time != OverTime::any_frame);
  for (std::int64_t n = blockIdx.y; n < count; n += gridDim.y) {
    const bool meet = asked && m != n && (rule.labels == nullptr || rule.labels[n] == rule.labels[it]);
    const double iou = over_time(common + n * count + it, count * count, tracks.areas + n * frames,
                                 tracks.areas + it * frames, frames, rule.over_time, EmptyPair::zero);
    const bool hit = meet && (enough(0.0) ? always : enough(iou));
    const std::uint32_t bits = __ballot_sync(all_lanes, hit);
    if (lane == 0) out[n * words + word] = bits;
  }
}

/// A thread finds the place of one score: the number of better ones, equal ones by lower index. NaN and
/// scores below the threshold have none.
template <unsigned Threads>
__global__ void __launch_bounds__(Threads)
    order_by_score(const double* scores, std::int64_t count, double threshold, std::int64_t* order,
                   std::int64_t* suppressed_by) {
  const std::int64_t n = std::int64_t{blockIdx.x} * Threads + threadIdx.x;
  if (n >= count) return;
  suppressed_by[n] = -1;
  const double own = scores[n];
  const bool taken = own >= threshold;
  std::int64_t place = 0, all = 0;
  for (std::int64_t m = 0; m < count; ++m) {
    const double other = scores[m];
    if (!(other >= threshold)) continue;
    ++all;
    place += other > own || (other == own && m < n) ? 1 : 0;
  }
  // Behind the taken ones come as many -1 as there are others: the other with k others before it writes the
  // k-th.
  if (taken)
    order[place] = n;
  else {
    std::int64_t before = 0;
    for (std::int64_t m = 0; m < n; ++m) before += scores[m] >= threshold ? 0 : 1;
    order[all + before] = -1;
  }
}

/// One warp walks down the order; a lane looks after every 32nd word of the detections that are still
/// standing.
template <unsigned Words>
__global__ void __launch_bounds__(warp_size)
    walk(const std::uint32_t* overlaps, const std::int64_t* order, std::int64_t count, std::int64_t* kept,
         std::int64_t* kept_count, std::int64_t* suppressed_by) {
  VISLABEL_SHARED(std::uint32_t, down, Words);  // bit m: suppressed
  const auto words = static_cast<unsigned>((count + 31) / 32);
  const unsigned lane = threadIdx.x;
  for (unsigned w = lane; w < words; w += warp_size) down[w] = 0;
  std::int64_t found = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    __syncwarp();
    const std::int64_t n = order[i];
    if (n < 0) break;
    const bool standing = (down[n / 32] >> (n % 32) & 1) == 0;
    __syncwarp();  // all lanes have looked before one suppresses
    if (!standing) continue;
    if (lane == 0) kept[found] = n;
    ++found;
    for (unsigned w = lane; w < words; w += warp_size) {
      const std::uint32_t hit = overlaps[n * words + w] & ~static_cast<std::uint32_t>(down[w]);
      down[w] |= hit;
      for (std::uint32_t rest = hit; rest != 0; rest &= rest - 1)
        suppressed_by[std::int64_t{w} * 32 + __ffs(static_cast<int>(rest)) - 1] = n;
    }
  }
  for (std::int64_t i = found + lane; i < count; i += warp_size) kept[i] = -1;
  if (lane == 0) *kept_count = found;
}

}  // namespace kernels

/// Removes detections that overlap a better one, as the host's `spatiotemporal_nms`, but that a NaN score is
/// below every threshold: an error would have to wait for the device.
///
/// *Shapes*: `common` [T, N, N]; `tracks` [N, T]; `scores` [N].
/// *Source*: AutoQ-VIS, supplement Eq. 16-18. *Errors*: more than 262,144 detections.
inline void spatiotemporal_nms(const std::int64_t* common, const TrackAreas& tracks, std::int64_t frames,
                               const double* scores, const NmsRule& rule, const NmsOutput& out,
                               Stream stream) {
  using vislabel::detail::require;
  const std::int64_t count = tracks.count;
  vislabel::detail::require_number(rule.iou_threshold, "iou_threshold");
  vislabel::detail::require_number(rule.score_threshold, "score_threshold");
  require(count <= most_detections, count, " detections, expected at most ", most_detections);
  constexpr unsigned threads = 128, warps = threads / warp_size;
  launch(kernels::overlaps<threads>,
         {((count + 31) / 32 + warps - 1) / warps, Least()(count, std::int64_t{0xffff})}, threads, stream,
         common, tracks, frames, scores, rule, out.overlaps);
  launch(kernels::order_by_score<threads>, {(count + threads - 1) / threads}, threads, stream, scores, count,
         rule.score_threshold, out.order, out.suppressed_by);
  constexpr unsigned most_words = most_detections / 32;
  launch(kernels::walk<most_words>, {1}, warp_size, stream, out.overlaps, out.order, count, out.kept,
         out.kept_count, out.suppressed_by);
}

}  // namespace vislabel::cuda
