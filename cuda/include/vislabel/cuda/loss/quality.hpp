/// What `quality_target` gives; for every compiler.
#pragma once

#include <cstdint>

namespace vislabel::cuda {

/// Memory for `quality_target` to work in, and its results: all on the device.
struct QualityOutput {
  unsigned long long* common;  ///< [Q, T, G] pixels shared with each truth. Workspace
  unsigned long long* areas;   ///< [Q, T] pixels predicted. Workspace
  double* ious;                ///< [Q, T, G] IoU with each truth. Workspace
  std::uint32_t* nan;          ///< [Q, T] whether there is NaN in the map. Workspace
  double* iou;                 ///< [Q, T] IoU with that truth; 0 where there is none, NaN in frames with NaN
  std::int64_t* truth;         ///< [Q] which truth it is; -1: there are none
};

}  // namespace vislabel::cuda
