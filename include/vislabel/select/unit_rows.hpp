/// Feature vectors of length one, and the sums by which UVIS compares them: in double, in a fixed order,
/// the same bits on every machine.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vislabel/core/eight_lanes.hpp>
#include <vislabel/core/error.hpp>
#include <vislabel/core/exec.hpp>
#include <vislabel/iou/tables.hpp>

namespace vislabel {
namespace detail {

/// A product that the compiler may not fuse with the sum it goes into: where the machine has an instruction
/// for both, GCC uses it, and the sum would have other bits than elsewhere.
[[nodiscard]] inline DoubleLane rounded(DoubleLane product) {
#if defined(__x86_64__)
  asm("" : "+x"(product));
#elif defined(__aarch64__)
  asm("" : "+w"(product));
#else
  asm("" : "+m"(product));
#endif
  return product;
}

/// Sum of `product(a[i], b[i])`, which must be 0 for two zeros: number i in lane i % 8, then the lanes in
/// order.
template <class Product>
[[nodiscard]] double sum_of_products(const double* a, const double* b, Eigen::Index count,
                                     Product&& product) {
  EightLanes sums{};
  const auto add = [&](const double* left, const double* right) {
    EightLanes x, y;
    std::memcpy(&x, left, sizeof x);
    std::memcpy(&y, right, sizeof y);
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((sums[I] += rounded(product(x[I], y[I]))), ...);
    }(std::make_index_sequence<std::tuple_size_v<EightLanes>>());
  };
  Eigen::Index i = 0;
  for (; i + 8 <= count; i += 8) add(a + i, b + i);
  if (i < count) {
    std::array<double, 8> x{}, y{};
    std::copy(a + i, a + count, x.begin());
    std::copy(b + i, b + count, y.begin());
    add(x.data(), y.data());
  }
  double sum = 0;
  for (const double lane : std::bit_cast<std::array<double, 8>>(sums)) sum += lane;
  return sum;
}

[[nodiscard]] inline double inner_product(const double* a, const double* b, Eigen::Index count) {
  return sum_of_products(a, b, count, [](DoubleLane x, DoubleLane y) { return x * y; });
}

[[nodiscard]] inline double squared_distance(const double* a, const double* b, Eigen::Index count) {
  return sum_of_products(a, b, count, [](DoubleLane x, DoubleLane y) { return (x - y) * (x - y); });
}

inline constexpr std::int64_t columns_per_ns = 4;  ///< of one row, in one of the sums above

/// The rows of a row-major table of float or double, wherever they lie; a copy of any other table.
template <class Derived>
using FeatureRows =
    Eigen::Ref<const Eigen::Array<typename Derived::Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

/// Writes the feature vector divided by its length; zeros stay zeros.
template <class T>
void unit_row(const T* feature, Eigen::Index count, double* out) {
  Eigen::Map<Eigen::ArrayXd> row(out, count);
  row = Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, 1>>(feature, count).template cast<double>();
  const double largest = count > 0 ? row.abs().maxCoeff() : 0;
  if (largest == 0) return;
  // The squares of such numbers overflow or vanish; a power of two changes no digit.
  if (largest > 0x1p400 || largest < 0x1p-400) {
    const int exponent = std::ilogb(largest);
    row = row.unaryExpr([exponent](double x) { return std::ldexp(x, -exponent); });
  }
  row /= std::sqrt(inner_product(out, out, count));
}

/// Throws unless all numbers are finite.
template <exec::Policy P, class Rows>
void require_finite(P policy, const Rows& rows, const char* name) {
  exec::for_each(policy, rows.rows(), 1 + rows.cols() / columns_per_ns, [&](Eigen::Index n) {
    if ((rows.row(n) * 0).sum() == 0) return;  // infinity times 0 is NaN, and so is then the sum
    for (Eigen::Index d = 0; d < rows.cols(); ++d) {
      require(!std::isnan(rows(n, d)), name, "[", n, ", ", d, "] is NaN, expected a number");
      require(std::isfinite(rows(n, d)), name, "[", n, ", ", d, "] is ", rows(n, d),
              ", expected a finite number");
    }
  });
}

}  // namespace detail

/// The feature vectors, a row each, divided by their lengths.
///
/// *Shapes*: `features` [N, D] of float or double; out [N, D].
/// *Units and conventions*: a vector of zeros has no direction and stays as it is. Numbers of any size: the
/// squares neither overflow nor vanish. *Errors*: NaN, infinity; `name` is what the message calls the
/// features.
template <exec::Policy P, class Derived>
[[nodiscard]] Table unit_rows(P policy, const Eigen::ArrayBase<Derived>& features,
                              const char* name = "features") {
  static_assert(std::is_floating_point_v<typename Derived::Scalar>);
  const detail::FeatureRows<Derived> rows(features.derived());
  detail::require_finite(policy, rows, name);
  Table out(rows.rows(), rows.cols());
  exec::for_each(policy, rows.rows(), 1 + 4 * rows.cols() / detail::columns_per_ns, [&](Eigen::Index n) {
    detail::unit_row(rows.data() + n * rows.outerStride(), rows.cols(), out.data() + n * out.cols());
  });
  return out;
}

}  // namespace vislabel
