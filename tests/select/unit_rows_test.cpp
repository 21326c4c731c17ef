#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vislabel/select/unit_rows.hpp>

#include "features.hpp"

using namespace vislabel;

namespace {

Table unit_row_of(const oracle::Vector& row) {
  return unit_rows(exec::Seq{}, oracle::table_of({row}, row.size()));
}

}  // namespace

TEST_CASE("a vector is divided by its length") {
  CHECK((unit_row_of({3, 0, -4}) == oracle::table_of({{0.6, 0, -0.8}}, 3)).all());
  CHECK((unit_row_of({-7}) == -1).all());
}

TEST_CASE("a vector of zeros stays as it is") {
  CHECK((unit_row_of({0, -0.0, 0}) == 0).all());
  CHECK(unit_rows(exec::Seq{}, Table(3, 0)).rows() == 3);
  CHECK(unit_rows(exec::Seq{}, Table(0, 3)).cols() == 3);
}

TEST_CASE("the squares of numbers of any size neither overflow nor vanish") {
  const Table expected = unit_row_of({3, 1, -4});
  for (const double scale : {0x1p1021, 0x1p700, 0x1p401, 0x1p399, 0x1p-399, 0x1p-700, 0x1p-1022, 0x1p-1074})
    CHECK((unit_row_of({3 * scale, scale, -4 * scale}) == expected).all());
  const double most = std::numeric_limits<double>::max(), least = std::numeric_limits<double>::denorm_min();
  CHECK((unit_row_of({most, -most}) == oracle::table_of({{1 / std::sqrt(2), -1 / std::sqrt(2)}}, 2)).all());
  CHECK((unit_row_of({least, 0}) == oracle::table_of({{1, 0}}, 2)).all());
  CHECK((unit_row_of({most, least, 0}) == oracle::table_of({{1, 0, 0}}, 3)).all());
}

TEST_CASE("unit rows equal the oracle's to the last bit, and are of length 1") {
  oracle::Random random(711);
  for (const std::size_t columns : {1u, 2u, 7u, 8u, 9u, 15u, 16u, 17u, 64u, 300u}) {
    const oracle::Vectors rows = oracle::random_vectors(random, 90, columns);
    oracle::under_every_policy([&](auto policy) {
      const Table units = unit_rows(policy, oracle::table_of(rows, columns));
      for (std::size_t n = 0; n < rows.size(); ++n) {
        const oracle::Vector own = oracle::row_of(units, static_cast<std::int64_t>(n));
        REQUIRE(own == oracle::direction(rows[n]));
        const double length = oracle::inner(own, own);
        REQUIRE((length == 0 || std::abs(length - 1) < 1e-15));
      }
    });
  }
}

TEST_CASE("sums of products and of distances are those of eight lanes") {
  oracle::Random random(712);
  for (std::size_t columns = 0; columns < 40; ++columns) {
    oracle::Vector a(columns), b(columns);
    for (double& x : a) x = random.real() - 0.5;
    for (double& x : b) x = random.real() - 0.5;
    const auto count = static_cast<Eigen::Index>(columns);
    CHECK(detail::inner_product(a.data(), b.data(), count) == oracle::inner(a, b));
    CHECK(detail::squared_distance(a.data(), b.data(), count) == oracle::distance(a, b));
    CHECK(detail::squared_distance(a.data(), a.data(), count) == 0);
  }
}

TEST_CASE("features of float and of any layout give the same rows") {
  oracle::Random random(713);
  Table features(20, 33);
  for (double& x : features.reshaped()) x = static_cast<double>(random.between(-50, 50)) / 8;
  const Table expected = unit_rows(exec::Seq{}, features);
  const auto same = [&](const auto& given) { return (unit_rows(exec::Seq{}, given) == expected).all(); };
  CHECK(same(features.cast<float>()));
  CHECK(same(Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>(features.cast<float>())));
  CHECK(same(Eigen::ArrayXXd(features)));
  Table wide = Table::Constant(30, 50, 9);
  wide.block(3, 5, 20, 33) = features;
  CHECK(same(wide.block(3, 5, 20, 33)));
}

TEST_CASE("numbers that are not finite are refused, the first of them by name") {
  const double infinity = std::numeric_limits<double>::infinity();
  Table features = Table::Ones(3000, 9);
  features(1, 3) = infinity;
  features(2, 1) = features(2990, 0) = std::numeric_limits<double>::quiet_NaN();
  oracle::under_every_policy([&](auto policy) {
    const auto refusal = [&] { return oracle::error_of([&] { return unit_rows(policy, features); }); };
    features(1, 3) = infinity;
    CHECK(refusal() == "features[1, 3] is inf, expected a finite number");
    features(1, 3) = 1;
    CHECK(refusal() == "features[2, 1] is NaN, expected a number");
  });
  Eigen::ArrayXXf floats = Eigen::ArrayXXf::Ones(1, 2);
  floats(0, 1) = -std::numeric_limits<float>::infinity();
  CHECK(oracle::error_of([&] { return unit_rows(exec::Seq{}, floats, "prompts"); }) ==
        "prompts[0, 1] is -inf, expected a finite number");
}
