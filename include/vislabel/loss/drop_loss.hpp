/// DropLoss: no mask loss for predictions that overlap nothing. Labels that an unsupervised method gives miss
/// objects; a network that finds one of those must not be punished for it.
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>
#include <vislabel/core/exec.hpp>
#include <vislabel/core/ordered_sum.hpp>
#include <vislabel/core/pixels.hpp>
#include <vislabel/iou/mask_iou.hpp>
#include <vislabel/iou/track_iou.hpp>
#include <vislabel/loss/logits.hpp>
#include <vislabel/loss/soft_iou.hpp>
#include <vislabel/mask/dense.hpp>
#include <vislabel/mask/resize.hpp>
#include <vislabel/track/tracks.hpp>

namespace vislabel {

/// Options of `drop_loss_weights`.
struct DropLossOptions {
  double threshold = 0.01;   ///< an IoU up to this is none: the loss is dropped
  OnNaN nan = OnNaN::error;  ///< among logits and labels; `propagate`: the weight is NaN
};

namespace detail {

inline void require_threshold(const DropLossOptions& options) {
  require(!std::isnan(options.threshold), "threshold is NaN, expected a number");
}

/// 1 for the rows in which some IoU is above the threshold.
[[nodiscard]] inline std::vector<double> rows_above(const Table& iou, double threshold) {
  std::vector<double> weights(static_cast<std::size_t>(iou.rows()));
  for (Eigen::Index n = 0; n < iou.rows(); ++n)
    weights[static_cast<std::size_t>(n)] = (iou.row(n) > threshold).any() ? 1 : 0;
  return weights;
}

/// Masks of logits above 0, and which of the predictions hold NaN.
struct PackedLogits {
  std::vector<PackedMask> masks;
  std::vector<std::uint8_t> nan;
};

/// Every map of logits as a mask of `size`, resized where its own is another.
template <class P, std::floating_point T, std::size_t D>
[[nodiscard]] PackedLogits pack_logits(P policy, const Pixels<const T, D>& logits, Size size, OnNaN nan) {
  const auto checked = [&](auto make_packer) {  // looked at and packed while a map is in the cache
    PackedLogits out{std::vector<PackedMask>(static_cast<std::size_t>(logits.count())),
                     std::vector<std::uint8_t>(static_cast<std::size_t>(logits.count()))};
    exec::for_each(policy, logits.count(), logits.size().pixels() / 4 + size.pixels() / 4 + 500, make_packer,
                   [&](auto& packer, std::int64_t i) {
                     const auto at = static_cast<std::size_t>(i);
                     out.nan[at] = checked_nan(logits, i, "logits", nan) ? 1 : 0;
                     if (size.pixels() > 0) out.masks[at] = packer.pack(logits.image(i));
                   });
    return out;
  };
  if (logits.size() == size || size.pixels() == 0)
    return checked([&] { return DensePacker<T, Above<T>>(logits.size(), Above<T>(0)); });
  require(logits.size().pixels() > 0, "logits has maps of ", logits.size(),
          ", which cannot be resized to truth's ", size);
  return checked([&] { return ResizedPacker<T>(logits.size(), size, 0); });
}

/// NaN where one of a prediction's `maps` maps holds NaN.
inline void spread_nan(std::vector<double>& weights, const std::vector<std::uint8_t>& nan,
                       std::int64_t maps) {
  for (std::size_t i = 0; i < nan.size(); ++i)
    if (nan[i] != 0) weights[i / static_cast<std::size_t>(maps)] = std::numeric_limits<double>::quiet_NaN();
}

}  // namespace detail

/// The weight of every predicted mask's loss: 1 iff its largest IoU with any truth is above the threshold.
///
/// *Shapes*: `predicted` [N], `truth` [M]; out [N].
/// *Units and conventions*: strictly above; masks without pixels have IoU 0; without truths all are 0.
/// *Source*: AutoQ-VIS, Eq. 1.
/// *Errors*: different sizes; a threshold that is NaN.
template <exec::Policy P>
[[nodiscard]] std::vector<double> drop_loss_weights(P policy, const Masks& predicted, const Masks& truth,
                                                    const DropLossOptions& options = {}) {
  detail::require_threshold(options);
  return detail::rows_above(mask_iou(policy, predicted, truth), options.threshold);
}

/// The same of tracks, by their IoU over the whole video.
///
/// *Shapes*: `predicted` [N, T], `truth` [M, T]; out [N].
template <exec::Policy P>
[[nodiscard]] std::vector<double> drop_loss_weights(P policy, const Tracks& predicted, const Tracks& truth,
                                                    const DropLossOptions& options = {}) {
  detail::require_threshold(options);
  return detail::rows_above(track_iou(policy, predicted, truth), options.threshold);
}

/// The same of logits: a pixel is predicted where the logit, resized bilinearly to the truth's size where it
/// has another (`pack_resized`), is above 0.
///
/// *Shapes*: `logits` [N, h, w], any strides; `truth` [M]; out [N].
/// *Errors*: NaN; maps without pixels.
template <exec::Policy P, std::floating_point T>
[[nodiscard]] std::vector<double> drop_loss_weights(P policy, const Pixels<const T, 3>& logits,
                                                    const Masks& truth, const DropLossOptions& options = {}) {
  detail::require_threshold(options);
  detail::PackedLogits packed = detail::pack_logits(policy, logits, truth.size(), options.nan);
  const Masks predicted(truth.size(), std::move(packed.masks));
  std::vector<double> weights = drop_loss_weights(policy, predicted, truth, options);
  detail::spread_nan(weights, packed.nan, 1);
  return weights;
}

/// The same of a video's logits, by the IoU over all frames.
///
/// *Shapes*: `logits` [N, T, h, w], any strides; `truth` [M, T]; out [N].
template <exec::Policy P, std::floating_point T>
[[nodiscard]] std::vector<double> drop_loss_weights(P policy, const Pixels<const T, 4>& logits,
                                                    const Tracks& truth,
                                                    const DropLossOptions& options = {}) {
  detail::require_threshold(options);
  detail::require(logits.shape[1] == truth.frames(), "logits has ", logits.shape[1], " frames, expected ",
                  truth.frames(), " as truth");
  detail::PackedLogits packed = detail::pack_logits(policy, logits, truth.size(), options.nan);
  const Tracks predicted(truth.size(), logits.shape[0], logits.shape[1],
                         detail::slots_of(std::move(packed.masks), {}));
  std::vector<double> weights = drop_loss_weights(policy, predicted, truth, options);
  detail::spread_nan(weights, packed.nan, logits.shape[1]);
  return weights;
}

/// The reference code's weights: from the soft IoU of sampled points with the matched truth alone,
/// sum(p l) / (sum(p) + sum(l) - sum(p l)) with p = sigmoid(logit); 0 iff it is at most the threshold.
///
/// *Shapes*: `logits`, `labels` [N, P], any strides; out [N].
/// *Units and conventions*: labels in [0, 1]; sigmoids in the logits' own type, sums in double; 0 / 0 keeps
/// the row.
/// *Source*: AutoQ-VIS, published code.
/// *Errors*: different shapes; NaN.
template <exec::Policy P, std::floating_point T>
[[nodiscard]] std::vector<double> drop_loss_weights(P policy, const Pixels<const T, 2>& logits,
                                                    const Pixels<const T, 2>& labels,
                                                    const DropLossOptions& options = {}) {
  detail::require_threshold(options);
  const auto [rows, points] = logits.shape;
  detail::require(labels.shape == logits.shape, "labels has shape [", labels.shape[0], ", ", labels.shape[1],
                  "], expected [", rows, ", ", points, "] as logits");
  std::vector<double> weights(static_cast<std::size_t>(rows));
  const std::int64_t columns = points;  // clang 16 captures no structured bindings
  exec::for_each(policy, rows, columns * 5, [&](std::int64_t n) {
    detail::OrderedSum common, predicted, truth;
    for (std::int64_t k = 0; k < columns; ++k) {
      const T logit = logits.at(n, k), label = labels.at(n, k);
      detail::require(options.nan == OnNaN::propagate || !std::isnan(logit), "logits[", n, ", ", k,
                      "] is NaN, expected a number");
      detail::require(!(label < 0 || label > 1) && (options.nan == OnNaN::propagate || !std::isnan(label)),
                      "labels[", n, ", ", k, "] is ", label, ", expected 0 to 1");
      const double p = detail::probability_as<T>(logit), l = static_cast<double>(label);
      common.add(p * l), predicted.add(p), truth.add(l);
    }
    weights[static_cast<std::size_t>(n)] =
        detail::weight_of_points(common.sum(), predicted.sum(), truth.sum(), options.threshold);
  });
  return weights;
}

}  // namespace vislabel
