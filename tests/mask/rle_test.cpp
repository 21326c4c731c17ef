#include <doctest/doctest.h>

#include <cstdint>
#include <oracle.hpp>
#include <vector>
#include <vislabel/mask/rle.hpp>

using namespace vislabel;

namespace {

template <class Integer = std::int64_t>
Rle rle(Size size, const std::vector<Integer>& counts) {
  return Rle::from_counts<Integer>(size, counts);
}

template <class Integer = std::int64_t>
std::vector<std::uint32_t> canonical(Size size, const std::vector<Integer>& counts) {
  const Rle result = rle(size, counts);
  CHECK(result.size() == size);
  return {result.counts().begin(), result.counts().end()};
}

using Counts = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("canonical run lengths are kept as they are") {
  CHECK(canonical({3, 4}, {2, 3, 7}) == Counts{2, 3, 7});
  CHECK(canonical({3, 4}, {0, 12}) == Counts{0, 12});
  CHECK(canonical({3, 4}, {12}) == Counts{12});
}

TEST_CASE("zero-length runs are legal and vanish") {
  CHECK(canonical({2, 4}, {5, 0, 3}) == Counts{8});
  CHECK(canonical({2, 4}, {0, 5, 0, 3}) == Counts{0, 8});
  CHECK(canonical({2, 4}, {0, 0, 0, 5, 3}) == Counts{0, 5, 3});
  CHECK(canonical({2, 4}, {0, 0, 8}) == Counts{8});
  CHECK(canonical({2, 4}, {8, 0}) == Counts{8});
  CHECK(canonical({2, 4}, {3, 5, 0, 0, 0}) == Counts{3, 5});
  CHECK(canonical({2, 4}, {1, 2, 0, 3, 2}) == Counts{1, 5, 2});
}

TEST_CASE("a mask of an empty frame is the single run 0") {
  for (const Size size : {Size{0, 0}, Size{0, 7}, Size{7, 0}}) {
    CHECK(canonical(size, {}) == Counts{0});
    CHECK(canonical(size, {0}) == Counts{0});
    CHECK(canonical(size, {0, 0, 0, 0}) == Counts{0});
  }
  CHECK(Rle{} == rle({0, 0}, {}));
}

TEST_CASE("every integer type is read") {
  CHECK(canonical<std::int8_t>({2, 4}, {3, 5}) == Counts{3, 5});
  CHECK(canonical<std::uint8_t>({16, 16}, {1, 255}) == Counts{1, 255});
  CHECK(canonical<std::int32_t>({2, 4}, {3, 5}) == Counts{3, 5});
  CHECK(canonical<std::uint32_t>({65535, 65537}, {0, 4294967295}) == Counts{0, 4294967295});
  CHECK(canonical<std::uint64_t>({2, 4}, {3, 5}) == Counts{3, 5});
}

TEST_CASE("canonical output of random runs with zeros among them is the mask's runs") {
  oracle::Random random(11);
  for (int round = 0; round < 300; ++round) {
    const oracle::Dense mask = oracle::random_mask(random, {random.between(0, 7), random.between(0, 7)},
                                                   random.any_of(oracle::contents()));
    const Counts expected = oracle::runs(mask);
    std::vector<std::int64_t> counts;
    for (const std::uint32_t run : expected) {  // a run of k becomes j, 0, k - j now and then
      const std::int64_t first = random.one_in(2) ? run : random.between(0, run);
      counts.push_back(first);
      if (first != run) counts.insert(counts.end(), {0, static_cast<std::int64_t>(run) - first});
    }
    CHECK(canonical(mask.size, counts) == expected);
  }
}

TEST_CASE("equality means the same size and the same pixels") {
  CHECK(rle({2, 4}, {5, 0, 3}) == rle({2, 4}, {8}));
  CHECK(rle({2, 4}, {8}) != rle({4, 2}, {8}));
  CHECK(rle({2, 4}, {8}) != rle({2, 4}, {7, 1}));
}

TEST_CASE("malformed run lengths are refused") {
  const auto refusal = [](Size size, const std::vector<std::int64_t>& counts) {
    return oracle::error_of([&] { return rle(size, counts); });
  };
  CHECK(refusal({3, 4}, {2, -3, 13}) == "run 1 is -3, expected at least 0");
  CHECK(refusal({3, 4}, {-1}) == "run 0 is -1, expected at least 0");
  CHECK(refusal({3, 4}, {2, 3}) == "the runs add up to 5, expected height x width (3 x 4 = 12)");
  CHECK(refusal({3, 4}, {}) == "the runs add up to 0, expected height x width (3 x 4 = 12)");
  CHECK(refusal({3, 4}, {2, 3, 8}) == "the runs up to run 2 add up to more than height x width (3 x 4 = 12)");
  CHECK(refusal({3, 4}, {13}) == "the runs up to run 0 add up to more than height x width (3 x 4 = 12)");
  CHECK(refusal({3, 4}, {INT64_MAX, INT64_MAX, 14}) ==
        "the runs up to run 0 add up to more than height x width (3 x 4 = 12)");
  CHECK(refusal({0, 4}, {1}) == "the runs up to run 0 add up to more than height x width (0 x 4 = 0)");
  CHECK(refusal({-3, 4}, {12}) == "size is -3 x 4, expected height and width of at least 0");
  CHECK(refusal({1'000'000, 1'000'000}, {1'000'000'000'000}) ==
        "size is 1000000 x 1000000, expected at most 4294967295 pixels in one mask");
}

TEST_CASE("unsigned runs that wrap around to the right sum are refused") {
  const std::vector<std::uint64_t> counts{5, UINT64_MAX, 8};
  CHECK(oracle::error_of([&] { return rle({3, 4}, counts); }) ==
        "the runs up to run 1 add up to more than height x width (3 x 4 = 12)");
}
