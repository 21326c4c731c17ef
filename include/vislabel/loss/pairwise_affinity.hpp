/// BoxInst's pairwise affinity loss: neighbours of the same colour should get the same label. One pass over
/// the rows of a box; per pixel one exponential, and for the pairs of four pixels together one logarithm.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <vector>
#include <vislabel/core/exec.hpp>
#include <vislabel/core/pixels.hpp>
#include <vislabel/core/rectangle.hpp>
#include <vislabel/core/rule.hpp>
#include <vislabel/loss/affinity.hpp>
#include <vislabel/loss/colour_test.hpp>
#include <vislabel/loss/logits.hpp>
#include <vislabel/loss/pair_loss.hpp>
#include <vislabel/loss/similar_pairs.hpp>

namespace vislabel {

/// Options of `pairwise_affinity_loss`.
struct PairwiseAffinityOptions {
  /// A pair counts iff its similarity is above the threshold, and the divisor are all pairs (`paper`); iff it
  /// is at least the threshold, and the divisor are the pairs that count (`reference`).
  Rule rule = Rule::paper;
  std::optional<double> threshold = std::nullopt;  ///< none: 0.2 (`paper`), 0.3 (`reference`)
  double theta = 2;                                ///< similarity = exp(-|difference of colours| / theta)
  OnNaN nan = OnNaN::error;  ///< `propagate`: NaN in the loss and in every gradient of the instance
};

/// What `pairwise_affinity_loss` makes.
struct PairwiseAffinity {
  std::vector<double> loss;         ///< per box: the sum over the pairs that count
  std::vector<std::int64_t> pairs;  ///< per box: the divisor
};

namespace detail {

/// Everything that the forward and the backward pass share: which images are needed, and their similar pairs.
template <std::floating_point T, std::size_t D>
class AffinityInput {
 public:
  template <class P>
  AffinityInput(P policy, const Pixels<const T, D>& logits, const Pixels<const T, 4>& lab,
                std::span<const std::int64_t> image, std::span<const BoxSlot> boxes,
                const PairwiseAffinityOptions& options)
      : image_(image), pairs_(static_cast<std::size_t>(lab.shape[0])) {
    check(logits, lab, image, boxes);
    const ColourTest alike = colour_test(options.rule, options.threshold, options.theta);
    std::vector<PixelRectangle> parts(pairs_.size());  // what the boxes of each image need
    for (std::size_t n = 0; n < boxes.size(); ++n) {
      const BoxSlot& box = boxes[n];
      boxes_.push_back(box ? covered(*box, logits.size()) : PixelRectangle{});
      join(parts[image_of(n)], with_neighbours(boxes_.back(), logits.size()));
    }
    const std::int64_t pixels = logits.size().pixels();
    exec::for_each(policy, lab.shape[0], pixels * 20, [&](std::int64_t i) {
      const auto at = static_cast<std::size_t>(i);
      if (parts[at].empty()) return;
      for (std::int64_t channel = 0; channel < 3 && options.nan == OnNaN::error; ++channel)
        static_cast<void>(checked_nan(lab, i * 3 + channel, "lab", options.nan));
      pairs_[at] = SimilarPairs(image_at(lab, i), parts[at], alike);
    });
  }

  [[nodiscard]] const PixelRectangle& box(std::int64_t n) const {
    return boxes_[static_cast<std::size_t>(n)];
  }
  [[nodiscard]] const SimilarPairs& pairs(std::int64_t n) const {
    return pairs_[image_of(static_cast<std::size_t>(n))];
  }

  /// Calls `row(y)` for every row of instance n from top to bottom, and `meet(span)` as soon as both rows of
  /// a span are known.
  template <class Row, class Meet>
  void walk(std::int64_t n, Size frame, Row&& row, Meet&& meet) const {
    const PixelRectangle part = with_neighbours(box(n), frame);
    for (std::int64_t y = part.top; y < part.bottom; ++y) {
      row(y, part.left, part.right);
      for (const std::int64_t first : {y, y - neighbour_distance})
        if (first >= part.top) for_each_span(box(n), frame.width, first, y, meet);
    }
  }

 private:
  static void check(const Pixels<const T, D>& logits, const Pixels<const T, 4>& lab,
                    std::span<const std::int64_t> image, std::span<const BoxSlot> boxes) {
    require_boxes(boxes, logits);
    require(lab.shape[1] == 3, "lab has ", lab.shape[1], " channels, expected 3: L, a, b");
    require(lab.size() == logits.size(), "lab has size ", lab.size(), ", expected ", logits.size(),
            ", that of logits");
    require(image.size() == boxes.size(), "image has ", image.size(),
            " entries, expected one per map of logits (", boxes.size(), ")");
    for (std::size_t n = 0; n < image.size(); ++n)
      require(image[n] >= 0 && image[n] < lab.shape[0], "image[", n, "] is ", image[n], ", expected 0 to ",
              lab.shape[0] - 1);
  }

  static Pixels<const T, 3> image_at(const Pixels<const T, 4>& lab, std::int64_t i) {
    return {lab.data + i * lab.strides[0],
            {3, lab.shape[2], lab.shape[3]},
            {lab.strides[1], lab.strides[2], lab.strides[3]}};
  }

  static void join(PixelRectangle& part, const PixelRectangle& more) {
    if (more.empty()) return;
    if (part.empty()) part = more;
    part = {std::min(part.left, more.left), std::min(part.top, more.top), std::max(part.right, more.right),
            std::max(part.bottom, more.bottom)};
  }

  [[nodiscard]] std::size_t image_of(std::size_t n) const { return static_cast<std::size_t>(image_[n]); }

  std::span<const std::int64_t> image_;
  std::vector<PixelRectangle> boxes_;
  std::vector<SimilarPairs> pairs_;
};

}  // namespace detail

/// The pairwise affinity loss of every instance: -log P summed over the pairs of neighbours that count, where
/// P = p_i p_j + (1 - p_i)(1 - p_j) is the probability that both have the same label.
///
/// *Shapes*: `logits` [N, H, W] or [N, T, H, W]; `lab` [B, 3, H, W], in the units of CIE L*a*b* (L up to
/// 100); both of any strides; `image` (which of them each map belongs to) and `boxes` [N] or [N, T] in C
/// order; out likewise.
/// *Units and conventions*: pairs are ordered: a center pixel in the box, in or out of it one of the eight
/// neighbours at distance 2 in its row, its column or both; there are none across the frame's edge. The mean
/// over instances is the sum of the losses over the sum of the divisors, or over 1. Boxes as for
/// `projection_loss`. An infinite logit is the largest finite one.
/// *Source*: PM-VIS, Eq. 3; BoxInst.
/// *Errors*: sizes, boxes, images or options out of range; NaN in the logits, or in the colours of an image
/// that is needed (`propagate`: such pixels are like no other).
template <exec::Policy P, std::floating_point T, std::size_t D>
[[nodiscard]] PairwiseAffinity pairwise_affinity_loss(P policy, const Pixels<const T, D>& logits,
                                                      const Pixels<const T, 4>& lab,
                                                      std::span<const std::int64_t> image,
                                                      std::span<const BoxSlot> boxes,
                                                      const PairwiseAffinityOptions& options = {}) {
  using namespace detail;
  const AffinityInput<T, D> input(policy, logits, lab, image, boxes, options);
  PairwiseAffinity out{std::vector<double>(boxes.size()), std::vector<std::int64_t>(boxes.size())};
  struct State {
    std::array<std::vector<Odds>, neighbour_distance + 1> odds;  // of three rows
    AffinitySum sum;
  };
  exec::for_each(
      policy, logits.count(), logits.size().pixels() * 10, [] { return State(); },
      [&](State& state, std::int64_t n) {
        const auto at = static_cast<std::size_t>(n);
        if (!boxes[at]) return;
        const bool unknown = checked_nan(logits, n, "logits", options.nan);
        const auto row = [&](std::int64_t y) -> std::vector<Odds>& {
          return state.odds[static_cast<std::size_t>(y % 3)];
        };
        const PixelRectangle part = with_neighbours(input.box(n), logits.size());
        const auto finish = [&](std::int64_t y) {
          if (y >= part.top) state.sum.finish_row(y, part.left, part.right);
        };
        state.sum.start(logits.size());
        input.walk(
            n, logits.size(),
            [&](std::int64_t y, std::int64_t begin, std::int64_t end) {
              finish(y - neighbour_distance - 1);
              state.sum.start_row(y, logits.size().width);
              read_odds(logits.image(n), y, begin, end, row(y));
            },
            [&](const PairSpan& span) {
              state.sum.add(span, row(span.first), row(span.second), input.pairs(n).row(span.first));
            });
        for (std::int64_t y = std::max(part.top, part.bottom - neighbour_distance - 1); y < part.bottom; ++y)
          finish(y);
        out.loss[at] = unknown ? std::numeric_limits<double>::quiet_NaN() : state.sum.loss();
        out.pairs[at] =
            options.rule == Rule::paper ? pairs_from(input.box(n), logits.size()) : state.sum.pairs();
      });
  return out;
}

/// The gradient of `pairwise_affinity_loss` by the logits: `gradient[n]` times that of instance n.
///
/// *Shapes*: `gradient` like `boxes`; `out` like `logits`: every element is written. *Errors*: as above.
template <exec::Policy P, std::floating_point T, std::size_t D>
void pairwise_affinity_loss_backward(P policy, std::span<const double> gradient,
                                     const Pixels<const T, D>& logits, const Pixels<const T, 4>& lab,
                                     std::span<const std::int64_t> image, std::span<const BoxSlot> boxes,
                                     const Pixels<T, D>& out, const PairwiseAffinityOptions& options = {}) {
  using namespace detail;
  require_gradient(gradient, boxes, logits, out);
  const AffinityInput<T, D> input(policy, logits, lab, image, boxes, options);
  struct State {
    std::array<std::vector<Odds>, neighbour_distance + 1> odds;  // of three rows
    std::array<std::vector<PairSlope>, neighbour_distance + 1> slopes;
  };
  exec::for_each(
      policy, logits.count(), logits.size().pixels() * 15, [] { return State(); },
      [&](State& state, std::int64_t n) {
        const auto at = static_cast<std::size_t>(n);
        const Pixels<T, 2> to = out.image(n);
        fill(to, T{0});
        if (!boxes[at]) return;
        if (checked_nan(logits, n, "logits", options.nan))
          return fill(to, std::numeric_limits<T>::quiet_NaN());
        const auto row = [&](std::int64_t y) -> std::vector<Odds>& {
          return state.odds[static_cast<std::size_t>(y % 3)];
        };
        const auto slope = [&](std::int64_t y) -> std::vector<PairSlope>& {
          return state.slopes[static_cast<std::size_t>(y % 3)];
        };
        const PixelRectangle part = with_neighbours(input.box(n), logits.size());
        const auto write = [&](std::int64_t y) {
          for (std::int64_t column = part.left; column < part.right; ++column) {
            const auto x = static_cast<std::size_t>(column);
            const T value = static_cast<T>(gradient[at] * slope(y)[x].of(row(y)[x]));
            std::memcpy(to.row(y) + column * to.column_stride(), &value, sizeof(T));
          }
        };
        input.walk(
            n, logits.size(),
            [&](std::int64_t y, std::int64_t begin, std::int64_t end) {
              if (y - part.top > neighbour_distance) write(y - neighbour_distance - 1);
              read_odds(logits.image(n), y, begin, end, row(y));
              slope(y).assign(static_cast<std::size_t>(logits.size().width), PairSlope());
            },
            [&](const PairSpan& span) {
              add_slopes(span, row(span.first), row(span.second), input.pairs(n).row(span.first),
                         slope(span.first), slope(span.second));
            });
        for (std::int64_t y = std::max(part.top, part.bottom - neighbour_distance - 1); y < part.bottom; ++y)
          write(y);
      });
}

}  // namespace vislabel
