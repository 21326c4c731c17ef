/// Run lengths as a slow, obvious reader takes them.
#pragma once

#include "given.hpp"

namespace given {

using Wide = __int128;  // no sum of run lengths overflows it

/// Any height and width; or, as few sizes fit, one that does fit the runs.
inline vislabel::Size size(FuzzedDataProvider& bytes, Wide pixels) {
  const auto height = bytes.ConsumeIntegralInRange<std::int64_t>(-1, 1 << 27);
  if (bytes.ConsumeBool() || height <= 0 || pixels % height != 0 || pixels > Wide{1} << 62)
    return {height, bytes.ConsumeIntegralInRange<std::int64_t>(-1, 1 << 27)};
  return {height, static_cast<std::int64_t>(pixels / height)};
}

inline Wide sum(const std::vector<Wide>& runs) {
  Wide sum = 0;
  for (const Wide run : runs) sum += run;
  return sum;
}

/// Whether these are the runs of a mask of this size, by the definition.
inline bool valid(vislabel::Size size, const std::vector<Wide>& runs) {
  constexpr std::int64_t longest_side = 1 << 26;
  for (const Wide run : runs)
    if (run < 0) return false;
  return size.height >= 0 && size.width >= 0 && size.height <= longest_side && size.width <= longest_side &&
         Wide{size.height} * size.width <= UINT32_MAX && sum(runs) == Wide{size.height} * size.width;
}

/// Runs of no length removed, neighbours of one colour joined.
inline std::vector<std::uint32_t> canonical(const std::vector<Wide>& runs) {
  std::vector<std::uint32_t> out{0};
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (runs[i] == 0) continue;
    if ((out.size() % 2 == 0) != (i % 2 == 1)) out.push_back(0);
    out.back() += static_cast<std::uint32_t>(runs[i]);
  }
  return out;
}

/// An accepted mask is the canonical one, and comes back from its text and, where that is cheap, from the
/// blocks.
inline void check_accepted(const vislabel::Rle& rle, vislabel::Size size, const std::vector<Wide>& runs) {
  const auto counts = rle.counts();
  check(rle.size() == size, "the size stays");
  check(std::vector(counts.begin(), counts.end()) == canonical(runs), "the runs are the canonical ones");
  check(from_text(size, to_text(rle)) == rle, "the text reads back");
  if (std::max(size.height, size.width) > 1 << 12 || size.pixels() > 1 << 14) return;
  const vislabel::Masks masks = pack(vislabel::exec::Seq{}, size, std::span(&rle, 1));
  check(to_rle(masks[0], size) == rle, "the blocks give the same runs");
  check(area(rle) == masks[0].area() && box(rle) == masks[0].box(), "area and box");
}

}  // namespace given
