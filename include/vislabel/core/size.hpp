/// Height and width of a mask, in COCO's order, and the limits that keep pixel counts in 32 bits.
#pragma once

#include <cstdint>
#include <limits>
#include <ostream>
#include <vislabel/core/error.hpp>

namespace vislabel {

/// Height and width in pixels. Either may be 0: such a mask has no pixels.
struct Size {
  std::int64_t height = 0;
  std::int64_t width = 0;

  [[nodiscard]] std::int64_t pixels() const { return height * width; }
  friend bool operator==(const Size&, const Size&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Size& size) {
    return out << size.height << " x " << size.width;
  }
};

namespace detail {

/// Run lengths are 32-bit, as COCO's are: one mask holds at most 2^32 - 1 pixels. A side is at most 2^26: a
/// few bytes of run lengths must not ask for gigabytes of blocks.
inline void require_size(const Size& size, const char* name = "size") {
  constexpr std::int64_t most_pixels = std::numeric_limits<std::uint32_t>::max();
  constexpr std::int64_t longest_side = std::int64_t{1} << 26;
  require(size.height >= 0 && size.width >= 0, name, " is ", size,
          ", expected height and width of at least 0");
  require(size.height <= longest_side && size.width <= longest_side, name, " is ", size,
          ", expected sides of at most ", longest_side);
  require(size.width == 0 || size.height <= most_pixels / size.width, name, " is ", size,
          ", expected at most ", most_pixels, " pixels in one mask");
}

inline void require_same_size(const Size& a, const Size& b) {
  require(a == b, "masks of different sizes: ", a, " and ", b, " (height x width)");
}

}  // namespace detail
}  // namespace vislabel
