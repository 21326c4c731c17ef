/// k-means of feature vectors of length one, of which UVIS makes the prototypes of a class. Seeded, and the
/// same bits on every machine, under every policy.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>
#include <vislabel/core/exec.hpp>
#include <vislabel/iou/tables.hpp>
#include <vislabel/select/candidates.hpp>
#include <vislabel/select/unit_rows.hpp>

namespace vislabel {

/// Options of `k_means`.
struct KMeansOptions {
  std::uint64_t seed = 0;
  std::int64_t max_iterations = 300;  ///< how often the centroids move at most
};

/// What `k_means` finds.
struct KMeans {
  Table centroids;                     ///< [K, D]
  std::vector<std::int64_t> centroid;  ///< [N] the nearest centroid of each point, the first of several
  std::vector<double> distance;        ///< [N] the squared distance to it
  double cost = 0;                     ///< the sum of these, in the order of the points
  std::int64_t iterations = 0;         ///< how often the centroids moved
};

namespace detail {

[[nodiscard]] inline double sum_in_order(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

/// An index, by weights of which at least one is more than 0. What std::discrete_distribution draws differs
/// between standard libraries.
[[nodiscard]] inline std::size_t drawn(std::mt19937_64& engine, const std::vector<double>& weights) {
  const double target = static_cast<double>(engine() >> 11) * 0x1p-53 * sum_in_order(weights);
  double sum = 0;
  std::size_t last = 0;
  for (std::size_t n = 0; n < weights.size(); ++n) {
    sum += weights[n];
    if (sum > target) return n;
    if (weights[n] > 0) last = n;
  }
  return last;  // the target was rounded up to the sum of all
}

/// Points with a smaller squared distance count as one: multiples of one feature differ by roundings alone.
inline constexpr double least_squared_distance = 0x1p-90;

/// k-means++: each further point is drawn by its squared distance to the nearest one drawn before. Fewer
/// than k where there are fewer different points.
template <exec::Policy P>
[[nodiscard]] Table start_of_k_means(P policy, const Table& points, std::int64_t k, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  const Eigen::Index columns = points.cols();
  std::vector<double> weights(static_cast<std::size_t>(points.rows()), 1.0);
  std::vector<Eigen::Index> chosen;
  while (static_cast<std::int64_t>(chosen.size()) < k &&
         std::any_of(weights.begin(), weights.end(), [](double weight) { return weight > 0; })) {
    const bool first = chosen.empty();
    chosen.push_back(static_cast<Eigen::Index>(drawn(engine, weights)));
    const double* const center = points.data() + chosen.back() * columns;
    exec::for_each(policy, points.rows(), 1 + columns / columns_per_ns, [&](Eigen::Index n) {
      const double distance = squared_distance(points.data() + n * columns, center, columns);
      double& weight = weights[static_cast<std::size_t>(n)];
      weight = first ? distance : std::min(weight, distance);
      if (weight < least_squared_distance) weight = 0;
    });
  }
  Table start(static_cast<Eigen::Index>(chosen.size()), columns);
  for (Eigen::Index c = 0; c < start.rows(); ++c)
    start.row(c) = points.row(chosen[static_cast<std::size_t>(c)]);
  return start;
}

/// Every point with its nearest centroid.
template <exec::Policy P>
[[nodiscard]] KMeans with_nearest(P policy, const Table& points, Table centroids) {
  const auto count = static_cast<std::size_t>(points.rows());
  KMeans out{std::move(centroids), std::vector<std::int64_t>(count), std::vector<double>(count)};
  if (count == 0) return out;
  const Candidates candidates(out.centroids);
  constexpr Eigen::Index most = Candidates::most_rows;
  const std::int64_t ns = most * points.cols() * (2 + candidates.count()) / columns_per_ns;
  exec::for_each(
      policy, Candidates::blocks(points.rows()), 1 + ns, [] { return Candidates::Work(); },
      [&](Candidates::Work& work, Eigen::Index block) {
        const Eigen::Index begin = block * most, end = std::min(begin + most, points.rows());
        candidates.nearest(work, points.data() + begin * points.cols(), end - begin,
                           [&](Eigen::Index i, Eigen::Index c, double distance) {
                             out.centroid[static_cast<std::size_t>(begin + i)] = c;
                             out.distance[static_cast<std::size_t>(begin + i)] = distance;
                           });
      });
  out.cost = sum_in_order(out.distance);
  return out;
}

/// Every centroid moved to the mean of its points. One that has none moves to the point that is farthest
/// from its own centroid, the first of several; the next such centroid to the next farthest.
template <exec::Policy P>
[[nodiscard]] Table moved(P policy, const Table& points, const KMeans& now) {
  const Eigen::Index count = now.centroids.rows();
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(count));
  Table out = Table::Zero(count, points.cols());
  const std::int64_t ns = points.rows() + points.rows() / count * points.cols() / columns_per_ns;
  exec::for_each(policy, count, 1 + ns, [&](Eigen::Index c) {
    std::int64_t size = 0;
    for (Eigen::Index n = 0; n < points.rows(); ++n)
      if (now.centroid[static_cast<std::size_t>(n)] == c) {
        out.row(c) += points.row(n);
        ++size;
      }
    if (size > 0) out.row(c) /= static_cast<double>(size);
    sizes[static_cast<std::size_t>(c)] = size;
  });
  std::vector<double> distance = now.distance;
  for (Eigen::Index c = 0; c < count; ++c) {
    if (sizes[static_cast<std::size_t>(c)] > 0) continue;
    const auto farthest = std::max_element(distance.begin(), distance.end());
    out.row(c) = points.row(farthest - distance.begin());
    *farthest = -1;
  }
  return out;
}

/// Lloyd's iterations from the given centroids, of which there are not more than points.
template <exec::Policy P>
[[nodiscard]] KMeans lloyd(P policy, const Table& points, Table start, std::int64_t max_iterations) {
  KMeans best = with_nearest(policy, points, std::move(start));
  while (best.iterations < max_iterations && best.cost > 0) {
    KMeans next = with_nearest(policy, points, moved(policy, points, best));
    if (!(next.cost < best.cost)) break;
    next.iterations = best.iterations + 1;
    best = std::move(next);
  }
  return best;
}

inline void require_k_means(std::int64_t k, const KMeansOptions& options) {
  require(k >= 1, "k is ", k, ", expected at least 1");
  require(options.max_iterations >= 0, "max_iterations is ", options.max_iterations, ", expected at least 0");
}

/// `k_means` of what has been checked.
template <exec::Policy P>
[[nodiscard]] KMeans clustered(P policy, const Table& points, std::int64_t k, const KMeansOptions& options) {
  return lloyd(policy, points, start_of_k_means(policy, points, k, options.seed), options.max_iterations);
}

}  // namespace detail

/// k centroids of the points, such that the sum of squared distances of each point to its nearest centroid
/// is small: k-means++, then Lloyd's iterations for as long as that sum falls.
///
/// *Shapes*: `points` [N, D], of length at most 1, as `unit_rows` makes them; K <= k centroids.
/// *Units and conventions*: fewer than k centroids where there are fewer different points (closer than
/// 2^-45 is not different), none without points. Ties: the first centroid. A centroid that is nearest to no
/// point moves to the point that lies farthest from its own. An iteration that does not lower the cost is
/// undone and ends the search: the cost never rises. Random numbers: `std::mt19937_64(seed)`, one per
/// centroid. *Source*: Lloyd 1982; Arthur and Vassilvitskii 2007. *Errors*: k < 1, max_iterations < 0; NaN,
/// infinity; a longer point.
/// *Cost*: N K D per iteration.
template <exec::Policy P>
[[nodiscard]] KMeans k_means(P policy, const Table& points, std::int64_t k,
                             const KMeansOptions& options = {}) {
  detail::require_k_means(k, options);
  detail::require_finite(policy, points, "points");
  for (Eigen::Index n = 0; n < points.rows(); ++n) {
    const double length = points.row(n).matrix().norm();
    detail::require(length <= 1 + 1e-9, "points[", n, "] has length ", length,
                    ", expected at most 1, as unit_rows makes them");
  }
  return detail::clustered(policy, points, k, options);
}

}  // namespace vislabel
