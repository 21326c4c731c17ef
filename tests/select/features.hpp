/// Random feature vectors, and what UVIS computes of them: slow, one number after the other, as it is
/// written.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <oracle.hpp>
#include <random>
#include <vector>
#include <vislabel/iou/tables.hpp>

namespace oracle {

using Vector = std::vector<double>;
using Vectors = std::vector<Vector>;

inline vislabel::Table table_of(const Vectors& rows, std::size_t columns) {
  vislabel::Table out(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(columns));
  for (std::size_t n = 0; n < rows.size(); ++n)
    for (std::size_t d = 0; d < columns; ++d)
      out(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(d)) = rows[n][d];
  return out;
}

inline Vector row_of(const vislabel::Table& table, std::int64_t n) {
  Vector row;
  for (Eigen::Index d = 0; d < table.cols(); ++d) row.push_back(table(n, d));
  return row;
}

/// Around few directions, so that they form clusters; copies, multiples, zeros, numbers of every size.
inline Vectors random_vectors(Random& random, std::int64_t count, std::size_t columns) {
  Vectors centers(3, Vector(columns)), out;
  for (Vector& center : centers)
    for (double& x : center) x = static_cast<double>(random.between(-3, 3));
  while (static_cast<std::int64_t>(out.size()) < count) {
    if (!out.empty() && random.one_in(6)) {
      out.push_back(random.any_of(out));
      continue;
    }
    Vector row = random.any_of(centers);
    if (!random.one_in(6))
      for (double& x : row) x += random.one_in(3) ? random.real() - 0.5 : 0;
    if (random.one_in(15)) row.assign(columns, 0);
    const double scale = random.one_in(10)   ? 1e200
                         : random.one_in(10) ? 1e-200
                         : random.one_in(4)  ? 1 + random.real()
                                             : 1;
    for (double& x : row) x *= scale;
    out.push_back(row);
  }
  return out;
}

/// Terms in eight lanes, then the lanes: volatile, so that no product is fused with a sum.
template <class Term>
double lane_sum(const Vector& a, const Vector& b, Term&& term) {
  std::array<double, 8> lanes{};
  for (std::size_t d = 0; d < a.size(); ++d) {
    const volatile double product = term(a[d], b[d]);
    lanes[d % 8] += product;
  }
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  return sum;
}

inline double inner(const Vector& a, const Vector& b) {
  return lane_sum(a, b, [](double x, double y) { return x * y; });
}

inline double distance(const Vector& a, const Vector& b) {
  return lane_sum(a, b, [](double x, double y) { return (x - y) * (x - y); });
}

/// The vector divided by its length.
inline Vector direction(Vector row) {
  double largest = 0;
  for (const double x : row) largest = std::max(largest, std::abs(x));
  if (largest == 0) return row;
  int exponent = 0;
  std::frexp(largest, &exponent);
  for (double& x : row) x = std::ldexp(x, -exponent);
  const double length = std::sqrt(inner(row, row));
  for (double& x : row) x /= length;
  return row;
}

inline double cosine(const Vector& a, const Vector& b) {
  return std::clamp(inner(direction(a), direction(b)), -1.0, 1.0);
}

struct Clusters {
  Vectors centroids;
  std::vector<std::int64_t> nearest;
  Vector distances;
  double cost = 0;
  std::int64_t iterations = 0;
};

inline Clusters assigned(const Vectors& points, const Vectors& centroids) {
  Clusters out{centroids, {}, {}};
  for (const Vector& point : points) {
    std::size_t best = 0;
    for (std::size_t c = 1; c < centroids.size(); ++c)
      if (distance(point, centroids[c]) < distance(point, centroids[best])) best = c;
    out.nearest.push_back(static_cast<std::int64_t>(best));
    out.distances.push_back(distance(point, centroids[best]));
    out.cost += out.distances.back();
  }
  return out;
}

inline Vectors means(const Vectors& points, const Clusters& now) {
  Vectors out;
  Vector left = now.distances;
  for (std::size_t c = 0; c < now.centroids.size(); ++c) {
    Vector sum(points[0].size());
    double size = 0;
    for (std::size_t n = 0; n < points.size(); ++n)
      if (now.nearest[n] == static_cast<std::int64_t>(c)) {
        for (std::size_t d = 0; d < sum.size(); ++d) sum[d] += points[n][d];
        ++size;
      }
    if (size > 0) {
      for (double& x : sum) x /= size;
    } else {
      std::size_t farthest = 0;
      for (std::size_t n = 1; n < points.size(); ++n)
        if (left[n] > left[farthest]) farthest = n;
      sum = points[farthest];
      left[farthest] = -1;
    }
    out.push_back(sum);
  }
  return out;
}

/// Lloyd's iterations, until the cost falls no more.
inline Clusters lloyd(const Vectors& points, const Vectors& start, std::int64_t most) {
  Clusters now = assigned(points, start);
  while (now.iterations < most) {
    Clusters next = assigned(points, means(points, now));
    next.iterations = now.iterations + 1;
    if (next.cost >= now.cost) break;
    now = next;
  }
  return now;
}

/// k-means++: the first point among equals, each other one by its squared distance to the nearest before.
inline Vectors first_centroids(const Vectors& points, std::int64_t k, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  Vectors out;
  Vector weights(points.size(), 1);
  for (std::int64_t c = 0; c < k; ++c) {
    double total = 0;
    for (const double weight : weights) total += weight;
    if (!(total > 0)) break;
    const double target = static_cast<double>(engine() / 2048) / 9007199254740992.0 * total;
    double sum = 0;
    std::size_t n = 0;
    while (n < points.size() && (sum += weights[n]) <= target) ++n;
    REQUIRE(n < points.size());
    out.push_back(points[n]);
    for (std::size_t m = 0; m < points.size(); ++m) {
      double nearest = std::numeric_limits<double>::infinity();
      for (const Vector& chosen : out) nearest = std::min(nearest, distance(points[m], chosen));
      weights[m] = nearest < std::ldexp(1.0, -90) ? 0 : nearest;
    }
  }
  return out;
}

inline Clusters k_means(const Vectors& points, std::int64_t k, std::uint64_t seed, std::int64_t most = 300) {
  return lloyd(points, first_centroids(points, k, seed), most);
}

}  // namespace oracle
