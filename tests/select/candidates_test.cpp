#include <doctest/doctest.h>

#include <cmath>
#include <vislabel/select/candidates.hpp>

#include "features.hpp"

using namespace vislabel;
using vislabel::detail::Candidates;

// What keeps Eigen from starting threads of its own.
static_assert(Candidates::Block::MaxRowsAtCompileTime == 32);

namespace {

struct Found {
  std::int64_t index;
  double value;
  friend bool operator==(const Found&, const Found&) = default;
};

Found slowly_found(const oracle::Vectors& candidates, auto&& value) {
  Found best{0, value(candidates[0])};
  for (std::size_t c = 1; c < candidates.size(); ++c)
    if (value(candidates[c]) > best.value) best = {static_cast<std::int64_t>(c), value(candidates[c])};
  return best;
}

/// Checks both questions for blocks of rows of every length.
void check_candidates(const oracle::Vectors& rows, const oracle::Vectors& vectors, std::size_t columns) {
  const Table queries = oracle::table_of(rows, columns), table = oracle::table_of(vectors, columns);
  const Candidates candidates(table);
  Candidates::Work work;
  const Eigen::Index most = Candidates::most_rows;
  for (Eigen::Index begin = 0; begin < queries.rows(); begin += most) {
    const Eigen::Index count = std::min<Eigen::Index>(most, queries.rows() - begin);
    const double* const block = queries.data() + begin * queries.cols();
    const auto row = [&](Eigen::Index i) { return rows[static_cast<std::size_t>(begin + i)]; };
    Eigen::Index calls = 0;
    candidates.most_similar(work, block, count, [&](Eigen::Index i, Eigen::Index c, double value) {
      const oracle::Vector own = row(calls++);
      REQUIRE(i == calls - 1);
      REQUIRE(Found{c, value} == slowly_found(vectors, [&](const oracle::Vector& other) {
                return std::clamp(oracle::inner(own, other), -1.0, 1.0);
              }));
      for (Eigen::Index k = 0; k < table.rows(); ++k)
        REQUIRE(std::abs(double{work.products(i, k)} -
                         oracle::inner(own, vectors[static_cast<std::size_t>(k)])) <= candidates.error());
    });
    CHECK(calls == count);
    candidates.nearest(work, block, count, [&](Eigen::Index i, Eigen::Index c, double value) {
      const oracle::Vector own = row(i);
      REQUIRE(Found{c, -value} == slowly_found(vectors, [&](const oracle::Vector& other) {
                return -oracle::distance(own, other);
              }));
    });
  }
}

}  // namespace

TEST_CASE("the best candidate is that of all sums in double, to the last bit") {
  oracle::Random random(721);
  for (const std::size_t columns : {1u, 2u, 3u, 8u, 31u, 64u, 200u})
    for (const std::int64_t count : {1, 2, 9, 70}) {
      oracle::Vectors rows, vectors;
      for (const oracle::Vector& row : oracle::random_vectors(random, 67, columns))
        rows.push_back(oracle::direction(row));
      for (const oracle::Vector& row : oracle::random_vectors(random, count, columns))
        vectors.push_back(oracle::direction(row));
      check_candidates(rows, vectors, columns);
    }
}

TEST_CASE("candidates that floats cannot tell apart are told apart, and the first of equal ones is taken") {
  oracle::Random random(722);
  const std::size_t columns = 24;
  oracle::Vector center(columns);
  for (double& x : center) x = random.real() - 0.5;
  oracle::Vectors rows, vectors;
  for (int n = 0; n < 60; ++n) {
    oracle::Vector row = center;
    row[static_cast<std::size_t>(random.below(24))] += random.any_of(std::vector{1e-9, -1e-9, 1e-12, 0.0});
    (n % 2 == 0 ? rows : vectors).push_back(oracle::direction(row));
  }
  for (int n = 0; n < 40; ++n) {  // not only from nearby
    oracle::Vector row(columns);
    for (double& x : row) x = random.real() - 0.5;
    rows.push_back(oracle::direction(row));
  }
  check_candidates(rows, vectors, columns);
}

TEST_CASE("vectors without numbers are all alike") {
  check_candidates(oracle::Vectors(3), oracle::Vectors(2), 0);
}

TEST_CASE("blocks cover all rows") {
  CHECK(Candidates::blocks(0) == 0);
  CHECK(Candidates::blocks(1) == 1);
  CHECK(Candidates::blocks(32) == 1);
  CHECK(Candidates::blocks(33) == 2);
}
