#include <doctest/doctest.h>

#include <limits>
#include <oracle.hpp>
#include <vislabel/mask/convert.hpp>
#include <vislabel/mask/measure.hpp>

using namespace vislabel;
using oracle::Dense;

namespace {

std::vector<Rle> encoded(const std::vector<Dense>& masks) {
  std::vector<Rle> rles;
  for (const Dense& mask : masks)
    rles.push_back(Rle::from_counts<std::uint32_t>(mask.size, oracle::runs(mask)));
  return rles;
}

std::vector<std::uint8_t> bytes_of(const std::vector<Dense>& masks) {
  std::vector<std::uint8_t> bytes;
  for (const Dense& mask : masks) bytes.insert(bytes.end(), mask.bytes.begin(), mask.bytes.end());
  return bytes;
}

std::array<std::int64_t, 3> shape_of(std::int64_t count, Size size) {
  return {count, size.height, size.width};
}

}  // namespace

TEST_CASE("a mask drawn by hand has the runs read down its columns") {
  const Masks masks = oracle::packed({2, 3}, {oracle::drawn({"##.",  //
                                                             ".#."})});
  const Rle rle = to_rle(masks[0], masks.size());
  CHECK(std::vector<std::uint32_t>(rle.counts().begin(), rle.counts().end()) ==
        std::vector<std::uint32_t>{0, 1, 1, 2, 2});
}

TEST_CASE(
    "batches go between dense, packed and run-length form under every policy, for every size and content") {
  oracle::Random random(101);
  for (const Size size : oracle::awkward_sizes()) {
    const std::int64_t count = size.pixels() > 10'000 ? 13 : 90;  // enough work that threads are used
    const std::vector<Dense> dense =
        count == 13 ? oracle::assorted(random, size) : oracle::random_masks(random, size, count);
    const std::vector<std::uint8_t> bytes = bytes_of(dense);
    const std::vector<Rle> rles = encoded(dense);
    const Masks expected = oracle::packed(size, dense);
    oracle::under_every_policy([&](auto policy) {
      REQUIRE(pack(policy, pixels(bytes.data(), shape_of(count, size))) == expected);
      REQUIRE(pack(policy, size, std::span<const Rle>(rles)) == expected);
      REQUIRE(to_rle(policy, expected) == rles);
      std::vector<std::uint8_t> out(bytes.size(), 7);
      to_dense(policy, expected, pixels(out.data(), shape_of(count, size)));
      REQUIRE(out == bytes);
      std::vector<float> logits(bytes.size());
      for (std::size_t i = 0; i < bytes.size(); ++i) logits[i] = bytes[i] != 0 ? 0.25F : -4.0F;
      const float* const values = logits.data();
      REQUIRE(pack_above(policy, pixels(values, shape_of(count, size)), 0.0) == expected);
    });
  }
}

TEST_CASE("the text of a batch is that of its masks one by one, under every policy") {
  oracle::Random random(103);
  for (const Size size : {Size{33, 17}, Size{65, 63}, Size{2, 1040}, Size{0, 4}}) {
    const std::vector<Dense> dense = oracle::random_masks(random, size, 90);
    std::vector<std::string> expected;
    for (const Rle& rle : encoded(dense)) expected.push_back(to_text(rle));
    const Masks masks = oracle::packed(size, dense);
    oracle::under_every_policy([&](auto policy) { REQUIRE(to_text(policy, masks) == expected); });
  }
}

TEST_CASE("area and box survive every conversion") {
  oracle::Random random(102);
  const std::vector<Dense> dense = oracle::assorted(random, {65, 63});
  const Masks masks = oracle::packed({65, 63}, dense);
  const std::vector<Rle> rles = to_rle(exec::Seq{}, masks);
  for (std::size_t n = 0; n < rles.size(); ++n) {
    CHECK(area(rles[n]) == masks[static_cast<std::int64_t>(n)].area());
    CHECK(box(rles[n]) == masks[static_cast<std::int64_t>(n)].box());
  }
}

TEST_CASE("no masks are packed into none, of the size given") {
  const Masks none = pack(exec::Seq{}, Size{4, 5}, std::span<const Rle>{});
  CHECK(none.count() == 0);
  CHECK(none.size() == Size{4, 5});
  CHECK(to_rle(exec::Omp{2}, none).empty());
  const std::uint8_t* nothing = nullptr;
  CHECK(pack(exec::Seq{}, pixels(nothing, std::array<std::int64_t, 3>{0, 4, 5})) == none);
}

TEST_CASE("arrays of frames without pixels need no address, whatever their strides") {  // found by fuzzing
  const Pixels<const float, 3> in{nullptr, {2, 3, 0}, {24, 8, 4}};
  const Masks masks = pack(exec::Seq{}, in);
  CHECK(masks == Masks({3, 0}, {PackedMask{}, PackedMask{}}));
  CHECK(pack_above(exec::Seq{}, in, 0.5) == masks);
  to_dense(exec::Seq{}, masks, Pixels<float, 3>{nullptr, {2, 3, 0}, {24, 8, 4}});
}

TEST_CASE("a threshold that is NaN is refused") {
  const float value = 0;
  const auto view = pixels(&value, std::array<std::int64_t, 3>{1, 1, 1});
  CHECK(oracle::error_of([&] {
          return pack_above(exec::Seq{}, view, std::numeric_limits<double>::quiet_NaN());
        }) == "threshold is NaN, expected a number");
}

TEST_CASE("an Rle of another size is refused by its index") {
  const std::vector<Rle> rles{Rle::from_counts<std::uint32_t>({4, 5}, std::vector<std::uint32_t>{20}),
                              Rle::from_counts<std::uint32_t>({5, 4}, std::vector<std::uint32_t>{20})};
  CHECK(oracle::error_of([&] { return pack(exec::Seq{}, Size{4, 5}, std::span(rles)); }) ==
        "rles[1] has size 5 x 4, expected 4 x 5");
  CHECK(oracle::error_of([&] { return pack(exec::Seq{}, Size{-4, 5}, std::span<const Rle>{}); }) ==
        "size is -4 x 5, expected height and width of at least 0");
}

TEST_CASE("an output of another shape is refused, and not written to") {
  const Masks masks({2, 3}, {PackedMask{}, PackedMask{}});
  std::vector<std::uint8_t> out(64, 7);
  for (const auto& shape : {std::array<std::int64_t, 3>{1, 2, 3}, {2, 3, 2}, {3, 2, 3}}) {
    CHECK(oracle::error_of([&] { to_dense(exec::Seq{}, masks, pixels(out.data(), shape)); }) ==
          "out has shape [" + std::to_string(shape[0]) + ", " + std::to_string(shape[1]) + ", " +
              std::to_string(shape[2]) + "], expected [2, 2, 3]");
  }
  CHECK(out == std::vector<std::uint8_t>(64, 7));
}
