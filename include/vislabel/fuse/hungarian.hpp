/// The one-to-one assignment of largest total weight. The library's own, because no header-only package that
/// it uses has one for real weights (Boost's, of 1.76 and later, is for general graphs and integers); scipy's
/// is the oracle of its tests.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>
#include <vislabel/core/error.hpp>
#include <vislabel/iou/tables.hpp>

namespace vislabel {
namespace detail {

/// Shortest augmenting paths with potentials, one row after the other; costs with rows <= columns.
class AssignmentSolver {
 public:
  explicit AssignmentSolver(const Table& cost)
      : cost_(cost),
        row_potential_(size(cost.rows())),
        column_potential_(size(cost.cols())),
        row_of_(size(cost.cols()), -1) {
    for (Eigen::Index row = 0; row < cost.rows(); ++row) augment(row);
  }

  /// The row of every column; -1: none.
  [[nodiscard]] const std::vector<std::int64_t>& row_of() const { return row_of_; }

 private:
  static std::size_t size(Eigen::Index n) { return static_cast<std::size_t>(n); }

  /// Assigns one more row: a shortest path from it to a free column, then every column on the path changes
  /// hands.
  void augment(Eigen::Index start) {
    const std::size_t columns = row_of_.size();
    std::vector<double> distance(columns, std::numeric_limits<double>::infinity());
    std::vector<std::int64_t> before(columns, -1);  // the column before on the path; -1: the start
    std::vector<bool> done(columns, false);
    std::int64_t row = start, last = -1;
    double reached = 0;
    do {
      std::size_t nearest = columns;
      for (std::size_t j = 0; j < columns; ++j) {
        if (done[j]) continue;
        const double reduced = cost_(row, static_cast<Eigen::Index>(j)) - row_potential_[size(row)] -
                               column_potential_[j] + reached;
        if (reduced < distance[j]) distance[j] = reduced, before[j] = last;
        if (nearest == columns || distance[j] < distance[nearest]) nearest = j;
      }
      done[nearest] = true;
      reached = distance[nearest], last = static_cast<std::int64_t>(nearest), row = row_of_[nearest];
    } while (row >= 0);
    row_potential_[size(start)] += reached;
    for (std::size_t j = 0; j < columns; ++j)
      if (done[j] && row_of_[j] >= 0) {
        row_potential_[size(row_of_[j])] += reached - distance[j];
        column_potential_[j] -= reached - distance[j];
      }
    for (std::int64_t j = last; j >= 0; j = before[size(j)])
      row_of_[size(j)] = before[size(j)] >= 0 ? row_of_[size(before[size(j)])] : start;
  }

  const Table& cost_;
  std::vector<double> row_potential_, column_potential_;
  std::vector<std::int64_t> row_of_;
};

}  // namespace detail

/// The one-to-one assignment of rows to columns with the largest sum of weights.
///
/// *Shapes*: `weights` [N, M]; out [N], the column of each row, -1: none.
/// *Units and conventions*: pairs of weight 0 or less are never assigned. Of several best assignments one,
/// the same on every machine.
/// *Source*: Kuhn 1955, Munkres 1957; successive shortest paths as in Jonker and Volgenant 1987.
/// *Errors*: a weight that is not finite. *Cost*: min(N, M)^2 * max(N, M).
[[nodiscard]] inline std::vector<std::int64_t> largest_assignment(const Eigen::Ref<const Table>& weights) {
  detail::require(weights.isFinite().all(), "weights has a number that is not finite");
  const bool flipped = weights.rows() > weights.cols();
  const Table positive = weights.cwiseMax(0.0);
  const Table cost = flipped ? Table(-positive.transpose()) : Table(-positive);
  std::vector<std::int64_t> column_of(static_cast<std::size_t>(weights.rows()), -1);
  if (cost.size() == 0) return column_of;
  const detail::AssignmentSolver solver(cost);
  for (std::size_t j = 0; j < solver.row_of().size(); ++j) {
    const std::int64_t i = solver.row_of()[j], column = static_cast<std::int64_t>(j);
    if (i < 0 || cost(i, column) >= 0) continue;
    column_of[static_cast<std::size_t>(flipped ? column : i)] = flipped ? i : column;
  }
  return column_of;
}

}  // namespace vislabel
