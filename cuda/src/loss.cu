#include <vislabel/core/threshold.hpp>
#include <vislabel/cuda/loss/drop_loss.cuh>
#include <vislabel/cuda/loss/quality_target.cuh>

#include "elements.cuh"

namespace vislabel::cuda::operations {

void quality_target(const Dense& logits, const DeviceMasks& truth, std::int64_t truths, double threshold,
                    EmptyPair empty_pair, const QualityOutput& out, Stream stream) {
  vislabel::detail::require_number(threshold);
  with_floats(logits, [&](const auto& pixels) {
    cuda::quality_target(pixels, truth, truths, threshold, empty_pair, out, stream);
  });
}

void find_nan(const Dense& maps, std::uint32_t* nan, Stream stream) {
  with_floats(maps, [&](const auto& pixels) { cuda::detail::find_nan(pixels, nan, stream); });
}

void rows_above(const double* iou, std::int64_t rows, std::int64_t columns, double threshold,
                const std::uint32_t* nan, std::int64_t maps, double* weights, Stream stream) {
  vislabel::detail::require_number(threshold);
  cuda::rows_above(iou, rows, columns, threshold, nan, maps, weights, stream);
}

void drop_loss_of_points(const Dense& logits, const Dense& labels, double threshold, double* weights,
                         Stream stream) {
  vislabel::detail::require_number(threshold);
  for (const Dense* points : {&logits, &labels})
    vislabel::detail::require(points->shape[0] == 1 && points->shape[1] == 1,
                              "points have four axes, expected [N, P]");
  vislabel::detail::require(labels.element == logits.element, "labels has other elements than logits");
  const auto rows = []<class T>(const Pixels<const T, 4>& all) {  // [1, 1, N, P]
    return Pixels<const T, 2>{all.data, {all.shape[2], all.shape[3]}, {all.strides[2], all.strides[3]}};
  };
  with_numbers(logits, [&]<class T>(const Pixels<const T, 4>& pixels) {
    cuda::drop_loss_of_points(rows(pixels), rows(pixels_of<T>(labels)), threshold, weights, stream);
  });
}

}  // namespace vislabel::cuda::operations
