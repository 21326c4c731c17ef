/// Whether an IoU that equals the threshold suppresses: an option of the host's and the device's suppression.
#pragma once

namespace vislabel {

/// When an IoU equal to the threshold suppresses.
enum class Suppress {
  at_least,   ///< IoU >= threshold (AutoQ-VIS)
  more_than,  ///< IoU > threshold
};

}  // namespace vislabel
