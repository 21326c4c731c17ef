/// What AutoQ-VIS's quality predictor learns: the IoU of each predicted mask with the truth that it fits
/// best. One pass per query: its logits are resized, thresholded and packed frame by frame, and compared with
/// every truth while they are at hand.
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>
#include <vislabel/core/exec.hpp>
#include <vislabel/core/pixels.hpp>
#include <vislabel/iou/best_match.hpp>
#include <vislabel/iou/tables.hpp>
#include <vislabel/loss/logits.hpp>
#include <vislabel/mask/resize.hpp>
#include <vislabel/track/tracks.hpp>

namespace vislabel {

/// Options of `quality_target`.
struct QualityTargetOptions {
  double threshold = 0;  ///< a pixel is predicted where the resized logit is above it; 0: probability 0.5
  EmptyPair empty_pair = EmptyPair::zero;
  OnNaN nan = OnNaN::error;  ///< `propagate`: NaN in the frames with NaN, which do not count in the mean
};

/// What `quality_target` makes.
struct QualityTarget {
  Table iou;                        ///< [Q, T] IoU with that truth; 0 where there is none
  std::vector<std::int64_t> truth;  ///< [Q] which truth it is; -1: there are none
};

/// The IoU per frame of every query with the truth of its largest mean IoU (ties: the first).
///
/// *Shapes*: `logits` [Q, T, h, w], any strides; `truth` [G, T] of H x W pixels.
/// *Units and conventions*: logits are resized bilinearly to H x W as in `pack_resized`; absent truths are
/// empty; the mean is over all T frames.
/// *Source*: AutoQ-VIS, Sec. 2.1 (mask IoU of masks binarised at 0.5, regressed with an l2 loss).
/// *Errors*: another number of frames; NaN logits or threshold; maps without pixels.
/// *Cost*: one read of `logits`; the resized ones are never stored.
template <exec::Policy P, std::floating_point T>
[[nodiscard]] QualityTarget quality_target(P policy, const Pixels<const T, 4>& logits, const Tracks& truth,
                                           const QualityTargetOptions& options = {}) {
  using detail::require;
  const std::int64_t count = logits.shape[0], frames = logits.shape[1];
  const Size from = logits.size(), to = truth.size();
  require(frames == truth.frames(), "logits has ", frames, " frames, expected ", truth.frames(), " as truth");
  require(!std::isnan(options.threshold), "threshold is NaN, expected a number");
  require(to.pixels() == 0 || from.pixels() > 0, "logits has maps of ", from,
          ", which cannot be resized to truth's ", to);
  struct State {
    detail::BestTrack best;
    std::vector<detail::ResizedPacker<T>> packer;  // none where masks have no pixels
    std::vector<Tracks::Slot> masks;
    std::vector<bool> nan;
  };
  const auto make_state = [&] {
    State state{{truth, {options.empty_pair, Rule::paper}}, {}, {}, {}};
    if (to.pixels() > 0) state.packer.emplace_back(from, to, options.threshold);
    state.masks.assign(static_cast<std::size_t>(frames), PackedMask());
    state.nan.assign(static_cast<std::size_t>(frames), false);
    return state;
  };
  QualityTarget out{Table(count, frames), std::vector<std::int64_t>(static_cast<std::size_t>(count))};
  const std::int64_t ns_each = frames * (to.pixels() / 4 + 1000 + truth.count() * detail::frame_ns);
  exec::for_each(policy, count, ns_each, make_state, [&](State& state, std::int64_t q) {
    for (std::int64_t t = 0; t < frames; ++t) {
      const auto at = static_cast<std::size_t>(t);
      state.nan[at] = detail::checked_nan(logits, q * frames + t, "logits", options.nan);
      if (!state.packer.empty() && !state.nan[at])
        state.masks[at] = state.packer[0].pack(logits.image(q * frames + t));
    }
    out.truth[static_cast<std::size_t>(q)] = state.best.find(
        [&](std::int64_t t) -> const Tracks::Slot& { return state.masks[static_cast<std::size_t>(t)]; },
        [&](std::int64_t t) { return state.nan[static_cast<std::size_t>(t)]; }, out.iou.row(q).data());
  });
  return out;
}

}  // namespace vislabel
