// The whole AutoQ-VIS selection in a program that knows nothing but the headers.
#include <cstdio>
#include <vector>
#include <vislabel/vislabel.hpp>

int main() {
  using namespace vislabel;
  // Three detections over two frames of 4 x 6 pixels: the second one repeats the first, the third is unsure.
  std::vector<unsigned char> video(3 * 2 * 4 * 6);
  for (int t = 0; t < 2; ++t)
    for (int x = 0; x < 6; ++x) {
      video[static_cast<std::size_t>((0 * 2 + t) * 24 + x)] = 1;
      video[static_cast<std::size_t>((1 * 2 + t) * 24 + x)] = x > 0;
      video[static_cast<std::size_t>((2 * 2 + t) * 24 + 18 + x)] = 1;
    }
  const auto view = pixels<const unsigned char, 4>(video.data(), {3, 2, 4, 6});
  const Tracks tracks = pack(exec::Omp{}, view);
  const std::vector<double> scores{0.95, 0.9, 0.8};
  Table predicted_iou(3, 2);
  predicted_iou << 0.9, 0.7, 0.9, 0.9, 0.9, 0.9;
  const PseudoLabels labels = pseudo_labels(exec::Omp{}, tracks, scores, predicted_iou);
  std::printf("%zu of %lld detections kept\n", labels.kept.size(), static_cast<long long>(tracks.count()));
  const bool right = labels.kept == std::vector<std::int64_t>{0} && labels.suppressed_by[1] == 0 &&
                     labels.tracks.present(0, 0) && !labels.tracks.present(0, 1);
  return right ? 0 : 1;
}
