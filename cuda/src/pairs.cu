#include <vislabel/cuda/fuse/scm.cuh>
#include <vislabel/cuda/iou/common_pixels.cuh>
#include <vislabel/cuda/iou/iou.cuh>
#include <vislabel/cuda/operations.hpp>
#include <vislabel/cuda/select/spatiotemporal_nms.cuh>

namespace vislabel::cuda::operations {

void common_pixels(const DeviceMasks& a, const DeviceMasks& b, std::int64_t frames, std::int64_t* common,
                   PairOrder order, Stream stream) {
  cuda::common_pixels(a, b, frames, common, order, stream);
}

void frame_iou(const std::int64_t* common, const TrackAreas& a, const TrackAreas& b, std::int64_t frames,
               const std::uint8_t* crowd, EmptyPair empty_pair, double* out, Stream stream) {
  cuda::frame_iou(common, a, b, frames, crowd, empty_pair, out, stream);
}

void track_iou(const std::int64_t* common, const TrackAreas& a, const TrackAreas& b, std::int64_t frames,
               OverTime mode, EmptyPair empty_pair, double* out, Stream stream) {
  cuda::track_iou(common, a, b, frames, mode, empty_pair, out, stream);
}

void spatiotemporal_nms(const std::int64_t* common, const TrackAreas& tracks, std::int64_t frames,
                        const double* scores, const NmsRule& rule, const NmsOutput& out, Stream stream) {
  cuda::spatiotemporal_nms(common, tracks, frames, scores, rule, out, stream);
}

void scm(const DeviceMasks& a, const DeviceMasks& b, const Box* boxes, BoxOverlap kind, double* out,
         Stream stream) {
  cuda::scm(a, b, boxes, kind, out, stream);
}

}  // namespace vislabel::cuda::operations
