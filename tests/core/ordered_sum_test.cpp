#include <doctest/doctest.h>

#include <oracle.hpp>
#include <vislabel/core/ordered_sum.hpp>

using namespace vislabel;

namespace {

double sum_of(std::size_t count, const std::function<double(std::size_t)>& value) {
  detail::OrderedSum sum;
  for (std::size_t i = 0; i < count; ++i) sum.add(value(i));
  return sum.sum();
}

}  // namespace

TEST_CASE("nothing adds up to 0, and whole numbers to their sum") {
  CHECK(sum_of(0, [](std::size_t) { return 1.0; }) == 0);
  for (const std::size_t count : {1U, 2U, 255U, 256U, 257U, 1000U})
    CHECK(sum_of(count, [](std::size_t i) { return static_cast<double>(i); }) ==
          static_cast<double>(count * (count - 1) / 2));
}

TEST_CASE("numbers are added in lanes, and lanes in halves") {
  // 1 + 2^-53 is 1: only small numbers that meet before they meet a 1 count.
  const double small = 0x1p-53;
  CHECK(sum_of(257, [&](std::size_t i) { return i == 0 ? 1 : i == 256 ? small : 0; }) == 1);  // one lane
  CHECK(sum_of(256, [&](std::size_t i) {
          return i == 0 ? 1 : i == 1 || i == 129 ? small : 0;
        }) == 1 + 2 * small);
  CHECK(sum_of(256, [&](std::size_t i) { return i == 0 ? 1 : i == 128 || i == 129 ? small : 0; }) == 1);
}
