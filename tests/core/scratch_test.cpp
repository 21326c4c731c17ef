#include <doctest/doctest.h>

#include <cstdint>
#include <vislabel/core/scratch.hpp>

using vislabel::detail::Scratch;

TEST_CASE("what has been used survives growth, and room that is there is not moved") {
  Scratch<std::uint32_t> scratch;
  std::uint32_t* memory = scratch.room(3);
  for (std::uint32_t i = 0; i < 3; ++i) memory[i] = 7 + i;
  CHECK(scratch.room(2) == memory);
  memory = scratch.room(1000, 3);
  for (std::uint32_t i = 0; i < 3; ++i) CHECK(memory[i] == 7 + i);
  memory[999] = 1;
  CHECK(scratch.room(1000, 1000) == memory);
}
