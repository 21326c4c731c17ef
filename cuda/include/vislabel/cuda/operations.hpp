/// The functions of the compiled library `vislabel::cuda`, for programs of which no part is compiled by nvcc:
/// the same as in the headers of the rooms, with the elements of dense arrays known when they run.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vislabel/core/box.hpp>
#include <vislabel/core/size.hpp>
#include <vislabel/cuda/core/stream.hpp>
#include <vislabel/cuda/iou/pairs.hpp>
#include <vislabel/cuda/loss/box_losses.hpp>
#include <vislabel/cuda/loss/quality.hpp>
#include <vislabel/cuda/mask/words.hpp>
#include <vislabel/cuda/select/nms.hpp>
#include <vislabel/iou/box_overlap.hpp>
#include <vislabel/iou/quotient.hpp>

namespace vislabel::cuda {

/// What the elements of a dense array are. Integers of either sign, and bool, go by their length.
enum class Element { bits8, bits16, bits32, bits64, float16, bfloat16, float32, float64 };

/// A dense array on the device, strides in bytes.
///
/// *Shapes*: [N, T, H, W].
struct Dense {
  const void* data = nullptr;
  std::array<std::int64_t, 4> shape{};
  std::array<std::ptrdiff_t, 4> strides{};
  Element element = Element::bits8;
};

namespace operations {

/// What the library was made with, and what it runs on.
struct BuildInfo {
  std::string compiler;       ///< of the device's code
  std::string architectures;  ///< that it holds code for
  bool emulated;              ///< on the host, by the tests' emulator
};
[[nodiscard]] BuildInfo build_info();

/// How many devices the driver has; 0 without one.
[[nodiscard]] int device_count();

/// Makes a device the current one of the calling thread for as long as the object lives.
class OnDevice {
 public:
  /// *Errors*: `DeviceError`: there is no such device.
  explicit OnDevice(int device);
  OnDevice(const OnDevice&) = delete;
  OnDevice& operator=(const OnDevice&) = delete;
  ~OnDevice();

 private:
  [[maybe_unused]] int before_ = 0;
  [[maybe_unused]] int device_ = 0;
};

/// `pack`, or `pack_resized` where `size` is given and not the array's own. Floats need a threshold, and
/// integers have none.
void pack(const Dense& dense, std::optional<double> threshold, std::optional<Size> size, std::uint32_t* words,
          Stream stream);
void unpack(const std::uint32_t* words, const Dense& dense, Stream stream);
void measure(const std::uint32_t* words, const Layout& layout, std::int64_t count, std::int64_t* areas,
             PixelBox* boxes, Stream stream);
void count_changes(const std::uint32_t* words, const Layout& layout, std::int64_t count,
                   std::uint32_t* before_column, std::int64_t* changes, std::int64_t* begin, Stream stream);
void write_changes(const std::uint32_t* words, const Layout& layout, std::int64_t count,
                   const std::uint32_t* before_column, const std::int64_t* begin, std::uint32_t* places,
                   Stream stream);
void fill_changes(const std::uint32_t* places, const std::int64_t* begin, std::int64_t count,
                  const Layout& layout, std::uint32_t* words, Stream stream);

void common_pixels(const DeviceMasks& a, const DeviceMasks& b, std::int64_t frames, std::int64_t* common,
                   PairOrder order, Stream stream);
void frame_iou(const std::int64_t* common, const TrackAreas& a, const TrackAreas& b, std::int64_t frames,
               const std::uint8_t* crowd, EmptyPair empty_pair, double* out, Stream stream);
void track_iou(const std::int64_t* common, const TrackAreas& a, const TrackAreas& b, std::int64_t frames,
               OverTime mode, EmptyPair empty_pair, double* out, Stream stream);
void spatiotemporal_nms(const std::int64_t* common, const TrackAreas& tracks, std::int64_t frames,
                        const double* scores, const NmsRule& rule, const NmsOutput& out, Stream stream);
void scm(const DeviceMasks& a, const DeviceMasks& b, const Box* boxes, BoxOverlap kind, double* out,
         Stream stream);

void quality_target(const Dense& logits, const DeviceMasks& truth, std::int64_t truths, double threshold,
                    EmptyPair empty_pair, const QualityOutput& out, Stream stream);
void find_nan(const Dense& maps, std::uint32_t* nan, Stream stream);
void rows_above(const double* iou, std::int64_t rows, std::int64_t columns, double threshold,
                const std::uint32_t* nan, std::int64_t maps, double* weights, Stream stream);
/// Of arrays [1, 1, N, P].
void drop_loss_of_points(const Dense& logits, const Dense& labels, double threshold, double* weights,
                         Stream stream);

void projection_loss(const Dense& logits, const Box* boxes, const ProjectionWork& work, double* losses,
                     Stream stream);
void projection_loss_backward(const double* gradient, const Dense& logits, const Box* boxes,
                              const ProjectionWork& work, const Dense& out, Stream stream);
void pairwise_affinity_loss(const Dense& logits, const Dense& lab, const AffinityInput& input,
                            const AffinityRule& rule, const AffinityOutput& out, Stream stream);
void pairwise_affinity_loss_backward(const double* gradient, const Dense& logits, const Dense& lab,
                                     const AffinityInput& input, const AffinityRule& rule, const Dense& out,
                                     Stream stream);

}  // namespace operations
}  // namespace vislabel::cuda
