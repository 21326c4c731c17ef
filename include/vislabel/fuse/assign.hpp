/// Which predicted mask belongs to which annotated box: a detector's masks come in an order of their own.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>
#include <vislabel/core/exec.hpp>
#include <vislabel/core/rule.hpp>
#include <vislabel/fuse/hungarian.hpp>
#include <vislabel/fuse/scm.hpp>
#include <vislabel/iou/tables.hpp>
#include <vislabel/mask/boolean.hpp>

namespace vislabel {

/// How often a prediction, or an instance, may be assigned in a frame.
enum class OneToOne {
  greedy,     ///< once: best pair first; ties: lower instance, then lower prediction
  hungarian,  ///< once: the largest total score
  none,       ///< every instance takes its best prediction (ties: lower), which may serve several instances
};

/// Options of `assign`.
struct AssignOptions {
  OneToOne one_to_one = OneToOne::greedy;
  double min_score = 0;                      ///< a pair counts iff its score is larger
  BoxOverlap box_overlap = BoxOverlap::iou;  ///< in SCM
  Rule rule = Rule::paper;                   ///< `reference`: boxes alone decide, see `assign`
};

/// What `assign` finds.
struct Assignment {
  Tracks tracks;          ///< [N, T] the predicted mask of each instance; absent: none
  IndexTable prediction;  ///< [N, T] its row among the predictions; -1: none
  Table score;            ///< [N, T] its score; 0: none
};

namespace detail {

/// The predictions of one frame against the instances: tables [N, P].
class FrameAssignment {
 public:
  FrameAssignment(const Tracks& predicted, const Tracks* helper, const BoxTracks& boxes,
                  const AssignOptions& options)
      : predicted_(predicted),
        helper_(helper),
        boxes_(boxes),
        options_(options),
        scores_(boxes.count(), predicted.count()) {}

  /// The prediction of every instance in frame t, -1: none.
  [[nodiscard]] std::vector<std::int64_t> best(std::int64_t t) {
    measure(t);
    if (options_.one_to_one == OneToOne::hungarian) return largest_assignment(scores_);
    return options_.one_to_one == OneToOne::greedy ? greedy() : best_of_each();
  }
  [[nodiscard]] double score(std::int64_t n, std::int64_t p) const { return scores_(n, p); }

 private:
  void measure(std::int64_t t) {
    const BoxOverlap kind = options_.box_overlap;
    for (std::int64_t n = 0; n < scores_.rows(); ++n) {
      const BoxTracks::Slot& box = boxes_(n, t);
      const double agreement = helper_ == nullptr ? 1 : box_agreement((*helper_)(n, t), box, kind);
      for (std::int64_t p = 0; p < scores_.cols(); ++p) {
        const Tracks::Slot& mask = predicted_(p, t);
        const double own = agreement > 0 ? box_agreement(mask, box, kind) : 0.0;
        const double score = helper_ == nullptr ? own : slot_scm(mask, own, (*helper_)(n, t), agreement);
        scores_(n, p) = score > options_.min_score ? score : 0.0;
      }
    }
  }

  [[nodiscard]] std::vector<std::int64_t> greedy() const {
    std::vector<std::int64_t> pairs;
    for (std::int64_t i = 0; i < scores_.size(); ++i)
      if (scores_.data()[i] > 0) pairs.push_back(i);
    std::stable_sort(pairs.begin(), pairs.end(),
                     [&](std::int64_t i, std::int64_t j) { return scores_.data()[i] > scores_.data()[j]; });
    std::vector<std::int64_t> prediction(static_cast<std::size_t>(scores_.rows()), -1);
    std::vector<bool> taken(static_cast<std::size_t>(scores_.cols()), false);
    for (const std::int64_t i : pairs) {
      const auto n = static_cast<std::size_t>(i / scores_.cols()),
                 p = static_cast<std::size_t>(i % scores_.cols());
      if (prediction[n] >= 0 || taken[p]) continue;
      prediction[n] = static_cast<std::int64_t>(p), taken[p] = true;
    }
    return prediction;
  }

  [[nodiscard]] std::vector<std::int64_t> best_of_each() const {
    std::vector<std::int64_t> prediction(static_cast<std::size_t>(scores_.rows()), -1);
    for (std::int64_t n = 0; n < scores_.rows(); ++n)
      for (std::int64_t p = 0; p < scores_.cols(); ++p) {
        std::int64_t& best = prediction[static_cast<std::size_t>(n)];
        if (scores_(n, p) > (best < 0 ? 0.0 : scores_(n, best))) best = p;
      }
    return prediction;
  }

  const Tracks& predicted_;
  const Tracks* helper_;
  const BoxTracks& boxes_;
  const AssignOptions& options_;
  Table scores_;
};

inline void require_min_score(double score) {
  require(score >= 0, "min_score is ", score, ", expected at least 0");
}

/// The instance whose box has the largest GIoU with that of the mask, and that GIoU; -1: none above 0.
[[nodiscard]] inline std::pair<std::int64_t, double> best_instance(const PackedMask& mask,
                                                                   const BoxTracks& boxes, std::int64_t t) {
  std::pair<std::int64_t, double> best{-1, 0.0};
  for (std::int64_t n = 0; n < boxes.count(); ++n) {
    const double overlap =
        boxes(n, t) && !mask.empty() ? box_overlap(mask.box(), *boxes(n, t), BoxOverlap::giou) : 0.0;
    if (overlap > best.second) best = {n, overlap};
  }
  return best;
}

}  // namespace detail

/// Assigns predicted masks to annotated instances, frame by frame: the score of a pair is the SCM of the
/// prediction and the helper's mask of the instance (in the paper HQ-SAM's, prompted with the box); without a
/// helper, the overlap of the prediction's box with the annotated one.
///
/// `Rule::reference`: every prediction goes to the instance whose annotated box has the largest GIoU with the
/// prediction's, if that is more than 0 (ties: the first); those of one instance are united; nothing
/// else counts, neither the helper nor the other options.
///
/// *Shapes*: `predicted` [P, T]; `helper` [N, T] or null; `boxes` [N, T].
/// *Units and conventions*: under `Rule::reference`, `prediction` is the lowest index of those united and
/// `score` the largest GIoU. *Source*: PM-VIS, Sec. III-B1 and III-C2; one-to-one is ours.
/// *Errors*: different sizes, numbers of instances or of frames; `min_score` NaN or negative.
template <exec::Policy P>
[[nodiscard]] Assignment assign(P policy, const Tracks& predicted, const Tracks* helper,
                                const BoxTracks& boxes, const AssignOptions& options = {}) {
  detail::require(predicted.frames() == boxes.frames(), "predicted has ", predicted.frames(),
                  " frames, expected as many as boxes (", boxes.frames(), ")");
  detail::require_min_score(options.min_score);
  if (helper != nullptr) {
    detail::require_same_video(predicted, "predicted", *helper, "helper");
    detail::require_boxes(boxes, *helper, "helper");
  }
  const std::int64_t rows = boxes.count(), frames = boxes.frames();
  IndexTable prediction = IndexTable::Constant(rows, frames, -1);
  Table score = Table::Zero(rows, frames);
  std::vector<Tracks::Slot> slots(static_cast<std::size_t>(rows * frames));
  const auto slot = [&](std::int64_t n, std::int64_t t) -> Tracks::Slot& {
    return slots[static_cast<std::size_t>(n * frames + t)];
  };
  const auto by_scm = [&](std::int64_t t) {
    detail::FrameAssignment frame(predicted, helper, boxes, options);
    const std::vector<std::int64_t> best = frame.best(t);
    for (std::int64_t n = 0; n < rows; ++n) {
      const std::int64_t p = prediction(n, t) = best[static_cast<std::size_t>(n)];
      if (p >= 0) slot(n, t) = predicted(p, t), score(n, t) = frame.score(n, p);
    }
  };
  const auto by_boxes = [&](std::int64_t t) {
    detail::Packer packer(predicted.size());
    for (std::int64_t p = 0; p < predicted.count(); ++p) {
      if (!predicted.present(p, t)) continue;
      const auto [n, overlap] = detail::best_instance(*predicted(p, t), boxes, t);
      if (n < 0) continue;
      slot(n, t) =
          slot(n, t) ? detail::combine(packer, *slot(n, t), *predicted(p, t), detail::Or{}) : predicted(p, t);
      if (prediction(n, t) < 0) prediction(n, t) = p;
      score(n, t) = std::max(score(n, t), overlap);
    }
  };
  exec::for_each(policy, frames, rows * predicted.count() * detail::frame_ns, [&](std::int64_t t) {
    if (options.rule == Rule::paper)
      by_scm(t);
    else
      by_boxes(t);
  });
  return {Tracks(predicted.size(), rows, frames, std::move(slots)), std::move(prediction), std::move(score)};
}

}  // namespace vislabel
