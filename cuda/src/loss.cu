#include <vislabel/cuda/loss/drop_loss.cuh>
#include <vislabel/cuda/loss/quality_target.cuh>

#include "elements.cuh"

namespace vislabel::cuda::operations {

void quality_target(const Dense& logits, const DeviceMasks& truth, double threshold, EmptyPair empty_pair,
                    const QualityOutput& out, Stream stream) {
  with_floats(logits, [&](const auto& pixels) {
    cuda::quality_target(pixels, truth, threshold, empty_pair, out, stream);
  });
}

void find_nan(const Dense& maps, std::uint32_t* nan, Stream stream) {
  with_floats(maps, [&](const auto& pixels) { cuda::detail::find_nan(pixels, nan, stream); });
}

void rows_above(const double* iou, std::int64_t rows, std::int64_t columns, double threshold,
                const std::uint32_t* nan, std::int64_t maps, double* weights, Stream stream) {
  cuda::rows_above(iou, rows, columns, threshold, nan, maps, weights, stream);
}

}  // namespace vislabel::cuda::operations
