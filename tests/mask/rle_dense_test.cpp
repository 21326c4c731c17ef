#include <doctest/doctest.h>

#include <oracle.hpp>
#include <vislabel/mask/rle_dense.hpp>

using namespace vislabel;
using Bytes = std::vector<std::uint8_t>;

namespace {

/// Column after column, set pixels with any value but 0.
Bytes columns_of(oracle::Random& random, const oracle::Dense& mask) {
  Bytes bytes;
  for (std::int64_t x = 0; x < mask.size.width; ++x)
    for (std::int64_t y = 0; y < mask.size.height; ++y)
      bytes.push_back(mask(y, x) == 0 ? std::uint8_t{0} : static_cast<std::uint8_t>(random.between(1, 255)));
  return bytes;
}

}  // namespace

TEST_CASE("column-major bytes become run lengths and come back as 0 and 1") {
  oracle::Random random(81);
  for (const Size size : oracle::awkward_sizes())
    for (const oracle::Dense& mask : oracle::assorted(random, size)) {
      Bytes bytes = columns_of(random, mask);
      const Rle rle = encode_columns(size, bytes);
      REQUIRE(rle == Rle::from_counts<std::uint32_t>(size, oracle::runs(mask)));
      Bytes out(bytes.size(), 9);
      decode_columns(rle, out);
      for (std::uint8_t& byte : bytes) byte = byte != 0 ? 1 : 0;
      REQUIRE(out == bytes);
    }
}

TEST_CASE("a scanner can be used again, also after a mask of more runs than bytes in one of its parts") {
  oracle::Random random(82);
  detail::RunScanner scanner;
  for (const Size size : {Size{3, 5}, Size{300, 200}, Size{1, 40000}, Size{2, 2}, Size{0, 3}})
    for (const oracle::Dense& mask : oracle::assorted(random, size)) {
      const auto runs = scanner.scan(columns_of(random, mask));
      REQUIRE(std::vector<std::uint32_t>(runs.begin(), runs.end()) == oracle::runs(mask));
    }
}

TEST_CASE("another number of pixels than the size has is refused") {
  Bytes bytes(5);
  CHECK(oracle::error_of([&] { static_cast<void>(encode_columns({2, 3}, bytes)); }) ==
        "pixels has 5 entries, expected height x width (2 x 3 = 6)");
  const Rle rle = encode_columns({1, 6}, Bytes(6));
  CHECK(oracle::error_of([&] { decode_columns(rle, bytes); }) ==
        "pixels has 5 entries, expected height x width (1 x 6 = 6)");
  CHECK(oracle::error_of([&] { static_cast<void>(encode_columns({-1, 3}, bytes)); }) ==
        "size is -1 x 3, expected height and width of at least 0");
}
