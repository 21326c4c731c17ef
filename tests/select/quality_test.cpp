#include <doctest/doctest.h>

#include <limits>
#include <oracle.hpp>
#include <vislabel/select/quality.hpp>

using namespace vislabel;

namespace {
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
Table qualities(Eigen::Index rows, Eigen::Index columns, const std::vector<double>& values) {
  return Eigen::Map<const Table>(values.data(), rows, columns);
}
}  // namespace

TEST_CASE("Eq. 20 by hand: the score times the predicted IoU of the frame") {
  const Table q = quality(std::vector<double>{0.8, 0.5}, qualities(2, 3, {0.5, 1, 0, 0.25, 0.5, 0.75}));
  CHECK((q == qualities(2, 3, {0.8 * 0.5, 0.8, 0, 0.125, 0.25, 0.375})).all());
}

TEST_CASE("a predicted IoU outside [0, 1] is clipped") {
  const Table q = quality(std::vector<double>{0.5}, qualities(1, 4, {-0.5, 1.5, infinity, -infinity}));
  CHECK((q == qualities(1, 4, {0, 0.5, 0.5, 0})).all());
}

TEST_CASE("the quality lies between 0 and the score") {
  oracle::Random random(161);
  std::vector<double> scores;
  Table predicted(50, 7);
  for (Eigen::Index n = 0; n < 50; ++n) {
    scores.push_back(random.real());
    for (Eigen::Index t = 0; t < 7; ++t) predicted(n, t) = 3 * random.real() - 1;
  }
  const Table q = quality(scores, predicted);
  for (Eigen::Index n = 0; n < 50; ++n) {
    CHECK(q.row(n).minCoeff() >= 0);
    CHECK(q.row(n).maxCoeff() <= scores[static_cast<std::size_t>(n)]);
  }
}

TEST_CASE("no detections or no frames give a table without entries") {
  CHECK(quality(std::vector<double>{}, Table(0, 5)).cols() == 5);
  CHECK(quality(std::vector<double>{0.5, 0.5}, Table(2, 0)).rows() == 2);
}

TEST_CASE("NaN and another number of rows are refused") {
  CHECK(oracle::error_of([] {
          return quality(std::vector<double>{0.5, not_a_number}, qualities(2, 1, {1, 1}));
        }) == "scores[1] is NaN, expected a number");
  CHECK(oracle::error_of([] {
          return quality(std::vector<double>{0.5, 0.5}, qualities(2, 2, {1, 1, not_a_number, 1}));
        }) == "predicted_iou[1, 0] is NaN, expected a number");
  CHECK(oracle::error_of([] { return quality(std::vector<double>{0.5}, qualities(2, 1, {1, 1})); }) ==
        "predicted_iou has 2 rows, expected one per score (1)");
}

TEST_CASE("no finite or infinite input makes a quality of NaN") {
  bool refused_or_a_number = false;
  try {
    refused_or_a_number = !std::isnan(quality(std::vector<double>{infinity}, qualities(1, 1, {0}))(0, 0));
  } catch (const Error&) {
    refused_or_a_number = true;
  }
  CHECK(refused_or_a_number);
}

TEST_CASE("Eq. 21 by hand: a quality equal to the threshold is selected, where the mask has pixels") {
  const Tracks tracks = oracle::packed(oracle::drawn(2, {{"#.", "#.", "#."}, {"..", "absent", "##"}}));
  const double below = std::nextafter(0.75, 0);
  const BoolTable good = selected(tracks, qualities(2, 3, {0.75, below, 1, 1, 1, 0.8}), 0.75);
  BoolTable expected(2, 3);
  expected << true, false, true, false, false, true;
  CHECK((good == expected).all());
}

TEST_CASE("a threshold of minus infinity selects every mask with pixels") {
  const Tracks tracks = oracle::packed(oracle::drawn(2, {{"#.", "..", "absent"}}));
  const BoolTable good = selected(tracks, qualities(1, 3, {-1, -1, -1}), -infinity);
  CHECK(good(0, 0));
  CHECK_FALSE(good(0, 1));
  CHECK_FALSE(good(0, 2));
}

TEST_CASE("selection refuses NaN and shapes that do not fit") {
  const Tracks tracks = oracle::packed(oracle::drawn(2, {{"#.", "#."}, {"#.", "#."}}));
  CHECK(oracle::error_of([&] { return selected(tracks, Table::Ones(2, 2), not_a_number); }) ==
        "threshold is NaN, expected a number");
  CHECK(oracle::error_of([&] { return selected(tracks, qualities(2, 2, {1, 1, 1, not_a_number}), 0.5); }) ==
        "quality[1, 1] is NaN, expected a number");
  CHECK(oracle::error_of([&] { return selected(tracks, Table::Ones(2, 3), 0.5); }) ==
        "quality has shape [2, 3], expected [2, 2]");
  CHECK(oracle::error_of([&] { return selected(tracks, Table::Ones(1, 2), 0.5); }) ==
        "quality has shape [1, 2], expected [2, 2]");
}
