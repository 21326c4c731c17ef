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

/// I / U in double; nothing on either side: as the caller wants it. Without a branch around the division,
/// which a device calls as a function.
[[nodiscard]] constexpr double quotient(std::int64_t intersection, std::int64_t together,
                                        EmptyPair empty_pair) {
  const bool nothing = together == 0;
  const double quotient = static_cast<double>(intersection) / static_cast<double>(nothing ? 1 : together);
  return nothing ? (empty_pair == EmptyPair::one ? 1.0 : 0.0) : quotient;
}

}  // namespace detail
}  // namespace vislabel
