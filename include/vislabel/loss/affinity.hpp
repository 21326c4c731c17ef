/// -log P summed over pairs of neighbours, and its slopes: what the pairwise loss computes where two rows of
/// an instance meet.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>
#include <vislabel/core/block.hpp>
#include <vislabel/core/eight_lanes.hpp>
#include <vislabel/core/ordered_sum.hpp>
#include <vislabel/core/pixels.hpp>
#include <vislabel/core/rectangle.hpp>
#include <vislabel/loss/pair_loss.hpp>
#include <vislabel/loss/probabilities.hpp>

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

/// Where the second pixel of a pair is in its row.
[[nodiscard]] inline std::size_t partner(const PairSpan& span, std::int64_t column) {
  return static_cast<std::size_t>(column + neighbours[span.neighbour].right);
}

/// Writes the odds of a row's logits from column `begin` up to `end`, two at a time.
template <class T>
void read_odds(const Pixels<const T, 2>& logits, std::int64_t y, std::int64_t begin, std::int64_t end,
               std::vector<Odds>& odds) {
  odds.resize(static_cast<std::size_t>(logits.size().width));
  for (std::int64_t column = begin; column < end; column += 2) {
    const std::int64_t next = std::min(column + 1, end - 1);
    const DoubleLane two{finite_logit(logits.at(y, column)), finite_logit(logits.at(y, next))};
    const auto [own, other] = probabilities<DoubleLane, DoubleWords>(two);
    odds[static_cast<std::size_t>(next)] = {two[1], own[1], other[1]};
    odds[static_cast<std::size_t>(column)] = {two[0], own[0], other[0]};
  }
}

/// The loss of one instance in the making; see `pair_loss.hpp` for the order.
class AffinitySum {
 public:
  void start(Size frame) {
    across_ = ceil_divide(frame.width, tile_columns);
    tiles_.assign(static_cast<std::size_t>(across_ * ceil_divide(frame.height, tile_rows)), 0);
    pairs_ = 0;
  }

  /// Of the pairs whose first pixel is in row y, none is known yet.
  void start_row(std::int64_t y, std::int64_t width) {
    row(y).assign(static_cast<std::size_t>(ceil_divide(width, group_columns) * group_columns), PairLoss());
  }

  void add(const PairSpan& span, const std::vector<Odds>& a, const std::vector<Odds>& b,
           const std::uint8_t* alike) {
    std::vector<PairLoss>& sums = row(span.first);
    for (std::int64_t column = span.begin; column < span.end; ++column) {
      if ((alike[column] >> span.neighbour & 1) == 0) continue;
      const auto x = static_cast<std::size_t>(column);
      sums[x].add(a[x], b[partner(span, column)], span.weight);
      pairs_ += span.weight;
    }
  }

  /// All pairs whose first pixel is in row y, and in these columns, are known.
  void finish_row(std::int64_t y, std::int64_t begin, std::int64_t end) {
    const std::vector<PairLoss>& sums = row(y);
    for (std::int64_t tile = begin / tile_columns; tile * tile_columns < end; ++tile) {
      double sum = 0;
      const std::int64_t last = std::min((tile + 1) * tile_columns, std::ssize(sums));
      for (std::int64_t column = tile * tile_columns; column < last; column += group_columns) {
        const PairLoss* const group = sums.data() + column;
        sum += group_loss(group[0], group[1], group[2], group[3]);
      }
      tiles_[static_cast<std::size_t>(y / tile_rows * across_ + tile)] += sum;
    }
  }

  [[nodiscard]] double loss() const {
    OrderedSum sum;
    for (const double tile : tiles_) sum.add(tile);
    return sum.sum();
  }

  /// How many ordered pairs count.
  [[nodiscard]] std::int64_t pairs() const { return pairs_; }

 private:
  [[nodiscard]] std::vector<PairLoss>& row(std::int64_t y) { return rows_[static_cast<std::size_t>(y % 3)]; }

  std::array<std::vector<PairLoss>, neighbour_distance + 1> rows_;
  std::vector<double> tiles_;  // row by row
  std::int64_t across_ = 0, pairs_ = 0;
};

/// Each pair's slopes go to both of its pixels. What a pixel gets has this order: from the two of its own
/// row, from the row above (right to left), from the row below (left to right).
inline void add_slopes(const PairSpan& span, const std::vector<Odds>& a, const std::vector<Odds>& b,
                       const std::uint8_t* alike, std::vector<PairSlope>& to_a,
                       std::vector<PairSlope>& to_b) {
  for (std::int64_t column = span.begin; column < span.end; ++column) {
    if ((alike[column] >> span.neighbour & 1) == 0) continue;
    const auto x = static_cast<std::size_t>(column), next = partner(span, column);
    to_a[x].add(a[x], b[next], span.weight);
    to_b[next].add(b[next], a[x], span.weight);
  }
}

}  // namespace vislabel::detail
