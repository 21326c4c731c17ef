/// Masks as the places where their colour changes: what crosses between the host and a device, because its
/// bytes grow with the outlines and not with the pixels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>
#include <vislabel/core/error.hpp>
#include <vislabel/core/exec.hpp>
#include <vislabel/core/size.hpp>
#include <vislabel/mask/masks.hpp>
#include <vislabel/mask/runs.hpp>

namespace vislabel {

/// The changes of colour of N masks, one mask after the other. Pixels are counted down the columns, as COCO's
/// run lengths count them; the pixel before the first one is not set.
struct Changes {
  std::vector<std::int64_t> begin{0};  ///< [N + 1] where those of each mask begin, and behind the last one
  std::vector<std::uint32_t> places;   ///< [begin[N]] of each mask ascending
};

/// Where the colours of every mask change.
template <exec::Policy P>
[[nodiscard]] Changes to_changes(P policy, const Masks& masks) {
  const auto count = static_cast<std::size_t>(masks.count());
  std::vector<std::vector<std::uint32_t>> of_masks(count);
  exec::for_each(
      policy, masks.count(), 3'000, [&] { return detail::RunWriter(masks.size()); },
      [&](detail::RunWriter& writer, std::int64_t n) {
        const std::span<const std::uint32_t> runs = writer.write(masks[n]);
        std::vector<std::uint32_t>& own = of_masks[static_cast<std::size_t>(n)];
        std::uint32_t place = 0;
        for (std::size_t i = 0; i + 1 < runs.size(); ++i) own.push_back(place += runs[i]);
      });
  Changes out;
  for (const auto& own : of_masks) {
    out.places.insert(out.places.end(), own.begin(), own.end());
    out.begin.push_back(static_cast<std::int64_t>(out.places.size()));
  }
  return out;
}

/// The masks that change colour at these places.
///
/// *Shapes*: `begin` [N + 1]; `places` [begin[N]]; out [N].
/// *Errors*: places of a mask that are not ascending, or outside of the frame; begins that do not fit.
template <exec::Policy P>
[[nodiscard]] Masks from_changes(P policy, std::span<const std::int64_t> begin,
                                 std::span<const std::uint32_t> places, Size size) {
  using detail::require;
  detail::require_size(size);
  require(!begin.empty() && begin.front() == 0 && begin.back() == std::ssize(places),
          "begin does not run from 0 to the number of places, ", places.size());
  std::vector<PackedMask> masks(begin.size() - 1);
  for (std::size_t n = 0; n < masks.size(); ++n)
    require(begin[n] <= begin[n + 1], "begin[", n + 1, "] is ", begin[n + 1], ", expected at least ",
            begin[n]);
  struct State {
    detail::RunPacker packer;
    std::vector<std::uint32_t> runs;
  };
  exec::for_each(
      policy, std::ssize(masks), 2'500, [&] { return State{detail::RunPacker(size), {}}; },
      [&](State& state, std::int64_t n) {
        const auto at = static_cast<std::size_t>(n);
        const auto own = places.subspan(static_cast<std::size_t>(begin[at]),
                                        static_cast<std::size_t>(begin[at + 1] - begin[at]));
        state.runs.clear();
        std::int64_t before = 0;
        for (const std::uint32_t place : own) {
          require((place > before || state.runs.empty()) && place < size.pixels(), "mask ", n,
                  " changes at pixel ", place, " after ", before, ", expected ascending places below ",
                  size.pixels());
          state.runs.push_back(static_cast<std::uint32_t>(place - before));
          before = place;
        }
        state.runs.push_back(static_cast<std::uint32_t>(size.pixels() - before));
        masks[at] = state.packer.pack(state.runs);
      });
  return {size, std::move(masks)};
}

}  // namespace vislabel
