#include <doctest/doctest.h>

#include <vislabel/iou/quotient.hpp>

using namespace vislabel;

TEST_CASE("a quotient of integers is their division in double, rounded once") {
  CHECK(detail::quotient(1, 3, EmptyPair::zero) == 1.0 / 3.0);
  CHECK(detail::quotient(0, 7, EmptyPair::one) == 0.0);
  CHECK(detail::quotient(4294967295, 4294967295, EmptyPair::zero) == 1.0);
}

TEST_CASE("0 / 0 is what the caller wants it to be") {
  CHECK(detail::quotient(0, 0, EmptyPair::zero) == 0.0);
  CHECK(detail::quotient(0, 0, EmptyPair::one) == 1.0);
}
