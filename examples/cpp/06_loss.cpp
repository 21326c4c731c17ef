// A training step without a framework: the gradient of the box-supervised losses pulls a map of logits to its
// box.
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <utility>
#include <vector>
#include <vislabel/loss/drop_loss.hpp>
#include <vislabel/loss/pairwise_affinity.hpp>
#include <vislabel/loss/projection.hpp>

int main() {
  namespace vl = vislabel;
  const std::array<std::int64_t, 3> shape{1, 24, 32};
  std::vector<float> logits(24 * 32), of_box(logits.size()), of_colours(logits.size()),
      lab(3 * logits.size());
  for (std::size_t i = 0; i < logits.size();
       ++i) {  // a bright disk on a dark ground; logits that know nothing
    const double y = static_cast<double>(i / 32) - 12, x = static_cast<double>(i % 32) - 16;
    lab[i] = std::hypot(y, x) < 7 ? 80.F : 20.F;
    logits[i] = 0.01F * static_cast<float>(i % 7);
  }
  const std::vector<vl::BoxSlot> boxes{vl::Box{9, 5, 15, 15}};  // around the disk
  const std::vector<std::int64_t> image{0};
  const std::vector<double> upstream{1};
  const auto maps = vl::pixels(std::as_const(logits).data(), shape);
  const auto colours = vl::pixels(std::as_const(lab).data(), std::array<std::int64_t, 4>{1, 3, 24, 32});

  for (int step = 0; step <= 300; ++step) {
    const double box_loss = vl::projection_loss(vl::exec::Seq{}, maps, boxes)[0];
    const auto affinity = vl::pairwise_affinity_loss(vl::exec::Seq{}, maps, colours, image, boxes);
    const double weight = 1 / static_cast<double>(affinity.pairs[0]);
    if (step % 100 == 0) std::printf("step %3d: %.3f %.3f\n", step, box_loss, affinity.loss[0] * weight);
    vl::projection_loss_backward(vl::exec::Seq{}, upstream, maps, boxes, vl::pixels(of_box.data(), shape));
    vl::pairwise_affinity_loss_backward(vl::exec::Seq{}, std::vector<double>{weight}, maps, colours, image,
                                        boxes, vl::pixels(of_colours.data(), shape));
    for (std::size_t i = 0; i < logits.size(); ++i) logits[i] -= 20 * (of_box[i] + of_colours[i]);
  }
  const vl::Masks found = vl::pack_above(vl::exec::Seq{}, maps, 0.0);

  const auto disk = vl::pixels(std::as_const(lab).data(), shape);  // its first channel is brightness
  const vl::Masks truth = vl::pack_above(vl::exec::Seq{}, disk, 50.0);
  const auto weights = vl::drop_loss_weights(vl::exec::Seq{}, found, truth);
  std::printf("%lld of %lld pixels, weight %.0f\n", static_cast<long long>(found[0].area()),
              static_cast<long long>(truth[0].area()), weights[0]);
}
