/// A box on the device, or none: what can be wrong with it cannot be an error without waiting.
#pragma once

#include <cstdint>
#include <limits>
#include <vislabel/core/box.hpp>

namespace vislabel::cuda {

enum class BoxSlot : std::uint8_t {
  none,  ///< four NaN: the instance is not annotated there
  bad,   ///< not finite, or of a negative side: what depends on it is NaN
  good,
};

/// A good box is below `most` in every number.
[[nodiscard]] constexpr BoxSlot slot_of(const Box& box,
                                        double most = std::numeric_limits<double>::infinity()) {
  const auto nan = [](double x) { return x != x; };
  if (nan(box.x) && nan(box.y) && nan(box.width) && nan(box.height)) return BoxSlot::none;
  const bool fits = box.x > -most && box.x < most && box.y > -most && box.y < most && box.width >= 0 &&
                    box.width < most && box.height >= 0 && box.height < most;
  return fits ? BoxSlot::good : BoxSlot::bad;
}

}  // namespace vislabel::cuda
