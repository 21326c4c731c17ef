/// What the functions on pairs of tracks take and give; for every compiler.
#pragma once

#include <cstdint>

namespace vislabel::cuda {

/// Areas of tracks, absent masks 0: device memory.
struct TrackAreas {
  const std::int64_t* areas = nullptr;  ///< [N, T]
  std::int64_t count = 0;               ///< N
};

/// Where the number of a pair and a frame goes: [N, M, T] or [T, N, M].
enum class PairOrder {
  frames_last,
  frames_first,
};

}  // namespace vislabel::cuda
