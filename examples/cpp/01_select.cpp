// AutoQ-VIS's selection of pseudo-labels, from dense masks to run lengths.
#include <iostream>
#include <utility>
#include <vector>
#include <vislabel/core/xtensor.hpp>
#include <vislabel/mask/rle_string.hpp>
#include <vislabel/vislabel.hpp>

int main() {
  namespace vl = vislabel;
  xt::xtensor<bool, 4> video = xt::zeros<bool>({2, 3, 120, 160});  // [N, T, H, W]
  xt::view(video, 0, xt::all(), xt::range(20, 60), xt::range(30, 70)) = true;
  xt::view(video, 1, xt::all(), xt::range(22, 60), xt::range(30, 70)) = true;  // the same object, seen twice
  const std::vector<double> scores{0.9, 0.8};
  const vl::Table predicted_iou = vl::Table::Constant(2, 3, 0.95);

  const vl::Tracks tracks = vl::pack(vl::exec::Omp{}, vl::pixels<4>(std::as_const(video)));
  const vl::PseudoLabels labels = vl::pseudo_labels(vl::exec::Omp{}, tracks, scores, predicted_iou);
  for (const std::int64_t n : labels.kept) std::cout << "detection " << n << " stays\n";
  std::cout << vl::to_text(*vl::to_rle(vl::exec::Seq{}, labels.tracks)[0]) << '\n';
}
