#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <oracle.hpp>
#include <vislabel/select/score_filter.hpp>

using namespace vislabel;

namespace {

Table kinds_of_scores(Eigen::Index rows, Eigen::Index columns, const std::vector<double>& values) {
  return Eigen::Map<const Table>(values.data(), rows, columns);
}

std::vector<bool> which(const Kept& kept) { return {kept.begin(), kept.end()}; }

}  // namespace

TEST_CASE("an instance stays iff every one of its scores reaches the threshold") {
  const double below = std::nextafter(0.7, 0);
  const Table scores = kinds_of_scores(2, 4, {0.7, 0.9, below, 1, 0.7, 0.6, 0.9, 0.8});
  CHECK(which(score_filter(scores)) == std::vector{true, false, false, true});
  CHECK(which(score_filter(scores, 0.6)) == std::vector{true, true, true, true});
  CHECK(which(score_filter(scores.row(0))) == std::vector{true, true, false, true});
}

TEST_CASE("infinite scores and thresholds compare like others") {
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(which(score_filter(kinds_of_scores(1, 2, {infinity, -infinity}))) == std::vector{true, false});
  CHECK(which(score_filter(kinds_of_scores(1, 2, {infinity, 1}), infinity)) == std::vector{true, false});
  CHECK(which(score_filter(kinds_of_scores(1, 2, {-infinity, 1}), -infinity)) == std::vector{true, true});
}

TEST_CASE("no instances: nothing stays") { CHECK(score_filter(Table(3, 0)).size() == 0); }

TEST_CASE("the filter is the intersection of one filter per kind of score") {
  oracle::Random random(701);
  for (int round = 0; round < 50; ++round) {
    Table scores(random.between(1, 4), random.below(70));
    for (double& score : scores.reshaped()) score = static_cast<double>(random.below(11)) / 10;
    Kept all = Kept::Constant(scores.cols(), true);
    for (Eigen::Index s = 0; s < scores.rows(); ++s) all = all && score_filter(scores.row(s));
    CHECK((score_filter(scores) == all).all());
    for (Eigen::Index n = 0; n < scores.cols(); ++n) CHECK(all[n] == (scores.col(n).minCoeff() >= 0.7));
  }
}

TEST_CASE("NaN and no scores at all are refused") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto refusal = [](const Table& scores, double threshold = 0.7) {
    return oracle::error_of([&] { return score_filter(scores, threshold); });
  };
  CHECK(refusal(kinds_of_scores(2, 2, {1, 0, 1, nan})) == "scores[1, 1] is NaN, expected a number");
  CHECK(refusal(kinds_of_scores(1, 1, {1}), nan) == "threshold is NaN, expected a number");
  CHECK(refusal(Table(0, 3)) == "scores has no rows, expected at least one kind of score");
}
