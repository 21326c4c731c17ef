#include <doctest/doctest.h>

#include <oracle.hpp>
#include <vislabel/core/size.hpp>

using vislabel::Size;

namespace {
std::string refusal(Size size) {
  return oracle::error_of([&] { vislabel::detail::require_size(size); });
}
}  // namespace

TEST_CASE("a size counts its pixels in 64 bits and may have no pixels at all") {
  CHECK(Size{}.pixels() == 0);
  CHECK(Size{0, 7}.pixels() == 0);
  CHECK(Size{65535, 65537}.pixels() == 4294967295);
  CHECK(vislabel::detail::text(Size{480, 640}) == "480 x 640");
}

TEST_CASE("the largest sizes are accepted") {
  for (const Size size :
       {Size{65535, 65537}, Size{1, 67108864}, Size{67108864, 63}, Size{0, 0}, Size{0, 67108864}})
    CHECK(refusal(size) == "(no error)");
}

TEST_CASE("a negative side is refused") {
  CHECK(refusal({-1, 5}) == "size is -1 x 5, expected height and width of at least 0");
  CHECK(refusal({5, -1}) == "size is 5 x -1, expected height and width of at least 0");
  CHECK(refusal({-3, -2}) == "size is -3 x -2, expected height and width of at least 0");
  CHECK(refusal({INT64_MIN, 1}) != "(no error)");
}

TEST_CASE("a size whose pixels overflow 32 bits is refused, even where they overflow 64 bits too") {
  CHECK(refusal({1'000'000, 1'000'000}) ==
        "size is 1000000 x 1000000, expected at most 4294967295 pixels in one mask");
  CHECK(refusal({65536, 65536}) == "size is 65536 x 65536, expected at most 4294967295 pixels in one mask");
  CHECK(refusal({65535, 65538}) != "(no error)");
  CHECK(refusal({INT64_MAX, INT64_MAX}) != "(no error)");
}

TEST_CASE("a side beyond the limit is refused, with the limit of a side in the message") {
  CHECK(refusal({3'000'000'000, 0}).find("67108864") != std::string::npos);
  CHECK(refusal({1, 67108865}).find("67108864") != std::string::npos);
}

TEST_CASE("masks of different sizes are refused with both sizes") {
  CHECK(oracle::error_of([] { vislabel::detail::require_same_size({2, 3}, {3, 2}); }) ==
        "masks of different sizes: 2 x 3 and 3 x 2 (height x width)");
  CHECK_NOTHROW(vislabel::detail::require_same_size({2, 3}, {2, 3}));
}
