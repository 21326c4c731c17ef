#include <doctest/doctest.h>

#include <loss/maps.hpp>
#include <vislabel/core/eight_lanes.hpp>
#include <vislabel/loss/probabilities.hpp>

using namespace vislabel;

TEST_CASE("both probabilities of a logit are exact, however small") {
  for (const double logit : {0.0, 0.3, -2.0, 20.0, -50.0, 700.0, -700.0}) {
    const auto [foreground, background] = detail::probabilities(logit);
    CHECK(oracle::relative(foreground, oracle::sigmoid(static_cast<long double>(logit))) < 1e-15);
    CHECK(oracle::relative(background, oracle::sigmoid(-static_cast<long double>(logit))) < 1e-15);
  }
  constexpr double infinity = std::numeric_limits<double>::infinity();
  CHECK(detail::probabilities(infinity).foreground == 1);
  CHECK(detail::probabilities(-infinity).foreground == 0);
  CHECK(detail::finite_logit(std::numeric_limits<float>::infinity()) == std::numeric_limits<float>::max());
}

TEST_CASE("of two logits side by side, the same bits") {
  oracle::Random random(1);
  for (int round = 0; round < 1000; ++round) {
    const double a = 1600 * random.real() - 800, b = 20 * random.real() - 10;
    const auto [foreground, background] =
        detail::probabilities<detail::DoubleLane, detail::DoubleWords>(detail::DoubleLane{a, b});
    CHECK(foreground[0] == detail::probabilities(a).foreground);
    CHECK(background[0] == detail::probabilities(a).background);
    CHECK(foreground[1] == detail::probabilities(b).foreground);
    CHECK(background[1] == detail::probabilities(b).background);
  }
}
