/// The most similar, or the nearest, of many vectors: Eigen's product of matrices in float says which of
/// them come into question, sums in double decide. The product is several times as fast as those sums, but
/// adds in an order that depends on the machine; that way it has no say in the result.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vislabel/iou/tables.hpp>
#include <vislabel/select/unit_rows.hpp>

namespace vislabel::detail {

/// Vectors of length at most 1, to be compared with rows of length at most 1.
class Candidates {
 public:
  /// Rows that are compared at once. Eigen multiplies up to 32 on the calling thread; for more, or if the
  /// compiler does not know how many there can be, it starts threads of its own.
  static constexpr int most_rows = 32;

  using Block = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor, most_rows>;

  /// One thread's memory.
  struct Work {
    Block rows, products;
  };

  /// How many blocks so many rows make.
  [[nodiscard]] static Eigen::Index blocks(Eigen::Index rows) { return (rows + most_rows - 1) / most_rows; }

  /// `vectors` must outlive this object, and has at least one row.
  explicit Candidates(const Table& vectors)
      : vectors_(vectors),
        floats_(vectors.matrix().cast<float>()),
        squares_(vectors.rows()),
        // A float rounds by 2^-24 at most, twice per number and once per product and sum: for vectors of
        // length 1 that adds up to this, in any order. 16 more make up for all that happens in double.
        error_(std::expm1(0x1p-24 * static_cast<double>(vectors.cols() + 16))) {
    for (Eigen::Index c = 0; c < vectors.rows(); ++c) squares_[c] = inner_product(row(c), row(c), columns());
  }

  /// Calls `found(i, c, cosine)` for each of at most 32 rows of length 1 or 0: c is the candidate of length
  /// 1 or 0 with the largest inner product, brought into [-1, 1]; the first of several.
  template <class Found>
  void most_similar(Work& work, const double* rows, Eigen::Index count, Found&& found) const {
    multiply(work, rows, count);
    for (Eigen::Index i = 0; i < count; ++i) {
      const double* const x = rows + i * columns();
      const auto estimate = [&](Eigen::Index c) { return double{work.products(i, c)}; };
      const Best best = best_of(estimate, 2 * error_, [&](Eigen::Index c) {
        return std::clamp(inner_product(x, row(c), columns()), -1.0, 1.0);
      });
      found(i, best.index, best.value);
    }
  }

  /// Calls `found(i, c, squared_distance)` for each of at most 32 rows: c is the nearest candidate, the
  /// first of several.
  template <class Found>
  void nearest(Work& work, const double* rows, Eigen::Index count, Found&& found) const {
    multiply(work, rows, count);
    for (Eigen::Index i = 0; i < count; ++i) {
      const double* const x = rows + i * columns();
      const auto estimate = [&](Eigen::Index c) { return 2.0 * work.products(i, c) - squares_[c]; };
      const Best best = best_of(estimate, 4 * error_,
                                [&](Eigen::Index c) { return -squared_distance(x, row(c), columns()); });
      found(i, best.index, -best.value);
    }
  }

  [[nodiscard]] Eigen::Index count() const { return vectors_.rows(); }
  [[nodiscard]] Eigen::Index columns() const { return vectors_.cols(); }
  [[nodiscard]] double error() const { return error_; }

 private:
  struct Best {
    Eigen::Index index;
    double value;
  };

  [[nodiscard]] const double* row(Eigen::Index c) const { return vectors_.data() + c * columns(); }

  void multiply(Work& work, const double* rows, Eigen::Index count) const {
    work.rows = Eigen::Map<const Table>(rows, count, columns()).matrix().cast<float>();
    work.products.resize(count, floats_.rows());
    work.products.noalias() = work.rows * floats_.transpose();
  }

  /// The candidate of largest value, the first of several. `slack`: what two estimates may be off together.
  template <class Estimate, class Value>
  [[nodiscard]] Best best_of(Estimate&& estimate, double slack, Value&& value) const {
    double most = -std::numeric_limits<double>::infinity();
    for (Eigen::Index c = 0; c < count(); ++c) most = std::max(most, estimate(c));
    Best best{-1, -std::numeric_limits<double>::infinity()};
    for (Eigen::Index c = 0; c < count(); ++c) {
      if (estimate(c) < most - slack) continue;
      const double own = value(c);
      if (own > best.value) best = {c, own};
    }
    return best;
  }

  const Table& vectors_;
  Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> floats_;
  Eigen::ArrayXd squares_;
  double error_;
};

}  // namespace vislabel::detail
