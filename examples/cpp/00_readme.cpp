#include <iostream>
#include <vector>
#include <vislabel/vislabel.hpp>

int main() {
  namespace vl = vislabel;
  std::vector<unsigned char> video(2 * 3 * 120 * 160);  // [N, T, H, W]
  for (std::size_t image = 0; image < 6; ++image)       // both detections see the same object
    for (std::size_t y = 20; y < 60; ++y)
      for (std::size_t x = 30; x < 70; ++x) video[(image * 120 + y) * 160 + x] = 1;
  const std::vector<double> scores{0.95, 0.9};
  const vl::Table predicted_iou = vl::Table::Constant(2, 3, 0.9);

  const auto view = vl::pixels<const unsigned char, 4>(video.data(), {2, 3, 120, 160});
  const vl::Tracks tracks = vl::pack(vl::exec::Omp{}, view);
  const auto labels = vl::pseudo_labels(vl::exec::Omp{}, tracks, scores, predicted_iou);
  std::cout << labels.kept.size() << " of " << tracks.count() << " stay\n";
}
