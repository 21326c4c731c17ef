/// -log P summed over pairs of neighbours, and its slopes: what the pairwise loss computes where two rows of
/// an instance meet.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>
#include <vislabel/core/eight_lanes.hpp>
#include <vislabel/core/pixels.hpp>
#include <vislabel/core/scratch.hpp>
#include <vislabel/loss/logits.hpp>
#include <vislabel/loss/similar_pairs.hpp>
#include <vislabel/mask/crop.hpp>

namespace vislabel::detail {

/// Two rows of an instance meet in pairs of neighbours: first pixels [begin, end) of row `first`, second ones
/// `right` columns on in row `second`. Each pair stands for `weight` ordered pairs: as many of its pixels lie
/// in the box.
struct PairSpan {
  std::size_t neighbour;
  std::int64_t first, second, begin, end;
  int weight;
};

/// Calls `use(span)` for the pairs of rows `first` and `second` of a frame `width` wide of which a pixel lies
/// in the box.
template <class Use>
void for_each_span(const PixelRectangle& box, std::int64_t width, std::int64_t first, std::int64_t second,
                   Use&& use) {
  const auto in_box = [&](std::int64_t y) { return box.top <= y && y < box.bottom; };
  for (std::size_t k = 0; k < neighbours.size(); ++k) {
    const std::int64_t right = neighbours[k].right;
    if (first + neighbours[k].down != second) continue;
    const std::int64_t low = std::max<std::int64_t>(0, -right);  // columns whose partner is in the frame, too
    const std::int64_t high = std::max(low, width - std::max<std::int64_t>(0, right));
    const auto inside = [&](std::int64_t x) { return std::clamp(x, low, high); };
    std::int64_t a0 = 0, a1 = 0, b0 = 0, b1 = 0;  // where the first, where the second pixel is in the box
    if (in_box(first)) a0 = inside(box.left), a1 = inside(box.right);
    if (in_box(second)) b0 = inside(box.left - right), b1 = inside(box.right - right);
    const auto emit = [&](std::int64_t begin, std::int64_t end, int weight) {
      if (begin < end) use(PairSpan{k, first, second, begin, end, weight});
    };
    if (a0 >= a1 || b0 >= b1) {
      emit(a0, a1, 1), emit(b0, b1, 1);
      continue;
    }
    const std::int64_t both0 = std::max(a0, b0), both1 = std::max(both0, std::min(a1, b1));
    emit(both0, both1, 2);
    emit(a0, std::min(a1, both0), 1), emit(std::max(a0, both1), a1, 1);
    emit(b0, std::min(b1, both0), 1), emit(std::max(b0, both1), b1, 1);
  }
}

/// One row of an instance's logits, as the pairs need it; indexed by the column in the frame.
struct AffinityRow {
  std::vector<double> logit, foreground, background;

  template <class T>
  void read(const Pixels<const T, 2>& logits, std::int64_t y, std::int64_t begin, std::int64_t end) {
    for (auto* values : {&logit, &foreground, &background})
      values->resize(static_cast<std::size_t>(logits.size().width));
    for (std::int64_t column = begin; column < end; ++column) {
      const auto x = static_cast<std::size_t>(column);
      logit[x] = finite_logit(logits.at(y, column));
      const auto [own, other] = probabilities(logit[x]);
      foreground[x] = own, background[x] = other;
    }
  }
};

/// -log P of two logits so far on opposite sides that P leaves the range of double.
[[nodiscard]] inline double disagreement(double a, double b) {
  a = std::abs(a), b = std::abs(b);
  return std::min(a, b) + std::log1p(std::exp(-a)) + std::log1p(std::exp(-b)) -
         std::log1p(std::exp(-std::abs(a - b)));
}

/// Its derivative by a.
[[nodiscard]] inline double disagreement_slope(double a, double b) {
  const double of_a = std::exp(-std::abs(a)), of_b = std::exp(-std::abs(b));
  return std::copysign((1 - of_b) / (1 + of_a) / (1 + std::exp(std::abs(a) - std::abs(b))), a);
}

inline constexpr double least_agreement = 1e-290;  ///< a P below it has lost digits, or is 0

/// Sums of -log P over pairs of one weight.
class AffinitySum {
 public:
  void add(const PairSpan& span, const AffinityRow& a, const AffinityRow& b, const std::uint8_t* alike) {
    const auto length = static_cast<std::size_t>(span.end - span.begin);
    double* const factors = factors_.room(length);
    double* const terms = terms_.room(length);
    std::size_t many = 0, few = 0;
    for (std::int64_t column = span.begin; column < span.end; ++column) {
      if ((alike[column] >> span.neighbour & 1) == 0) continue;
      const auto x = static_cast<std::size_t>(column), next = partner(span, column);
      ++pairs_;
      const double differ = a.foreground[x] * b.background[next] + a.background[x] * b.foreground[next];
      if (differ < 0x1p-10) {  // -log(1 - differ), which the rounding of 1 - differ would spoil
        terms[few++] = differ * (1 + differ * (1. / 2 + differ * (1. / 3 + differ * (1. / 4 + differ / 5))));
        continue;
      }
      const double agree = a.foreground[x] * b.foreground[next] + a.background[x] * b.background[next];
      if (agree >= 1e-9)
        factors[many++] = agree;
      else
        terms[few++] = agree > least_agreement ? -std::log(agree) : disagreement(a.logit[x], b.logit[next]);
    }
    product_.multiply(factors, many);
    sum_.add(terms, few);
  }

  [[nodiscard]] double loss() const { return LogProduct().log_over(product_) + sum_.sum(); }
  [[nodiscard]] std::int64_t pairs() const { return pairs_; }

  /// Where the second pixel of a pair is in its row.
  static std::size_t partner(const PairSpan& span, std::int64_t column) {
    return static_cast<std::size_t>(column + neighbours[span.neighbour].right);
  }

 private:
  LogProduct product_;
  LaneSum sum_;
  std::int64_t pairs_ = 0;
  Scratch<double> factors_, terms_;
};

/// The gradient of one row in the making.
struct SlopeRow {
  std::vector<double> slope;   // times foreground times background
  std::vector<double> direct;  // as it is

  void clear(std::size_t width) { slope.assign(width, 0), direct.assign(width, 0); }
};

inline void add_slopes(const PairSpan& span, const AffinityRow& a, const AffinityRow& b,
                       const std::uint8_t* alike, SlopeRow& to_a, SlopeRow& to_b) {
  const double weight = span.weight;
  for (std::int64_t column = span.begin; column < span.end; ++column) {
    if ((alike[column] >> span.neighbour & 1) == 0) continue;
    const auto x = static_cast<std::size_t>(column), next = AffinitySum::partner(span, column);
    const double agree = a.foreground[x] * b.foreground[next] + a.background[x] * b.background[next];
    if (agree > least_agreement) {
      to_a.slope[x] += weight * (b.background[next] - b.foreground[next]) / agree;
      to_b.slope[next] += weight * (a.background[x] - a.foreground[x]) / agree;
    } else {
      to_a.direct[x] += weight * disagreement_slope(a.logit[x], b.logit[next]);
      to_b.direct[next] += weight * disagreement_slope(b.logit[next], a.logit[x]);
    }
  }
}

}  // namespace vislabel::detail
