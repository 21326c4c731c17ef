#include <doctest/doctest.h>

#include <loss/maps.hpp>
#include <vislabel/loss/pair_loss.hpp>
#include <vislabel/loss/probabilities.hpp>

using namespace vislabel;

namespace {

detail::Odds odds(double logit) {
  const auto [own, other] = detail::probabilities(logit);
  return {logit, own, other};
}

}  // namespace

TEST_CASE("two logits on opposite sides: -log P and its slope, however far apart") {
  for (const double a : {1.0, 30.0, 300.0, 900.0, 1e5})
    for (const double b : {-1.0, -40.0, -299.0, -901.0, -1e5}) {
      const auto x = static_cast<long double>(a), y = static_cast<long double>(b);
      const long double larger = std::max(oracle::log_sigmoid(x) + oracle::log_sigmoid(y),
                                          oracle::log_sigmoid(-x) + oracle::log_sigmoid(-y));
      const long double smaller = std::min(oracle::log_sigmoid(x) + oracle::log_sigmoid(y),
                                           oracle::log_sigmoid(-x) + oracle::log_sigmoid(-y));
      const long double loss = -(larger + std::log1p(std::exp(smaller - larger)));
      CHECK(oracle::relative(detail::disagreement(a, b), loss) < 1e-14);
      CHECK(detail::disagreement(b, a) == detail::disagreement(a, b));
      const long double slope =
          -std::tanh(y / 2) * std::exp(oracle::log_sigmoid(x) + oracle::log_sigmoid(-x) + loss);
      CHECK(oracle::close(detail::disagreement_slope(a, b), slope, 1e-13));
      CHECK(detail::disagreement_slope(-a, -b) == -detail::disagreement_slope(a, b));
    }
}

TEST_CASE("a pair that counts twice has twice the loss and the slope, in every range of P") {
  for (const double a : {0.0, 3.0, 30.0, 400.0})
    for (const double b : {1.0, -1.0, -25.0, -390.0}) {
      detail::PairLoss once, twice;
      once.add(odds(a), odds(b), 1), twice.add(odds(a), odds(b), 2);
      CHECK(oracle::relative(twice.loss(), 2 * once.loss()) < 1e-15);
      detail::PairSlope slope, slopes;
      slope.add(odds(a), odds(b), 1), slopes.add(odds(a), odds(b), 2);
      CHECK(slopes.of(odds(a)) == 2 * slope.of(odds(a)));
    }
}

TEST_CASE("the least product of a group is far from underflow") {
  detail::PairLoss all;
  for (int pair = 0; pair < 16; ++pair) all.add(odds(10.35), odds(-10.35), 2);
  CHECK(all.terms == 0);
  CHECK(all.product > 1e-288);
  const detail::PairLoss none;
  CHECK(detail::group_loss(all, none, none, none) == all.loss());
}
