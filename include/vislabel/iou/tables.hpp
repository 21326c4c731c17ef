/// The tables that the library returns: row-major Eigen arrays, whose memory NumPy and torch take as it is.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vislabel/core/error.hpp>
#include <vislabel/iou/quotient.hpp>

namespace vislabel {

/// [rows, columns] of double: IoUs, qualities.
using Table = Eigen::Array<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
/// [rows, columns] of 64-bit integers: areas, intersections, unions.
using CountTable = Eigen::Array<std::int64_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
/// [rows, columns] of indices; -1 where there is none.
using IndexTable = CountTable;
/// [rows, columns] of truth values.
using BoolTable = Eigen::Array<bool, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Pixels in common and pixels together, for every pair. Every IoU of the library is a quotient of these
/// integers.
struct IntersectionAndUnion {
  CountTable intersection;
  CountTable union_;
};

namespace detail {

/// A Table of quotients.
[[nodiscard]] inline Table quotients(const IntersectionAndUnion& counts, EmptyPair empty_pair) {
  return counts.intersection.binaryExpr(
      counts.union_, [empty_pair](std::int64_t i, std::int64_t u) { return quotient(i, u, empty_pair); });
}

}  // namespace detail
}  // namespace vislabel
