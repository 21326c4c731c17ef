/// BoxInst's projection loss: a mask's shadows on the two axes must be those of its box. All that it asks of
/// a mask is one maximum per row and per column, and so is its gradient.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <vector>
#include <vislabel/core/exec.hpp>
#include <vislabel/core/ordered_sum.hpp>
#include <vislabel/core/pixels.hpp>
#include <vislabel/core/rectangle.hpp>
#include <vislabel/loss/dice.hpp>
#include <vislabel/loss/logits.hpp>
#include <vislabel/loss/probabilities.hpp>

namespace vislabel {

/// Options of `projection_loss`.
struct ProjectionOptions {
  OnNaN nan = OnNaN::error;  ///< `propagate`: NaN in the loss and in every gradient of the instance
};

namespace detail {

/// The largest logit of every row and of every column. A maximum is the first one, as torch's.
template <std::floating_point T>
class Shadows {
 public:
  void project(const Pixels<const T, 2>& logits) {
    rows_.assign(static_cast<std::size_t>(logits.size().height), -std::numeric_limits<T>::infinity());
    columns_.assign(static_cast<std::size_t>(logits.size().width), -std::numeric_limits<T>::infinity());
    line_.resize(columns_.size());
    for (std::int64_t y = 0; y < logits.size().height; ++y) {
      read(logits, y);
      T largest = -std::numeric_limits<T>::infinity();
      for (std::size_t x = 0; x < line_.size(); ++x) {
        largest = largest < line_[x] ? line_[x] : largest;
        columns_[x] = columns_[x] < line_[x] ? line_[x] : columns_[x];
      }
      rows_[static_cast<std::size_t>(y)] = largest;
    }
  }

  [[nodiscard]] const std::vector<T>& rows() const { return rows_; }
  [[nodiscard]] const std::vector<T>& columns() const { return columns_; }

  /// Adds `of_rows[y]` where row y has its maximum, and `of_columns[x]` likewise.
  void add_to_maxima(const Pixels<const T, 2>& logits, const std::vector<double>& of_rows,
                     const std::vector<double>& of_columns, const Pixels<T, 2>& out) {
    found_.assign(columns_.size(), 0);
    for (std::int64_t y = 0; y < logits.size().height; ++y) {
      read(logits, y);
      const auto row = static_cast<std::size_t>(y);
      const auto of_row =
          static_cast<std::size_t>(std::find(line_.begin(), line_.end(), rows_[row]) - line_.begin());
      if (of_row < line_.size()) add_to(out, y, static_cast<std::int64_t>(of_row), of_rows[row]);
      bool any = false;  // looked for first without a branch: most rows have no column's maximum
      for (std::size_t x = 0; x < line_.size(); ++x) any |= line_[x] == columns_[x];
      for (std::size_t x = 0; any && x < line_.size(); ++x)
        if (line_[x] == columns_[x] && found_[x] == 0) {
          found_[x] = 1;
          add_to(out, y, static_cast<std::int64_t>(x), of_columns[x]);
        }
    }
  }

 private:
  void read(const Pixels<const T, 2>& logits, std::int64_t y) {
    const std::byte* from = logits.row(y);
    if (logits.column_stride() == static_cast<std::ptrdiff_t>(sizeof(T))) {
      if (!line_.empty()) std::memcpy(line_.data(), from, line_.size() * sizeof(T));
      return;
    }
    for (T& value : line_) std::memcpy(&value, from, sizeof(T)), from += logits.column_stride();
  }

  std::vector<T> rows_, columns_, line_;
  std::vector<char> found_;  // [W] whether the column's maximum has been passed
};

/// 1 - 2 sum(x t) / (sum(x^2) + sum(t^2) + 1e-5), where x are the probabilities of logits and t is 1 from
/// `begin` to `end`, 0 elsewhere.
template <std::floating_point T>
class Dice {
 public:
  Dice(const std::vector<T>& logits, std::int64_t begin, std::int64_t end)
      : logits_(logits), begin_(begin), end_(end) {
    OrderedSum squares, apart, common;
    for (std::size_t i = 0; i < logits.size(); ++i) {
      const auto [x, other] = probabilities(static_cast<double>(logits[i]));
      const double difference = in_box(i) ? other : x;
      squares.add(x * x), apart.add(difference * difference), common.add(in_box(i) ? x : 0);
    }
    sums_ = {squares.sum(), apart.sum(), common.sum(), end - begin};
  }

  [[nodiscard]] double loss() const { return sums_.loss(); }

  /// Its derivative by every logit, times `scale`.
  void gradient(double scale, std::vector<double>& out) const {
    out.resize(logits_.size());
    const DiceSlopes slope(sums_);
    for (std::size_t i = 0; i < logits_.size(); ++i) {
      out[i] = scale * slope(probabilities(static_cast<double>(logits_[i])), in_box(i));
    }
  }

 private:
  [[nodiscard]] bool in_box(std::size_t i) const {
    const auto at = static_cast<std::int64_t>(i);
    return begin_ <= at && at < end_;
  }

  const std::vector<T>& logits_;
  std::int64_t begin_, end_;
  DiceSums sums_;
};

}  // namespace detail

/// The projection loss of every instance: the dice losses of its shadows on both axes.
///
/// *Shapes*: `logits` [N, H, W] or [N, T, H, W], any strides; `boxes` [N] or [N, T] in C order; out like
/// `boxes`.
/// *Units and conventions*: boxes in the logits' own pixels; a box covers columns floor(x) up to
/// ceil(x + width) and rows likewise; without a box the loss is 0, and the logits are not read.
/// *Source*: PM-VIS, Eq. 1-2; dice loss of BoxInst, with its 1e-5.
/// *Errors*: another number of boxes; boxes that are not finite or have a negative side; NaN.
template <exec::Policy P, std::floating_point T, std::size_t D>
[[nodiscard]] std::vector<double> projection_loss(P policy, const Pixels<const T, D>& logits,
                                                  std::span<const BoxSlot> boxes,
                                                  const ProjectionOptions& options = {}) {
  detail::require_boxes(boxes, logits);
  std::vector<double> losses(boxes.size());
  exec::for_each(
      policy, logits.count(), logits.size().pixels() * 2, [] { return detail::Shadows<T>(); },
      [&](detail::Shadows<T>& shadows, std::int64_t n) {
        const auto at = static_cast<std::size_t>(n);
        if (!boxes[at]) return;
        if (detail::checked_nan(logits, n, "logits", options.nan)) {
          losses[at] = std::numeric_limits<double>::quiet_NaN();
          return;
        }
        const auto box = detail::covered(*boxes[at], logits.size());
        shadows.project(logits.image(n));
        losses[at] = detail::Dice<T>(shadows.rows(), box.top, box.bottom).loss() +
                     detail::Dice<T>(shadows.columns(), box.left, box.right).loss();
      });
  return losses;
}

/// The gradient of `projection_loss` by the logits: `gradient[n]` times that of instance n.
///
/// *Shapes*: `gradient` like `boxes`; `out` like `logits`: every element is written.
/// *Units and conventions*: it goes to the first maximum of each row and column. *Errors*: as above.
template <exec::Policy P, std::floating_point T, std::size_t D>
void projection_loss_backward(P policy, std::span<const double> gradient, const Pixels<const T, D>& logits,
                              std::span<const BoxSlot> boxes, const Pixels<T, D>& out,
                              const ProjectionOptions& options = {}) {
  detail::require_boxes(boxes, logits);
  detail::require_gradient(gradient, boxes, logits, out);
  struct State {
    detail::Shadows<T> shadows;
    std::vector<double> of_rows, of_columns;
  };
  exec::for_each(
      policy, logits.count(), logits.size().pixels() * 5, [] { return State(); },
      [&](State& state, std::int64_t n) {
        const auto at = static_cast<std::size_t>(n);
        const Pixels<const T, 2> image = logits.image(n);
        detail::fill(out.image(n), T{0});
        if (!boxes[at]) return;
        if (detail::checked_nan(logits, n, "logits", options.nan))
          return detail::fill(out.image(n), std::numeric_limits<T>::quiet_NaN());
        const auto box = detail::covered(*boxes[at], logits.size());
        auto& [shadows, of_rows, of_columns] = state;
        shadows.project(image);
        detail::Dice<T>(shadows.rows(), box.top, box.bottom).gradient(gradient[at], of_rows);
        detail::Dice<T>(shadows.columns(), box.left, box.right).gradient(gradient[at], of_columns);
        shadows.add_to_maxima(image, of_rows, of_columns, out.image(n));
      });
}

}  // namespace vislabel
