#include <vislabel/cuda/loss/pairwise_affinity.cuh>
#include <vislabel/cuda/loss/projection.cuh>

#include "elements.cuh"

namespace vislabel::cuda::operations {

namespace {

/// *Errors*: another array with other elements than the logits.
void require_same(const Dense& logits, const Dense& other, const char* name) {
  vislabel::detail::require(other.element == logits.element, name, " has other elements than logits");
}

}  // namespace

void projection_loss(const Dense& logits, const Box* boxes, const ProjectionWork& work, double* losses,
                     Stream stream) {
  with_numbers(logits,
               [&](const auto& pixels) { cuda::projection_loss(pixels, boxes, work, losses, stream); });
}

void projection_loss_backward(const double* gradient, const Dense& logits, const Box* boxes,
                              const ProjectionWork& work, const Dense& out, Stream stream) {
  require_same(logits, out, "out");
  with_numbers(logits, [&]<class T>(const Pixels<const T, 4>& pixels) {
    cuda::projection_loss_backward(gradient, pixels, boxes, work, output_of<T>(out), stream);
  });
}

void pairwise_affinity_loss(const Dense& logits, const Dense& lab, const AffinityInput& input,
                            const AffinityRule& rule, const AffinityOutput& out, Stream stream) {
  require_same(logits, lab, "lab");
  with_numbers(logits, [&]<class T>(const Pixels<const T, 4>& pixels) {
    cuda::pairwise_affinity_loss(pixels, pixels_of<T>(lab), input, rule, out, stream);
  });
}

void pairwise_affinity_loss_backward(const double* gradient, const Dense& logits, const Dense& lab,
                                     const AffinityInput& input, const AffinityRule& rule, const Dense& out,
                                     Stream stream) {
  require_same(logits, lab, "lab"), require_same(logits, out, "out");
  with_numbers(logits, [&]<class T>(const Pixels<const T, 4>& pixels) {
    cuda::pairwise_affinity_loss_backward(gradient, pixels, pixels_of<T>(lab), input, rule, output_of<T>(out),
                                          stream);
  });
}

}  // namespace vislabel::cuda::operations
