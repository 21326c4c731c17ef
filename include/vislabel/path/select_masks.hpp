/// The whole of GBOpt's mask selection: proposals, background maps and flow in, the chosen masks of every
/// frame out. Frames are read once, in order, and nothing of their pixels is kept.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>
#include <vislabel/core/exec.hpp>
#include <vislabel/path/compose.hpp>
#include <vislabel/path/consistency.hpp>
#include <vislabel/path/flow.hpp>
#include <vislabel/path/k_best_masks.hpp>
#include <vislabel/path/layered_graph.hpp>

namespace vislabel {

/// Options of `select_masks` and `MaskSelector`.
struct SelectMasksOptions {
  MaskChoiceOptions choice = {};
  double image_weight = 1;          ///< lambda_I
  double flow_weight = 1;           ///< lambda_F
  double consistency_weight = 0.5;  ///< lambda_p
  InsideFlow inside = InsideFlow::rigid;
  std::int64_t paths = 1;
};

/// One frame as the selection reads it: its proposals (masks without pixels are none), how likely each pixel
/// is background, and the flow to the next frame, if there is any.
template <class T>
struct ProposalFrame {
  Masks masks;
  Pixels<const T, 2> background;
  std::optional<FlowField<T>> flow;
};

/// What a frame offers to the paths through the video.
struct FrameCandidates {
  KBest best;
  std::int64_t proposals = 0;      ///< masks with pixels
  std::int64_t conflicts = 0;      ///< pairs of them that exclude each other
  Masks foregrounds;               ///< [K]: what each of the subsets covers
  std::vector<double> flow_costs;  ///< [K]; none without flow
};

/// What `select_masks` finds.
struct SelectedMasks {
  ShortestPaths paths;                     ///< labels: which of its frame's subsets
  std::vector<FrameCandidates> frames;     ///< [T]
  std::vector<std::vector<double>> unary;  ///< [T][K_t]: the weighted costs of the subsets
  std::vector<Table> pairwise;             ///< [T - 1][K_t, K_t+1]: and between them

  /// The subset of path p in frame t.
  [[nodiscard]] const std::vector<std::int64_t>& chosen(std::int64_t p, std::int64_t t) const {
    return frames[static_cast<std::size_t>(t)].best.subsets[static_cast<std::size_t>(paths.labels(p, t))];
  }
};

namespace detail {

inline void require_weight(double weight, const char* name) {
  require(std::isfinite(weight) && weight >= 0, name, " is ", weight,
          ", expected a finite number of at least 0");
}

/// The masks with pixels.
[[nodiscard]] inline std::vector<std::int64_t> with_pixels(const Masks& masks) {
  std::vector<std::int64_t> kept;
  for (std::int64_t n = 0; n < masks.count(); ++n)
    if (!masks[n].empty()) kept.push_back(n);
  return kept;
}

/// Stage 1 of one frame, and its flow loss.
template <class T>
[[nodiscard]] FrameCandidates frame_candidates(const ProposalFrame<T>& frame,
                                               const SelectMasksOptions& options) {
  const std::vector<std::int64_t> kept = with_pixels(frame.masks);
  const Masks masks = frame.masks.select(kept);
  require_background(frame.background, masks.size());
  const Regions regions = regions_of(masks);
  FrameChoice choice = frame_choice(regions, masks.count(), frame.background, options.choice);
  FrameCandidates out;
  out.best = std::move(choice.best), out.conflicts = choice.conflicts, out.proposals = masks.count();
  out.foregrounds = foregrounds(exec::Seq{}, masks, out.best.subsets);
  if (frame.flow) {
    require_flow(*frame.flow, masks.size(), "flow");
    out.flow_costs = flow_cost(exec::Seq{}, regions, masks.count(), *frame.flow, out.best.subsets,
                               {options.inside, options.choice.reduction});
  }
  for (std::vector<std::int64_t>& subset : out.best.subsets)
    for (std::int64_t& n : subset) n = kept[static_cast<std::size_t>(n)];
  return out;
}

/// The same for frame `t`, which errors name.
template <class T>
[[nodiscard]] FrameCandidates frame_candidates(const ProposalFrame<T>& frame,
                                               const SelectMasksOptions& options, std::size_t t) {
  try {
    return frame_candidates(frame, options);
  } catch (const Error& error) {
    fail("frame ", t, ": ", error.what());
  }
}

}  // namespace detail

/// Takes the frames of a video, some at a time, and finds the best paths through all of them.
class MaskSelector {
 public:
  /// *Errors*: weights that are negative or not finite; the limits of `k_best` and `shortest_paths`.
  MaskSelector(Size size, const SelectMasksOptions& options) : size_(size), options_(options) {
    detail::require_k(options.choice.search);
    detail::require_max_overlap(options.choice.max_overlap);
    detail::require_paths(options.paths);
    detail::require_weight(options.image_weight, "image_weight");
    detail::require_weight(options.flow_weight, "flow_weight");
    detail::require_weight(options.consistency_weight, "consistency_weight");
  }

  [[nodiscard]] std::int64_t count() const { return static_cast<std::int64_t>(frames_.size()); }

  /// What frame t offers.
  [[nodiscard]] const FrameCandidates& frame(std::int64_t t) const {
    return frames_[static_cast<std::size_t>(t)];
  }

  /// Adds the next frames of the video.
  ///
  /// *Errors*: masks of another size than the video's; those of `k_best` and `flow_cost`.
  template <exec::Policy P, class T>
  void add(P policy, std::span<const ProposalFrame<T>> frames) {
    for (std::size_t t = 0; t < frames.size(); ++t)
      detail::require(frames[t].masks.size() == size_, "frame ", frames_.size() + t, ": masks have size ",
                      frames[t].masks.size(), ", expected ", size_, ", that of the video");
    std::vector<FrameCandidates> added(frames.size());
    exec::for_each(policy, static_cast<std::int64_t>(frames.size()), 2'000'000, [&](std::int64_t i) {
      const auto t = static_cast<std::size_t>(i);
      added[t] = detail::frame_candidates(frames[t], options_, frames_.size() + t);
    });
    std::move(added.begin(), added.end(), std::back_inserter(frames_));
    for (std::size_t t = pairwise_.size() + 1; t < frames_.size(); ++t)
      pairwise_.push_back(between(policy, frames_[t - 1], frames_[t]));
  }

  /// Adds to the flow loss between frames t and t + 1, which were added: `given_flow_cost` of each two
  /// subsets.
  ///
  /// *Shapes*: `costs` [K_t, K_t+1], not weighted.
  /// *Errors*: another frame or shape; costs that are not finite.
  void add_flow_cost(std::int64_t t, const Eigen::Ref<const Table>& costs) {
    detail::require(t >= 0 && t + 1 < count(), "t is ", t, ", expected a frame with a next one, of ",
                    count());
    Table& table = pairwise_[static_cast<std::size_t>(t)];
    detail::require(costs.rows() == table.rows() && costs.cols() == table.cols(), "costs is [", costs.rows(),
                    ", ", costs.cols(), "], expected [", table.rows(), ", ", table.cols(), "]");
    detail::require(costs.allFinite(), "costs of frame ", t, " hold what is not finite, expected numbers");
    table += options_.flow_weight * costs;
  }

  /// The best paths through the frames that were added; the selector is empty afterwards.
  [[nodiscard]] SelectedMasks finish() {
    SelectedMasks out;
    for (const FrameCandidates& frame : frames_) {
      std::vector<double>& unary = out.unary.emplace_back();
      for (const double cost : frame.best.costs) unary.push_back(options_.image_weight * cost);
    }
    out.paths = shortest_paths(out.unary, pairwise_, options_.paths);
    out.frames = std::move(frames_), out.pairwise = std::move(pairwise_);
    frames_.clear(), pairwise_.clear();
    return out;
  }

 private:
  template <class P>
  [[nodiscard]] Table between(P policy, const FrameCandidates& a, const FrameCandidates& b) const {
    Table table = options_.consistency_weight * consistency_cost(policy, a.foregrounds, b.foregrounds);
    for (Eigen::Index k = 0; k < table.rows() && !a.flow_costs.empty(); ++k)
      table.row(k) += options_.flow_weight * a.flow_costs[static_cast<std::size_t>(k)];
    return table;
  }

  Size size_;
  SelectMasksOptions options_;
  std::vector<FrameCandidates> frames_;
  std::vector<Table> pairwise_;
};

/// Chooses the masks of a whole video: the K best subsets of every frame, then the best path through them.
///
/// *Shapes*: `frames` T; the last one's flow is checked, but no step follows it.
/// *Units and conventions*: for `inside` = `given` use `MaskSelector` and `add_flow_cost`.
/// *Source*: GBOpt, Sec. 3.3 and Eq. 17, with the last frame's own loss. *Errors*: those of the steps.
/// *Cost*: a few passes over the pixels of every frame; see `k_best` for the search.
template <exec::Policy P, class T>
[[nodiscard]] SelectedMasks select_masks(P policy, std::span<const ProposalFrame<T>> frames,
                                         const SelectMasksOptions& options = {}) {
  detail::require(options.inside != InsideFlow::given,
                  "inside is given, expected rigid or measured: give flows to a MaskSelector");
  MaskSelector selector(frames.empty() ? Size{} : frames.front().masks.size(), options);
  selector.add(policy, frames);
  return selector.finish();
}

}  // namespace vislabel
