/// Which masks of a frame exclude each other, one row of bits per mask.
#pragma once

#include <boost/dynamic_bitset.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>
#include <vislabel/core/error.hpp>
#include <vislabel/iou/tables.hpp>
#include <vislabel/path/submasks.hpp>

namespace vislabel {

/// An undirected graph of N masks, without loops.
class ConflictGraph {
 public:
  using Row = boost::dynamic_bitset<std::uint64_t>;

  /// N masks without any conflict.
  explicit ConflictGraph(std::int64_t count = 0) {
    detail::require(count >= 0, "count is ", count, ", expected at least 0");
    rows_.assign(static_cast<std::size_t>(count), Row(static_cast<std::size_t>(count)));
  }

  [[nodiscard]] std::int64_t count() const { return static_cast<std::int64_t>(rows_.size()); }

  /// The masks that mask i excludes.
  [[nodiscard]] const Row& operator[](std::int64_t i) const { return rows_[static_cast<std::size_t>(i)]; }

  /// *Errors*: an index outside [0, N); a mask and itself.
  void connect(std::int64_t i, std::int64_t j) {
    detail::require(i >= 0 && i < count() && j >= 0 && j < count() && i != j, "conflict of masks ", i,
                    " and ", j, ", expected two different ones of ", count());
    rows_[static_cast<std::size_t>(i)].set(static_cast<std::size_t>(j));
    rows_[static_cast<std::size_t>(j)].set(static_cast<std::size_t>(i));
  }

  /// How many pairs exclude each other.
  [[nodiscard]] std::int64_t edges() const {
    std::size_t sum = 0;
    for (const Row& row : rows_) sum += row.count();
    return static_cast<std::int64_t>(sum / 2);
  }

  friend bool operator==(const ConflictGraph&, const ConflictGraph&) = default;

 private:
  std::vector<Row> rows_;
};

/// The graph of a symmetric table [N, N] with an empty diagonal.
///
/// *Errors*: any other table.
[[nodiscard]] inline ConflictGraph conflict_graph(const Eigen::Ref<const BoolTable>& conflicts) {
  detail::require(conflicts.rows() == conflicts.cols(), "conflicts is [", conflicts.rows(), ", ",
                  conflicts.cols(), "], expected as many rows as columns");
  ConflictGraph graph(conflicts.rows());
  for (Eigen::Index i = 0; i < conflicts.rows(); ++i) {
    detail::require(!conflicts(i, i), "conflicts[", i, ", ", i,
                    "] is true, expected false: a mask and itself");
    for (Eigen::Index j = 0; j < i; ++j) {
      detail::require(conflicts(i, j) == conflicts(j, i), "conflicts[", i, ", ", j, "] is not conflicts[", j,
                      ", ", i, "], expected a symmetric table");
      if (conflicts(i, j)) graph.connect(i, j);
    }
  }
  return graph;
}

/// The graph as a table [N, N].
[[nodiscard]] inline BoolTable conflict_table(const ConflictGraph& graph) {
  BoolTable table = BoolTable::Constant(graph.count(), graph.count(), false);
  for (std::int64_t i = 0; i < graph.count(); ++i)
    for (std::size_t j = graph[i].find_first(); j != ConflictGraph::Row::npos; j = graph[i].find_next(j))
      table(i, static_cast<Eigen::Index>(j)) = true;
  return table;
}

namespace detail {

inline void require_max_overlap(std::int64_t max_overlap) {
  require(max_overlap >= 0, "max_overlap is ", max_overlap, ", expected at least 0 pixels");
}

/// The pairs among N masks that share more pixels, counted over the regions that they share.
[[nodiscard]] inline ConflictGraph conflict_graph(const Regions& regions, std::int64_t count,
                                                  std::int64_t max_overlap) {
  ConflictGraph graph(count);
  CountTable shared = CountTable::Zero(count, count);
  for (std::size_t r = 0; r < regions.masks.size(); ++r) {
    const std::vector<std::int64_t>& members = regions.members[r];
    for (std::size_t i = 1; i < members.size(); ++i)
      for (std::size_t j = 0; j < i; ++j) shared(members[i], members[j]) += regions.masks[r].area();
  }
  for (std::int64_t i = 1; i < count; ++i)
    for (std::int64_t j = 0; j < i; ++j)
      if (shared(i, j) > max_overlap) graph.connect(i, j);
  return graph;
}

}  // namespace detail

/// The pairs of masks that share more than `max_overlap` pixels.
///
/// *Shapes*: `masks` [N], all of one frame. *Source*: GBOpt, Sec. 3.2.3 (0 pixels; the tolerance is ours).
/// *Errors*: a negative tolerance.
[[nodiscard]] inline ConflictGraph conflict_graph(const Masks& masks, std::int64_t max_overlap = 0) {
  detail::require_max_overlap(max_overlap);
  return detail::conflict_graph(detail::regions_of(masks), masks.count(), max_overlap);
}

}  // namespace vislabel
