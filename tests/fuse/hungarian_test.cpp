#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <oracle.hpp>
#include <set>
#include <vislabel/fuse/hungarian.hpp>

using namespace vislabel;
using Indices = std::vector<std::int64_t>;

namespace {

double total(const Table& weights, const Indices& columns) {
  double sum = 0;
  for (std::size_t n = 0; n < columns.size(); ++n)
    if (columns[n] >= 0) sum += weights(static_cast<Eigen::Index>(n), columns[n]);
  return sum;
}

/// The largest total of any one-to-one assignment, all of them tried.
double best_total(const Table& weights) {
  const std::function<double(Eigen::Index, std::set<Eigen::Index>)> best = [&](Eigen::Index row,
                                                                               std::set<Eigen::Index> taken) {
    if (row == weights.rows()) return 0.0;
    double most = best(row + 1, taken);
    for (Eigen::Index m = 0; m < weights.cols(); ++m)
      if (weights(row, m) > 0 && !taken.contains(m)) {
        std::set<Eigen::Index> more = taken;
        more.insert(m);
        most = std::max(most, weights(row, m) + best(row + 1, more));
      }
    return most;
  };
  return best(0, {});
}

}  // namespace

TEST_CASE("a good pair is given up for a better total") {
  Table weights(2, 2);
  weights << 10, 9, 9, 1;
  CHECK(largest_assignment(weights) == Indices{1, 0});
}

TEST_CASE("pairs of weight 0 or less are never assigned") {
  Table weights(2, 3);
  weights << 0, -1, 0, 0, 5, -2;
  CHECK(largest_assignment(weights) == Indices{-1, 1});
  CHECK(largest_assignment(Table::Zero(3, 2)) == Indices{-1, -1, -1});
}

TEST_CASE("tables without rows or columns assign nothing") {
  CHECK(largest_assignment(Table(0, 4)).empty());
  CHECK(largest_assignment(Table(2, 0)) == Indices{-1, -1});
}

TEST_CASE("the total is the largest of all assignments, and everyone is assigned once") {
  oracle::Random random(241);
  for (int round = 0; round < 3000; ++round) {
    Table weights(random.below(6), random.below(6));
    const bool ties = random.one_in(2);  // eighths, whose sums are exact
    for (Eigen::Index i = 0; i < weights.size(); ++i)
      weights.data()[i] = random.one_in(3) ? -random.real()
                          : ties           ? static_cast<double>(random.below(9)) / 8
                                           : random.real();
    const Indices columns = largest_assignment(weights);
    std::set<std::int64_t> taken;
    for (const std::int64_t m : columns)
      if (m >= 0) REQUIRE(taken.insert(m).second);
    REQUIRE(total(weights, columns) == doctest::Approx(best_total(weights)).epsilon(1e-12));
  }
}

TEST_CASE("weights that are not finite are refused") {
  Table weights = Table::Zero(1, 2);
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    weights(0, 1) = bad;
    CHECK(oracle::error_of([&] { return largest_assignment(weights); }) ==
          "weights has a number that is not finite");
  }
}
