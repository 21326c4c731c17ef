// Two rounds of self-training: the second round's masks replace and complete the first one's.
#include <iostream>
#include <vector>
#include <vislabel/vislabel.hpp>

namespace vl = vislabel;

/// One detection over two frames: a square of the given side at (y, x).
vl::Tracks square(int y, int x, int side) {
  std::vector<unsigned char> video(2 * 50 * 50);
  for (int t = 0; t < 2; ++t)
    for (int r = y; r < y + side; ++r)
      for (int c = x; c < x + side; ++c) video[static_cast<std::size_t>((t * 50 + r) * 50 + c)] = 1;
  return vl::pack(vl::exec::Seq{}, vl::pixels<const unsigned char, 4>(video.data(), {1, 2, 50, 50}));
}

int main() {
  const std::vector<double> score{0.9};
  const vl::Table good_then_bad = (vl::Table(1, 2) << 0.95, 0.3).finished();
  const vl::Table good = vl::Table::Constant(1, 2, 0.95);
  const vl::PseudoLabels first = vl::pseudo_labels(vl::exec::Seq{}, square(10, 10, 20), score, good_then_bad);
  const vl::PseudoLabels second = vl::pseudo_labels(vl::exec::Seq{}, square(11, 11, 20), score, good);
  const vl::MergedRounds both = vl::merge_rounds(vl::exec::Seq{}, first.tracks, second.tracks);
  std::cout << both.tracks.count() << " object; frame 1 was "
            << (first.tracks.present(0, 1) ? "present" : "absent") << ", is now "
            << (both.tracks.present(0, 1) ? "present" : "absent") << '\n';
}
