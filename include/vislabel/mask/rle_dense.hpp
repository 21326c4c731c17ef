/// Between run lengths and dense bytes in the order of the runs, column after column: without packing, at the
/// speed of memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vislabel/core/cpu.hpp>
#include <vislabel/core/error.hpp>
#include <vislabel/core/scratch.hpp>
#include <vislabel/mask/rle.hpp>

namespace vislabel {
namespace detail {

/// Finds the run lengths of dense masks, one after the other, in memory that it keeps.
class RunScanner {
 public:
  /// The canonical run lengths of bytes in column-major order, non-zero is set; valid until the next call.
  [[nodiscard]] std::span<const std::uint32_t> scan(std::span<const std::uint8_t> pixels) {
    constexpr std::size_t part = 1 << 14;  // bytes between two looks at the room that is left
    std::uint32_t* runs = runs_.room(1);
    std::size_t used = 0;
    bool colour = false;
    for (std::size_t at = 0; at < pixels.size(); at += part) {
      const std::size_t count = std::min(part, pixels.size() - at);
      runs = runs_.room(used + count + 1, used);
      const std::size_t found = kernels().find_changes(pixels.data() + at, count, colour, runs + used);
      for (std::size_t i = used; i < used + found; ++i) runs[i] += static_cast<std::uint32_t>(at);
      used += found;
    }
    return lengths(runs, used, pixels.size());
  }

 private:
  Scratch<std::uint32_t> runs_;
};

/// Writes canonical runs as 0 and 1 into the bytes of a frame, column after column.
inline void fill_runs(std::span<const std::uint32_t> counts, std::span<std::byte> pixels) {
  constexpr std::uint32_t small = 32;  // may be written too far: what follows overwrites it
  std::byte *out = pixels.data(), *const end = out + pixels.size();
  int colour = 0;
  for (const std::uint32_t run : counts) {
    if (run <= small && end - out >= static_cast<std::ptrdiff_t>(small))
      std::memset(out, colour, small);
    else if (run > 0)
      std::memset(out, colour, run);
    out += run;
    colour ^= 1;
  }
}

}  // namespace detail

/// The run lengths of a dense mask in column-major order, non-zero is set.
///
/// *Shapes*: `pixels` [height * width], column after column.
/// *Errors*: another number of pixels; a size beyond the limits of `Size`.
[[nodiscard]] inline Rle encode_columns(Size size, std::span<const std::uint8_t> pixels) {
  detail::require_size(size);
  detail::require(pixels.size() == static_cast<std::size_t>(size.pixels()), "pixels has ", pixels.size(),
                  " entries, expected height x width (", size, " = ", size.pixels(), ")");
  return detail::RleAccess::trusted(size, detail::RunScanner().scan(pixels));
}

/// Writes a mask as 0 and 1 in column-major order.
///
/// *Shapes*: `pixels` [height * width], column after column.
/// *Errors*: another number of pixels.
inline void decode_columns(const Rle& rle, std::span<std::uint8_t> pixels) {
  detail::require(pixels.size() == static_cast<std::size_t>(rle.size().pixels()), "pixels has ",
                  pixels.size(), " entries, expected height x width (", rle.size(), " = ",
                  rle.size().pixels(), ")");
  detail::fill_runs(rle.counts(), std::as_writable_bytes(pixels));
}

}  // namespace vislabel
