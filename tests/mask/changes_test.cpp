#include <doctest/doctest.h>

#include <oracle.hpp>
#include <vislabel/mask/changes.hpp>

using namespace vislabel;
using oracle::Dense;

TEST_CASE("changes of a mask worked by hand, down its columns") {
  const Dense mask = oracle::drawn({"#.", "##", ".#"});  // down: 1 1 0, 0 1 1
  const Changes changes = to_changes(exec::Seq{}, oracle::packed(mask.size, {mask, Dense(mask.size)}));
  CHECK(changes.begin == std::vector<std::int64_t>{0, 3, 3});
  CHECK(changes.places == std::vector<std::uint32_t>{0, 2, 4});
}

TEST_CASE("changes make the masks again, under every policy") {
  oracle::Random random(1);
  for (const Size size : oracle::awkward_sizes()) {
    const Masks masks = oracle::packed(size, oracle::assorted(random, size));
    oracle::under_every_policy([&](auto policy) {
      const Changes changes = to_changes(policy, masks);
      REQUIRE(changes.begin.size() == static_cast<std::size_t>(masks.count()) + 1);
      CHECK(from_changes(policy, changes.begin, changes.places, size) == masks);
    });
  }
}

TEST_CASE("places that no mask has are refused") {
  const Size size{2, 3};
  const auto error = [&](std::vector<std::int64_t> begin, std::vector<std::uint32_t> places) {
    return oracle::error_of([&] { return from_changes(exec::Seq{}, begin, places, size); });
  };
  CHECK(error({0, 2}, {0, 6}) == "mask 0 changes at pixel 6 after 0, expected ascending places below 6");
  CHECK(error({0, 2}, {3, 3}) == "mask 0 changes at pixel 3 after 3, expected ascending places below 6");
  CHECK(error({0, 1}, {}) == "begin does not run from 0 to the number of places, 0");
  CHECK(error({}, {}) == "begin does not run from 0 to the number of places, 0");
  CHECK(error({0, 2, 1}, {1}) == "begin[2] is 1, expected at least 2");
}
