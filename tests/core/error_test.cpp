#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <type_traits>
#include <vislabel/core/error.hpp>

TEST_CASE("an Error is a std::invalid_argument with its message") {
  static_assert(std::is_base_of_v<std::invalid_argument, vislabel::Error>);
  CHECK_THROWS_WITH_AS(throw vislabel::Error("scores[2] is NaN"), "scores[2] is NaN", std::invalid_argument);
}

TEST_CASE("text writes its parts one after the other") {
  CHECK(vislabel::detail::text("n = ", 3, ", x = ", 0.5, '!') == "n = 3, x = 0.5!");
  CHECK(vislabel::detail::text(std::string("one")) == "one");
}

TEST_CASE("require throws its parts iff the condition fails") {
  CHECK_NOTHROW(vislabel::detail::require(true, "never"));
  CHECK_THROWS_WITH_AS(vislabel::detail::require(false, "run ", 3, " is ", -1), "run 3 is -1",
                       vislabel::Error);
}
