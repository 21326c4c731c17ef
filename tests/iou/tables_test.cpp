#include <doctest/doctest.h>

#include <vislabel/iou/tables.hpp>

using namespace vislabel;

TEST_CASE("a table of quotients has the shape of its counts") {
  IntersectionAndUnion counts{CountTable(2, 3), CountTable(2, 3)};
  counts.intersection << 0, 1, 2, 3, 0, 5;
  counts.union_ << 4, 4, 4, 4, 0, 5;
  const Table table = detail::quotients(counts, EmptyPair::one);
  REQUIRE(table.rows() == 2);
  REQUIRE(table.cols() == 3);
  CHECK(table(0, 0) == 0);
  CHECK(table(0, 2) == 0.5);
  CHECK(table(1, 0) == 0.75);
  CHECK(table(1, 1) == 1);
  CHECK(table(1, 2) == 1);
  CHECK(detail::quotients({CountTable(0, 3), CountTable(0, 3)}, EmptyPair::zero).cols() == 3);
}

TEST_CASE("tables are row-major, so that their memory is NumPy's") {
  Table table(2, 2);
  table << 1, 2, 3, 4;
  CHECK(table.data()[1] == 2);
  CHECK(table.data()[2] == 3);
}
