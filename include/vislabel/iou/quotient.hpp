/// What one IoU is: a quotient of two integers, on the host and on a device.
#pragma once

#include <cstdint>

namespace vislabel {

/// The IoU of two masks that are both empty.
enum class EmptyPair {
  zero,  ///< AutoQ-VIS, YouTube-VIS, COCO
  one,   ///< IDOL
};

/// How the frames of two tracks make one number.
enum class OverTime {
  volume,      ///< sum of intersections / sum of unions (YouTube-VIS)
  any_frame,   ///< the largest frame IoU (AutoQ-VIS's NMS, supplement Eq. 18)
  frame_mean,  ///< the mean of the frame IoUs over all T frames (AutoQ-VIS's quality target)
};

namespace detail {

/// I / U in double; nothing on either side: as the caller wants it.
[[nodiscard]] constexpr double quotient(std::int64_t intersection, std::int64_t together,
                                        EmptyPair empty_pair) {
  if (together == 0) return empty_pair == EmptyPair::one ? 1.0 : 0.0;
  return static_cast<double>(intersection) / static_cast<double>(together);
}

}  // namespace detail
}  // namespace vislabel
