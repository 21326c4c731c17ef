#include <doctest/doctest.h>

#include <loss/maps.hpp>
#include <vislabel/loss/dice.hpp>

using namespace vislabel;

TEST_CASE("dice of three sums, worked by hand") {
  // x = 1/2 and 1/4 against 1 and 0.
  const detail::DiceSums sums{1. / 4 + 1. / 16, 1. / 4 + 1. / 16, 1. / 2, 1};
  CHECK(sums.loss() == doctest::Approx(1 - 2 * 0.5 / (5. / 16 + 1 + 1e-5)).epsilon(1e-14));
  const double divisor = 21. / 16 + 1e-5;  // d/dx: -2 t / U + 4 sum(x t) x / U^2, times x (1 - x)
  const double at_one = (-2 / divisor + 4 * 0.5 * 0.5 / divisor / divisor) / 4;
  const double at_other = 4 * 0.5 * 0.25 / divisor / divisor * 3 / 16;
  CHECK(detail::DiceSlopes(sums)({0.5, 0.5}, true) == doctest::Approx(at_one).epsilon(1e-14));
  CHECK(detail::DiceSlopes(sums)({0.25, 0.75}, false) == doctest::Approx(at_other).epsilon(1e-14));
}
