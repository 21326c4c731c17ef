#include <doctest/doctest.h>

#include <loss/maps.hpp>
#include <vislabel/loss/soft_iou.hpp>

using namespace vislabel;

TEST_CASE("a weight of points: strictly above the threshold, 0 / 0 keeps, NaN stays") {
  CHECK(detail::weight_of_points(0.5, 1, 0.5, 0.5) == 0);
  CHECK(detail::weight_of_points(0.5, 1, 0.5, 0.49) == 1);
  CHECK(detail::weight_of_points(0, 0, 0, 0.5) == 1);
  CHECK(detail::weight_of_points(0, 1e-30, 0, 0) == 0);
  CHECK(std::isnan(detail::weight_of_points(NAN, 1, 1, 0.5)));
}

TEST_CASE("probabilities have the logit's own precision") {
  CHECK(detail::probability_as(0.1F) == static_cast<double>(static_cast<float>(oracle::sigmoid(0.1F))));
  CHECK(detail::probability_as(20.0F) == 1);
  CHECK(detail::probability_as(20.0) < 1);
}
