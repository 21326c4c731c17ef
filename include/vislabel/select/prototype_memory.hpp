/// UVIS's prototype memory: what the instances of a class look like, as a few centroids, so that those
/// which look like none of them can be dropped.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>
#include <vislabel/core/error.hpp>
#include <vislabel/core/exec.hpp>
#include <vislabel/iou/tables.hpp>
#include <vislabel/select/k_means.hpp>
#include <vislabel/select/score_filter.hpp>
#include <vislabel/select/unit_rows.hpp>

namespace vislabel {

/// The prototypes of all classes.
struct PrototypeMemory {
  Table centroids;  ///< [K, D] class by class as `fit_prototypes` makes them; any order will do
  std::vector<std::int64_t> classes;  ///< [K] the class of each centroid
};

namespace detail {

/// The indices of equal values side by side: by value, those of one value in order.
struct Groups {
  std::vector<std::int64_t> order;  ///< indices
  std::vector<std::int64_t> value;  ///< [G] ascending
  std::vector<std::size_t> begin;   ///< [G + 1] where each one's indices begin in `order`

  explicit Groups(std::span<const std::int64_t> values) : order(values.size()) {
    const auto at = [&](std::int64_t n) { return values[static_cast<std::size_t>(n)]; };
    std::iota(order.begin(), order.end(), std::int64_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::int64_t a, std::int64_t b) { return at(a) < at(b); });
    for (std::size_t i = 0; i < order.size(); ++i)
      if (value.empty() || at(order[i]) != value.back()) {
        value.push_back(at(order[i]));
        begin.push_back(i);
      }
    begin.push_back(order.size());
  }

  [[nodiscard]] std::size_t size() const { return value.size(); }
  [[nodiscard]] std::span<const std::int64_t> operator[](std::size_t g) const {
    return std::span(order).subspan(begin[g], begin[g + 1] - begin[g]);
  }
};

/// The instances' directions; those without one are left out.
template <class Rows>
[[nodiscard]] Table directions_of(const Rows& rows, std::span<const std::int64_t> instances) {
  Table out(static_cast<Eigen::Index>(instances.size()), rows.cols());
  Eigen::Index count = 0;
  for (const std::int64_t n : instances) {
    unit_row(rows.data() + n * rows.outerStride(), rows.cols(), out.data() + count * out.cols());
    if ((out.row(count) != 0).any()) ++count;
  }
  out.conservativeResize(count, Eigen::NoChange);
  return out;
}

/// From this number of instances on, a class occupies all threads by itself.
inline constexpr std::size_t large_class = 2048;

inline void require_labels(std::span<const std::int64_t> labels, Eigen::Index count) {
  require(static_cast<Eigen::Index>(labels.size()) == count, "labels has ", labels.size(),
          " entries, expected one per row of features (", count, ")");
}

/// Per instance, which group of centroids is its class's.
[[nodiscard]] inline std::vector<std::size_t> groups_of(std::span<const std::int64_t> labels,
                                                        const Groups& groups) {
  std::vector<std::size_t> out;
  for (std::size_t n = 0; n < labels.size(); ++n) {
    const auto found = std::lower_bound(groups.value.begin(), groups.value.end(), labels[n]);
    if (found == groups.value.end() || *found != labels[n]) {
      require(groups.size() > 0, "labels[", n, "] is ", labels[n], ", expected none: there are no centroids");
      std::string known;
      for (std::size_t g = 0; g < groups.size() && g < 8; ++g)
        known += (g > 0 ? ", " : "") + std::to_string(groups.value[g]);
      if (groups.size() > 8) known += ", ..";
      fail("labels[", n, "] is ", labels[n], ", expected a class that has centroids (", known, ")");
    }
    out.push_back(static_cast<std::size_t>(found - groups.value.begin()));
  }
  return out;
}

}  // namespace detail

/// Makes the memory: for every class, k-means of the directions of its instances.
///
/// *Shapes*: `features` [N, D] of float or double; `labels` [N], any integers.
/// *Units and conventions*: the centroids are means of vectors of length 1. A class has fewer than k where
/// it has fewer different directions. Vectors of zeros have no direction and are left out; a class of
/// nothing else has one centroid of zeros, whose cosine is 0 to everything. Every class draws from a
/// generator of its own with the same seed: its centroids depend on its instances and their order alone,
/// not on other classes.
/// *Source*: UVIS, supplement A; semantics of k-means: `k_means`. *Errors*: k < 1, max_iterations < 0; NaN,
/// infinity; lengths that do not fit. *Cost*: the directions of a class in double, per thread.
template <exec::Policy P, class F>
[[nodiscard]] PrototypeMemory fit_prototypes(P policy, const Eigen::ArrayBase<F>& features,
                                             std::span<const std::int64_t> labels, std::int64_t k,
                                             const KMeansOptions& options = {}) {
  static_assert(std::is_floating_point_v<typename F::Scalar>);
  const detail::FeatureRows<F> rows(features.derived());
  detail::require_labels(labels, rows.rows());
  detail::require_k_means(k, options);
  detail::require_finite(policy, rows, "features");
  const detail::Groups classes(labels);
  std::vector<Table> centroids(classes.size());
  const auto fit = [&](auto how, std::size_t g) {
    const Table points = detail::directions_of(rows, classes[g]);
    centroids[g] = points.rows() > 0 ? detail::clustered(how, points, k, options).centroids
                                     : Table(Table::Zero(1, rows.cols()));
  };
  std::vector<std::size_t> small;
  for (std::size_t g = 0; g < classes.size(); ++g)
    if (classes[g].size() < detail::large_class)
      small.push_back(g);
    else
      fit(policy, g);
  const auto count = static_cast<std::int64_t>(small.size());
  const std::int64_t ns = 4 * rows.size() * std::min<std::int64_t>(k, rows.rows()) / detail::columns_per_ns;
  exec::for_each(policy, count, ns / std::max<std::int64_t>(1, count),
                 [&](std::int64_t i) { fit(exec::Seq{}, small[static_cast<std::size_t>(i)]); });

  PrototypeMemory memory;
  for (std::size_t g = 0; g < classes.size(); ++g)
    memory.classes.insert(memory.classes.end(), static_cast<std::size_t>(centroids[g].rows()),
                          classes.value[g]);
  memory.centroids.resize(static_cast<Eigen::Index>(memory.classes.size()), rows.cols());
  Eigen::Index row = 0;
  for (const Table& own : centroids) {
    memory.centroids.middleRows(row, own.rows()) = own;
    row += own.rows();
  }
  return memory;
}

/// How much each instance looks like its own class: the largest cosine of its features with one of the
/// class's centroids.
///
/// *Shapes*: `features` [N, D] of float or double; `labels` [N]; out [N].
/// *Units and conventions*: in [-1, 1]; 0 for a vector of zeros. *Source*: UVIS, supplement A.
/// *Errors*: a label without centroids; NaN, infinity; shapes that do not fit.
template <exec::Policy P, class F>
[[nodiscard]] std::vector<double> prototype_similarity(P policy, const PrototypeMemory& memory,
                                                       const Eigen::ArrayBase<F>& features,
                                                       std::span<const std::int64_t> labels) {
  static_assert(std::is_floating_point_v<typename F::Scalar>);
  const detail::FeatureRows<F> rows(features.derived());
  const Table& centroids = memory.centroids;
  detail::require(static_cast<Eigen::Index>(memory.classes.size()) == centroids.rows(), "classes has ",
                  memory.classes.size(), " entries, expected one per centroid (", centroids.rows(), ")");
  detail::require_labels(labels, rows.rows());
  detail::require(rows.cols() == centroids.cols(), "features has ", rows.cols(),
                  " columns, expected as many as centroids (", centroids.cols(), ")");
  detail::require_finite(policy, rows, "features");
  const Table directions = unit_rows(policy, centroids, "centroids");
  const detail::Groups classes(memory.classes);
  const std::vector<std::size_t> own = detail::groups_of(labels, classes);
  std::vector<double> out(labels.size());
  const std::int64_t each =
      centroids.rows() / std::max<std::int64_t>(1, static_cast<std::int64_t>(classes.size()));
  exec::for_each(
      policy, rows.rows(), 1 + rows.cols() * (4 + each) / detail::columns_per_ns,
      [&] { return Eigen::ArrayXd(rows.cols()); },
      [&](Eigen::ArrayXd& direction, Eigen::Index i) {
        const auto n = static_cast<std::size_t>(i);
        detail::unit_row(rows.data() + i * rows.outerStride(), rows.cols(), direction.data());
        double largest = -1;
        for (const std::int64_t c : classes[own[n]])
          largest = std::max(
              largest, detail::inner_product(direction.data(), directions.data() + c * directions.cols(),
                                             directions.cols()));
        out[n] = std::min(largest, 1.0);
      });
  return out;
}

/// UVIS's second filter: drops the instances that look like no prototype of their class, made of the same
/// instances.
///
/// *Shapes*: `features` [N, D] of float or double; `labels` [N]; out [N].
/// *Units and conventions*: an instance stays iff its `prototype_similarity` is at least the threshold.
/// *Source*: UVIS, supplement A. *Errors*: those of `fit_prototypes`; a threshold of NaN.
template <exec::Policy P, class F>
[[nodiscard]] Kept prototype_filter(P policy, const Eigen::ArrayBase<F>& features,
                                    std::span<const std::int64_t> labels, std::int64_t k,
                                    double threshold = 0.7, const KMeansOptions& options = {}) {
  const detail::FeatureRows<F> rows(features.derived());
  const PrototypeMemory memory = fit_prototypes(policy, rows, labels, k, options);
  const std::vector<double> similarity = prototype_similarity(policy, memory, rows, labels);
  return score_filter(
      Eigen::Map<const Table>(similarity.data(), 1, static_cast<Eigen::Index>(similarity.size())), threshold);
}

}  // namespace vislabel
