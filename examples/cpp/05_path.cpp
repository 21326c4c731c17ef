// GBOpt: of all proposals of a video, the masks that do not overlap and agree with background and motion.
#include <iostream>
#include <vector>
#include <vislabel/vislabel.hpp>

namespace vl = vislabel;

constexpr std::int64_t height = 60, width = 120, pixels_of_frame = height * width;

/// A walker who is 20 columns wide: which pixels are his in frame t, and which are proposed.
bool is_walker(std::int64_t t, std::int64_t y, std::int64_t x) {
  return y >= 10 && y < 50 && x >= 10 + 4 * t && x < 30 + 4 * t;
}

int main() {
  const int frames = 6;
  std::vector<float> background(frames * pixels_of_frame), flow(2 * frames * pixels_of_frame);
  std::vector<unsigned char> proposals(frames * 3 * pixels_of_frame);
  for (int t = 0; t < frames; ++t)
    for (std::int64_t y = 0; y < height; ++y)
      for (std::int64_t x = 0; x < width; ++x) {
        const auto i = static_cast<std::size_t>(t * pixels_of_frame + y * width + x);
        const auto mask = [&](int n) {
          return static_cast<std::size_t>((3 * t + n) * pixels_of_frame + y * width + x);
        };
        background[i] = is_walker(t, y, x) ? 0.2F : 0.9F;
        flow[2 * i] = is_walker(t, y, x) ? 4.0F : 0.0F;
        proposals[mask(0)] = is_walker(t, y, x) && y < 30;  // his upper half
        proposals[mask(1)] = is_walker(t, y, x);
        proposals[mask(2)] = x >= 90;  // a shadow on the wall
      }

  std::vector<vl::ProposalFrame<float>> video;
  for (int t = 0; t < frames; ++t) {
    const auto first = static_cast<std::size_t>(t * pixels_of_frame);
    const auto dense = vl::pixels<const unsigned char, 3>(proposals.data() + 3 * first, {3, height, width});
    video.push_back(
        {vl::pack(vl::exec::Seq{}, dense),
         vl::pixels<const float, 2>(background.data() + first, {height, width}),
         vl::flow_field(vl::pixels<const float, 3>(flow.data() + 2 * first, {height, width, 2}))});
  }
  const vl::SelectedMasks best =
      vl::select_masks(vl::exec::Omp{}, std::span<const vl::ProposalFrame<float>>(video));
  std::cout << "cost " << best.paths.costs[0] << "\n";
  for (int t = 0; t < frames; ++t) {
    std::cout << "frame " << t << ":";
    for (const std::int64_t n : best.chosen(0, t)) std::cout << " mask " << n;
    std::cout << ", of " << best.frames[static_cast<std::size_t>(t)].best.subsets.size() << " subsets\n";
  }
}
