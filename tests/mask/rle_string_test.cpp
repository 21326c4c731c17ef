#include <doctest/doctest.h>

#include <oracle.hpp>
#include <string>
#include <vector>
#include <vislabel/mask/rle_string.hpp>

using namespace vislabel;

namespace {

Rle of_counts(Size size, const std::vector<std::int64_t>& counts) {
  return Rle::from_counts<std::int64_t>(size, counts);
}

std::string refusal(Size size, const std::string& text) {
  return oracle::error_of([&] { return from_text(size, text); });
}

/// One number of the text form, as cocoapi's rleToString writes it.
std::string number(std::int64_t x) {
  std::string out;
  for (bool more = true; more;) {
    std::int64_t c = x & 0x1f;
    x >>= 5;
    more = (c & 0x10) != 0 ? x != -1 : x != 0;
    if (more) c |= 0x20;
    out.push_back(static_cast<char>(c + 48));
  }
  return out;
}

}  // namespace

TEST_CASE("small masks have the text worked out by hand") {
  // 12 = 0b01100: one group, bit 4 (its sign) clear: character 48 + 12 = '<'.
  CHECK(to_text(of_counts({3, 4}, {12})) == "<");
  CHECK(to_text(of_counts({3, 4}, {0, 12})) == "0<");
  CHECK(to_text(of_counts({0, 0}, {})) == "0");
  // 16 has bit 4 set and is positive: a second group is needed, 48 + 16 + 32 = '`' and then '0'.
  CHECK(to_text(of_counts({4, 4}, {16})) == "`0");
  // The fourth run is written as the difference to the second: 2 - 3 = -1, all bits set, 48 + 31 = 'O'.
  CHECK(to_text(of_counts({2, 5}, {1, 3, 4, 2})) == "134O");
}

TEST_CASE("known masks have the text that pycocotools writes") {
  CHECK(to_text(of_counts({100, 100}, {10000})) == "`h9");
  CHECK(to_text(of_counts({100, 100}, {0, 10000})) == "0`h9");
  CHECK(to_text(of_counts({5, 7}, {11, 3, 2, 3, 2, 3, 11})) == ";320009");  // rows 1 to 3, columns 2 to 4
  CHECK(to_text(of_counts({40, 3}, {2, 37, 2, 1, 43, 35})) == "2U12lNY1R1");
  CHECK(to_text(of_counts({4, 4}, {1, 1, 1, 2, 1, 1, 2, 1, 1, 2, 1, 1, 1})) ==
        "11110O10O10O0");  // a checkerboard
}

TEST_CASE("text and runs go back and forth, of masks of every size and content") {
  oracle::Random random(21);
  for (const Size size : oracle::awkward_sizes())
    for (const oracle::Dense& mask : oracle::assorted(random, size)) {
      const std::vector<std::uint32_t> counts = oracle::runs(mask);
      const Rle original = Rle::from_counts<std::uint32_t>(size, counts);
      std::string expected;
      for (std::size_t i = 0; i < counts.size(); ++i)
        expected +=
            number(i > 2 ? std::int64_t{counts[i]} - std::int64_t{counts[i - 2]} : std::int64_t{counts[i]});
      const std::string text = to_text(original);
      REQUIRE(text == expected);
      REQUIRE(from_text(size, text) == original);
    }
}

TEST_CASE("a writer that is used again forgets the mask before") {
  detail::TextWriter writer;
  CHECK(writer.write(of_counts({2, 5}, {1, 3, 4, 2}).counts()) == "134O");
  CHECK(writer.write(of_counts({3, 4}, {12}).counts()) == "<");
  CHECK(writer.write(of_counts({2, 5}, {1, 3, 4, 2}).counts()) == "134O");
}

TEST_CASE("the largest run lengths survive") {
  for (const auto& counts : {std::vector<std::int64_t>{4294967295}, {0, 4294967295}, {1, 1, 4294967292, 1}}) {
    const Rle original = of_counts({65535, 65537}, counts);
    CHECK(from_text({65535, 65537}, to_text(original)) == original);
  }
}

TEST_CASE("zero-length runs in the text are legal and vanish") {
  CHECK(from_text({2, 4}, "503") == of_counts({2, 4}, {8}));
  CHECK(from_text({2, 4}, "050N") == of_counts({2, 4}, {0, 8}));  // 0, 5, 0 and then 5 - 2
}

TEST_CASE("numbers padded with needless groups are read") {
  CHECK(from_text({3, 4}, "\\0") == of_counts({3, 4}, {12}));  // 12 with a continuation bit, then 0
}

TEST_CASE("a mask of an empty frame may be written as 0 or as nothing") {
  CHECK(from_text({0, 5}, "") == of_counts({0, 5}, {}));
  CHECK(from_text({0, 5}, "0") == of_counts({0, 5}, {}));
}

TEST_CASE("characters outside the code are refused with their place") {
  CHECK(refusal({3, 4}, "1/") == "character 1 of the text has code 47, expected 48 to 111");
  CHECK(refusal({3, 4}, "p") == "character 0 of the text has code 112, expected 48 to 111");
  CHECK(refusal({3, 4}, " <") == "character 0 of the text has code 32, expected 48 to 111");
  CHECK(refusal({3, 4}, "<\xff") == "character 1 of the text has code 255, expected 48 to 111");
  CHECK(refusal({3, 4}, std::string("<\0", 2)) == "character 1 of the text has code 0, expected 48 to 111");
}

TEST_CASE("truncated text is refused") {
  CHECK(refusal({100, 100}, "`h") == "the text ends inside a run length, at character 2");
  CHECK(refusal({100, 100}, "`") == "the text ends inside a run length, at character 1");
  CHECK(refusal({100, 100}, "0`h") == "the text ends inside a run length, at character 3");
}

TEST_CASE("runs that do not add up are refused") {
  CHECK(refusal({3, 4}, "") == "the runs add up to 0, expected height x width (3 x 4 = 12)");
  CHECK(refusal({3, 4}, "0;") == "the runs add up to 11, expected height x width (3 x 4 = 12)");
  CHECK(refusal({3, 4}, "0=") == "the runs up to run 1 add up to more than height x width (3 x 4 = 12)");
  CHECK(refusal({-3, 4}, "<") == "size is -3 x 4, expected height and width of at least 0");
  CHECK(refusal({1'000'000, 1'000'000}, "0") ==
        "size is 1000000 x 1000000, expected at most 4294967295 pixels in one mask");
}

TEST_CASE("negative runs are refused as such, wherever they come from") {
  CHECK(refusal({3, 4}, "N") == "run 0 is -2, expected at least 0");
  CHECK(refusal({3, 4}, "0K") == "run 1 is -5, expected at least 0");
  CHECK(refusal({3, 4}, "022N") ==
        "the runs add up to 4, expected height x width (3 x 4 = 12)");  // run 3 is 2 - 2 = 0
  CHECK(refusal({3, 4}, "022K") == "run 3 is -3, expected at least 0");
  CHECK(refusal({3, 4}, "0K01") == "run 1 is -5, expected at least 0");  // a difference to a negative run
}

TEST_CASE("numbers that overflow are refused") {
  CHECK(refusal({3, 4}, std::string(13, 'o') + "0") == "the number at character 12 of the text overflows");
  const std::string large = number((std::int64_t{1} << 59) - 1), small = number(-(std::int64_t{1} << 59));
  CHECK(refusal({3, 4}, "0" + large) ==
        "the runs up to run 1 add up to more than height x width (3 x 4 = 12)");
  std::string ascending = "000", descending = "000";
  for (int i = 0; i < 60; ++i) ascending += large + "0", descending += small + "0";
  CHECK(refusal({3, 4}, ascending) != "(no error)");
  CHECK(refusal({3, 4}, descending) == "run 3 is -576460752303423488, expected at least 0");
}

TEST_CASE("arbitrary text is read or refused, never anything else") {
  oracle::Random random(22);
  std::int64_t read = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (std::int64_t k = random.below(8); k > 0; --k)
      text.push_back(static_cast<char>(random.between(48, 60 + random.below(60))));
    std::optional<Rle> result;
    if (oracle::error_of([&] { result = from_text({2, 4}, text); }) != "(no error)") continue;
    ++read;
    CHECK(from_text({2, 4}, to_text(*result)) == *result);
  }
  CHECK(read > 50);  // a fixed seed reads 95
}
