#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <set>
#include <vislabel/select/k_means.hpp>

#include "features.hpp"

using namespace vislabel;

namespace {

oracle::Vectors random_points(oracle::Random& random, std::int64_t count, std::size_t columns) {
  oracle::Vectors points;
  for (const oracle::Vector& row : oracle::random_vectors(random, count, columns))
    points.push_back(oracle::direction(row));
  return points;
}

/// Points on a line, of length at most 1.
Table on_a_line(const oracle::Vector& values) {
  return Eigen::Map<const Table>(values.data(), static_cast<Eigen::Index>(values.size()), 1);
}

void require_same(const KMeans& given, const oracle::Clusters& expected) {
  REQUIRE(given.centroids.rows() == static_cast<Eigen::Index>(expected.centroids.size()));
  for (std::size_t c = 0; c < expected.centroids.size(); ++c)
    REQUIRE(oracle::row_of(given.centroids, static_cast<std::int64_t>(c)) == expected.centroids[c]);
  REQUIRE(given.centroid == expected.nearest);
  REQUIRE(given.distance == expected.distances);
  REQUIRE(given.cost == expected.cost);
}

}  // namespace

TEST_CASE("Lloyd's iterations by hand: two groups on a line, from two points of one group") {
  const Table points = on_a_line({0, 0.125, 0.25, 1});
  const KMeans found = detail::lloyd(exec::Seq{}, points, on_a_line({0, 0.125}), 100);
  // {0} {.125 .25 1} -> 0, 11/24 -> {0 .125} {.25 1}: 1/16, 5/8 -> {0 .125 .25} {1}: 1/8, 1.
  CHECK((found.centroids == on_a_line({0.125, 1})).all());
  CHECK(found.centroid == std::vector<std::int64_t>{0, 0, 0, 1});
  CHECK(found.distance == std::vector<double>{0.015625, 0, 0.015625, 0});
  CHECK(found.cost == 0.03125);
  CHECK(found.iterations == 3);
  CHECK(detail::lloyd(exec::Seq{}, points, on_a_line({0, 0.125}), 1).centroid ==
        std::vector<std::int64_t>{0, 0, 1, 1});
  CHECK((detail::lloyd(exec::Seq{}, points, on_a_line({0, 0.125}), 0).centroids == on_a_line({0, 0.125}))
            .all());
}

TEST_CASE("a point between two centroids goes to the first of them") {
  const KMeans found = detail::with_nearest(exec::Seq{}, on_a_line({0.5, -0.5, 0}), on_a_line({1, 0, -1, 1}));
  CHECK(found.centroid == std::vector<std::int64_t>{0, 1, 1});
}

TEST_CASE("centroids without points move to the points that are farthest from their own, one each") {
  const Table points = on_a_line({0, 0.5, 0.25, 0.5, -0.125});
  const Table start = on_a_line({0, 1, -1, 0.9375});
  const KMeans now = detail::with_nearest(exec::Seq{}, points, start);
  CHECK(now.centroid == std::vector<std::int64_t>{0, 3, 0, 3, 0});
  // Centroids 1 and 2 are left: points 1 and 3 are 7/16 from theirs.
  CHECK((detail::moved(exec::Seq{}, points, now) == on_a_line({0.125 / 3, 0.5, 0.5, 0.5})).all());
  CHECK(detail::lloyd(exec::Seq{}, points, start, 100).cost < now.cost);
}

TEST_CASE("no random start with empty clusters raises the cost, and the oracle finds the same") {
  oracle::Random random(731);
  for (int round = 0; round < 60; ++round) {
    const auto columns = static_cast<std::size_t>(random.between(1, 12));
    const oracle::Vectors points = random_points(random, random.between(6, 60), columns);
    const oracle::Vectors start = random_points(random, random.between(1, 6), columns);
    oracle::under_every_policy([&](auto policy) {
      const Table table = oracle::table_of(points, columns);
      require_same(detail::lloyd(policy, table, oracle::table_of(start, columns), 50),
                   oracle::lloyd(points, start, 50));
    });
    double before = std::numeric_limits<double>::infinity();
    for (int most = 0; most < 8; ++most) {
      const double cost = detail::lloyd(exec::Seq{}, oracle::table_of(points, columns),
                                        oracle::table_of(start, columns), most)
                              .cost;
      REQUIRE(cost <= before);
      before = cost;
    }
  }
}

TEST_CASE("k-means equals the oracle's to the last bit") {
  oracle::Random random(732);
  for (int round = 0; round < 60; ++round) {
    const bool large = round == 0;  // enough work for threads
    const auto columns = static_cast<std::size_t>(large ? 65 : random.between(1, 20));
    const oracle::Vectors points = random_points(random, large ? 700 : random.between(1, 70), columns);
    const std::int64_t k = large ? 20 : random.between(1, 12);
    const auto seed = static_cast<std::uint64_t>(random.below(1 << 20)) << 40;
    const oracle::Clusters expected = oracle::k_means(points, k, seed);
    oracle::under_every_policy([&](auto policy) {
      require_same(k_means(policy, oracle::table_of(points, columns), k, {.seed = seed}), expected);
    });
  }
}

TEST_CASE("the result of a seed is the same on every machine") {
  Table points(40, 3);
  for (Eigen::Index n = 0; n < points.rows(); ++n)
    for (Eigen::Index d = 0; d < 3; ++d)
      points(n, d) = static_cast<double>((n * n * 7 + d * 29 + n) % 64) / 128;
  const KMeans found = k_means(exec::Seq{}, points, 4, {.seed = 2026});
  CHECK(found.cost == 0x1.58d87a2951bd8p-2);
}

TEST_CASE("every point is nearest to its centroid, and every centroid is the mean of its points") {
  oracle::Random random(733);
  for (int round = 0; round < 30; ++round) {
    const oracle::Vectors points = random_points(random, 50, 6);
    const KMeans found = k_means(exec::Seq{}, oracle::table_of(points, 6), 5, {.seed = 9});
    for (std::size_t n = 0; n < points.size(); ++n)
      for (Eigen::Index c = 0; c < found.centroids.rows(); ++c)
        CHECK(oracle::distance(points[n], oracle::row_of(found.centroids, c)) >= found.distance[n]);
    const oracle::Vectors means = oracle::means(
        points, oracle::Clusters{oracle::Vectors(static_cast<std::size_t>(found.centroids.rows())),
                                 found.centroid, found.distance});
    for (std::size_t c = 0; c < means.size(); ++c)
      for (std::size_t d = 0; d < 6; ++d)
        CHECK(found.centroids(static_cast<Eigen::Index>(c), static_cast<Eigen::Index>(d)) ==
              doctest::Approx(means[c][d]).epsilon(1e-12));
  }
}

TEST_CASE("there are no more centroids than different points, and each of few points has its own") {
  const oracle::Vectors points{{1, 0}, {0, 1}, {1, 0}, {0, 1}, {-1, 0}, {1, 0}};
  for (const std::uint64_t seed : {0u, 1u, 2u, 3u, 4u, 5u, 6u, 7u}) {
    const KMeans found = k_means(exec::Seq{}, oracle::table_of(points, 2), 10, {.seed = seed});
    std::set<oracle::Vector> centroids;
    for (Eigen::Index c = 0; c < found.centroids.rows(); ++c)
      centroids.insert(oracle::row_of(found.centroids, c));
    CHECK(centroids == std::set<oracle::Vector>(points.begin(), points.end()));
    CHECK(found.centroids.rows() == 3);
    CHECK(found.cost == 0);
    CHECK(found.iterations == 0);
  }
  // Multiples of one vector, whose directions differ in the last bit.
  oracle::Vectors multiples;
  for (int n = 1; n < 60; ++n) multiples.push_back(oracle::direction({0.1 * n, 0.7 * n, -0.3 * n}));
  const Table points_of_one = oracle::table_of(multiples, 3);
  CHECK(k_means(exec::Seq{}, points_of_one, 5).centroids.rows() == 1);
  // Their mean may be farther away than each of them, by roundings: it is not taken then.
  for (std::size_t n = 0; n < multiples.size(); ++n) {
    const Table start = oracle::table_of({multiples[n]}, 3);
    CHECK(detail::lloyd(exec::Seq{}, points_of_one, start, 9).cost <=
          detail::with_nearest(exec::Seq{}, points_of_one, start).cost);
  }
}

TEST_CASE("one point is its own centroid, and no points have none") {
  CHECK((k_means(exec::Seq{}, oracle::table_of({{0.6, 0.8}}, 2), 3).centroids ==
         oracle::table_of({{0.6, 0.8}}, 2))
            .all());
  const KMeans none = k_means(exec::Seq{}, Table(0, 7), 3);
  CHECK(none.centroids.rows() == 0);
  CHECK(none.centroids.cols() == 7);
  CHECK(k_means(exec::Seq{}, Table(4, 0), 3).centroids.rows() == 1);
}

TEST_CASE("one centroid is the mean of all points") {
  const KMeans found = k_means(exec::Seq{}, oracle::table_of({{1, 0}, {0, 1}, {-1, 0}, {0, 1}}, 2), 1);
  CHECK((found.centroids == oracle::table_of({{0, 0.5}}, 2)).all());
  CHECK(found.cost == 1.25 + 0.25 + 1.25 + 0.25);
}

TEST_CASE("as many random numbers are drawn as there are centroids, and a weight of 0 is never drawn") {
  std::mt19937_64 engine(5), same(5);
  for (int i = 0; i < 1000; ++i) {
    const std::size_t n = detail::drawn(engine, {0, 1, 0, 2, 0});
    same.discard(1);
    CHECK((n == 1 || n == 3));
  }
  CHECK(engine == same);
}

TEST_CASE("bad numbers, long points and impossible options are refused") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto refusal = [](const Table& points, std::int64_t k = 1, std::int64_t most = 5) {
    return oracle::error_of([&] { return k_means(exec::Seq{}, points, k, {.max_iterations = most}); });
  };
  CHECK(refusal(Table(0, 3), 0) == "k is 0, expected at least 1");
  CHECK(refusal(Table(0, 3), 1, -1) == "max_iterations is -1, expected at least 0");
  CHECK(refusal(on_a_line({1, nan})) == "points[1, 0] is NaN, expected a number");
  CHECK(refusal(oracle::table_of({{1, 0}, {3, 4}}, 2)) ==
        "points[1] has length 5, expected at most 1, as unit_rows makes them");
}
