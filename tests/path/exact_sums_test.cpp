#include <doctest/doctest.h>

#include <limits>
#include <oracle.hpp>
#include <vislabel/path/exact_sums.hpp>

using vislabel::detail::Cost;
using vislabel::detail::CostGrid;
using vislabel::detail::CostUnits;

namespace {

constexpr double too_much = std::numeric_limits<double>::infinity();
constexpr double largest = std::numeric_limits<double>::max();
constexpr double least = std::numeric_limits<double>::denorm_min();

}  // namespace

TEST_CASE("a cost in units is the same number") {
  const CostUnits units(1000, "costs");
  for (const double cost : {0.0, 1.0, -1.0, 0.1, -0.3, 1e-9, 999.9, 1000.0, -1000.0, 1.0 / 3})
    CHECK(units.cost(units.units(cost)) == cost);
  CHECK(units.units(3) == 3 * units.units(1));
  CHECK(units.units(-0.5) * 2 == -units.units(1));
  CHECK_FALSE(std::signbit(units.cost(units.units(-0.0))));
}

TEST_CASE("sums are exact where doubles would round, and rounded once when they are given back") {
  const CostUnits units(1e6, "costs");
  const Cost large = units.units(1e6), small = units.units(1e-12);
  CHECK(large + small > large);
  CHECK(large + small - large == small);
  CHECK(units.cost(large + small - large) == 1e-12);
  CHECK(units.cost(large + small) == 1e6);
  const CostUnits tenths(1, "costs");
  CHECK(tenths.units(0.1) + tenths.units(0.2) != tenths.units(0.3));
  CHECK(tenths.cost(tenths.units(0.1) + tenths.units(0.2)) == 0.1 + 0.2);
}

TEST_CASE("sums of costs up to the given one have room, and lose nothing that is up to 2^60 times smaller") {
  oracle::Random random(301);
  for (int round = 0; round < 500; ++round) {
    std::vector<double> costs;
    double most = 0;
    for (std::int64_t n = random.below(200); n >= 0; --n) {
      costs.push_back((random.real() - 0.5) * std::pow(10, static_cast<double>(random.between(-8, 8))));
      most += std::abs(costs.back());
    }
    const CostUnits units(most, "costs");
    Cost up = 0, down = 0;
    for (const double cost : costs) {
      if (std::abs(cost) >= std::ldexp(most, -60)) REQUIRE(units.cost(units.units(cost)) == cost);
      cost > 0 ? up += units.units(cost) : down -= units.units(cost);
    }
    REQUIRE(up >= 0);
    REQUIRE(down >= 0);
    REQUIRE(up + down > 0);
    REQUIRE(std::abs(units.cost(up + down) - most) <= 1e-12 * most);
  }
}

TEST_CASE("what is still smaller is rounded to the nearest unit") {
  const CostUnits units(1, "costs");
  const double unit = units.cost(1);
  CHECK(unit == std::ldexp(1.0, -119));
  CHECK(units.units(2.75 * unit) == 3);
  CHECK(units.units(-2.75 * unit) == -3);
  CHECK(units.units(0.25 * unit) == 0);
  CHECK(units.units(1e-300) == 0);
}

TEST_CASE("the largest and the smallest numbers have units too") {
  for (const double most : {largest, 1.0, 1e-300, 1e-310, least}) {
    const CostUnits units(most, "costs");
    CHECK(units.cost(units.units(most)) == most);
    CHECK(units.cost(units.units(-most)) == -most);
    CHECK(units.cost(units.units(most / 2)) == most / 2);
    CHECK(units.units(0) == 0);
  }
  CHECK(CostUnits(0, "costs").units(0) == 0);
  CHECK(CostUnits(0, "costs").cost(0) == 0);
}

TEST_CASE("sums that are not finite are refused") {
  CHECK(oracle::error_of([] { return CostUnits(too_much, "weights"); }) ==
        "weights adds up to inf, expected a finite sum");
  CHECK(oracle::error_of([] { return CostUnits(std::nan(""), "weights"); }) ==
        "weights adds up to nan, expected a finite sum");
}

TEST_CASE("on a grid costs are rounded to the nearest multiple of a power of two") {
  const CostGrid grid(1.5, 4);  // sums below 2, of which 4 bits count: steps of 1/8
  CHECK(grid(1.5) == 1.5);
  CHECK(grid(0.3) == 0.25);
  CHECK(grid(0.32) == 0.375);
  CHECK(grid(-0.3) == -0.25);
  CHECK(grid(0) == 0);
  CHECK(CostGrid(1, 4)(0.125) == 0.125);
  CHECK(CostGrid(1, 4)(0.06) == 0);
  CHECK(CostGrid(std::nextafter(1.0, 0.0), 4)(0.0625) == 0.0625);
  CHECK(CostGrid(0, 4)(0) == 0);
  CHECK_FALSE(std::signbit(CostGrid(1, 4)(-1e-9)));
}
