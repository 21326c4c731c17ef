/// What `spatiotemporal_nms` takes and gives; for every compiler.
#pragma once

#include <cstdint>
#include <vislabel/iou/quotient.hpp>
#include <vislabel/select/suppress.hpp>

namespace vislabel::cuda {

/// What suppresses; the fields of the host's `NmsOptions`.
struct NmsRule {
  double iou_threshold = 0.5, score_threshold = 0.25;
  OverTime over_time = OverTime::any_frame;
  Suppress suppress = Suppress::at_least;
  const std::int64_t* labels =
      nullptr;  ///< [N] on the device, or null: detections suppress only those of their class
};

/// Memory for `spatiotemporal_nms` to work in, and its results: all on the device.
struct NmsOutput {
  std::uint32_t* overlaps;   ///< [N, ceil(N / 32)] bit m of row n: m is suppressed where n is kept. Workspace
  std::int64_t* order;       ///< [N] indices by descending score, then -1. Workspace
  std::int64_t* kept;        ///< [N] the kept detections, best score first, then -1
  std::int64_t* kept_count;  ///< [1]
  std::int64_t* suppressed_by;  ///< [N] the kept detection that suppressed each one, or -1
};

/// At most so many detections.
inline constexpr std::int64_t most_detections = 8192 * 32;

}  // namespace vislabel::cuda
