// PM-VIS: three sources of masks under box annotations make one mask per instance and frame.
#include <iostream>
#include <vector>
#include <vislabel/vislabel.hpp>

namespace vl = vislabel;

/// Two instances in one frame, side by side at columns 20 and 60, each `left` and `right` columns too wide.
vl::Tracks seen(int left, int right) {
  std::vector<unsigned char> frame(2 * 100 * 140);
  for (int n = 0; n < 2; ++n)
    for (int y = 20; y < 80; ++y)
      for (int x = 20 + 40 * n - left; x < 60 + 40 * n + right; ++x)
        frame[static_cast<std::size_t>((n * 100 + y) * 140 + x)] = 1;
  return vl::pack(vl::exec::Seq{}, vl::pixels<const unsigned char, 4>(frame.data(), {2, 1, 100, 140}));
}

int main() {
  const vl::BoxTracks boxes(2, 1, {vl::Box{20, 20, 40, 60}, vl::Box{60, 20, 40, 60}});
  const std::vector<std::int64_t> reversed{1, 0};
  // A tracker's masks and prompted ones have a row per box; a detector's are assigned.
  const std::vector<vl::MaskSource> sources{seen(2, 0), seen(0, 3),
                                            vl::Unassigned{seen(0, 1).select(reversed)}};
  const vl::PseudoMasks fused = vl::pseudo_masks(vl::exec::Omp{}, std::span(sources), boxes, {.helper = 1});
  for (int n = 0; n < 2; ++n)
    std::cout << "instance " << n << ": source " << fused.winner(n, 0) << ", " << fused.fused.area(n, 0)
              << " pixels, " << fused.tracks.area(n, 0) << " in its box and its own\n";
}
