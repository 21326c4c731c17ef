#include <doctest/doctest.h>

#include <limits>
#include <oracle.hpp>
#include <vislabel/mask/boolean.hpp>

using namespace vislabel;
using oracle::Content;
using oracle::Dense;
using Bits = boost::dynamic_bitset<>;

namespace {

/// Pairs of masks of every content with every other.
std::pair<std::vector<Dense>, std::vector<Dense>> all_pairs(oracle::Random& random, Size size) {
  const std::vector<Dense> some = oracle::assorted(random, size), other = oracle::assorted(random, size);
  std::pair<std::vector<Dense>, std::vector<Dense>> pairs;
  for (const Dense& a : some)
    for (const Dense& b : other) pairs.first.push_back(a), pairs.second.push_back(b);
  return pairs;
}

std::vector<Size> sizes() {
  std::vector<Size> small;
  for (const Size size : oracle::awkward_sizes())
    if (size.pixels() < 40'000) small.push_back(size);
  small.push_back({33, 2100});
  return small;
}

template <class Bitwise>
Dense through_bits(const Dense& a, const Dense& b, Bitwise op) {
  return oracle::dense(a.size, op(oracle::bits(a), oracle::bits(b)));
}

}  // namespace

TEST_CASE("union, intersection, difference and exclusive or equal those of bit sets, under every policy") {
  oracle::Random random(81);
  for (const Size size : sizes()) {
    const auto [a, b] = all_pairs(random, size);
    std::vector<Dense> either, both, minus, one;
    for (std::size_t n = 0; n < a.size(); ++n) {
      either.push_back(through_bits(a[n], b[n], [](const Bits& p, const Bits& q) { return p | q; }));
      both.push_back(through_bits(a[n], b[n], [](const Bits& p, const Bits& q) { return p & q; }));
      minus.push_back(through_bits(a[n], b[n], [](const Bits& p, const Bits& q) { return p - q; }));
      one.push_back(through_bits(a[n], b[n], [](const Bits& p, const Bits& q) { return p ^ q; }));
    }
    const Masks x = oracle::packed(size, a), y = oracle::packed(size, b);
    const Masks united = oracle::packed(size, either), shared = oracle::packed(size, both);
    const Masks without = oracle::packed(size, minus), exclusive = oracle::packed(size, one);
    oracle::under_every_policy([&](auto policy) {
      REQUIRE(unite(policy, x, y) == united);
      REQUIRE(intersect(policy, x, y) == shared);
      REQUIRE(subtract(policy, x, y) == without);
      REQUIRE(exclusive_or(policy, x, y) == exclusive);
    });
  }
}

TEST_CASE("the complement has the frame's other pixels, and the complement of that is the mask") {
  oracle::Random random(82);
  for (const Size size : sizes()) {
    const std::vector<Dense> dense = oracle::assorted(random, size);
    std::vector<Dense> others;
    for (const Dense& mask : dense) others.push_back(oracle::dense(size, ~oracle::bits(mask)));
    const Masks masks = oracle::packed(size, dense);
    oracle::under_every_policy([&](auto policy) {
      REQUIRE(complement(policy, masks) == oracle::packed(size, others));
      REQUIRE(complement(policy, complement(policy, masks)) == masks);
    });
  }
}

TEST_CASE("the algebra of sets holds") {
  oracle::Random random(83);
  const exec::Seq seq;
  for (const Size size : {Size{33, 17}, Size{64, 1040}}) {
    const auto [dense_a, dense_b] = all_pairs(random, size);
    const Masks a = oracle::packed(size, dense_a), b = oracle::packed(size, dense_b);
    CHECK(unite(seq, a, b) == unite(seq, b, a));
    CHECK(intersect(seq, a, b) == intersect(seq, b, a));
    CHECK(unite(seq, a, a) == a);
    CHECK(intersect(seq, a, a) == a);
    CHECK(exclusive_or(seq, a, b) == subtract(seq, unite(seq, a, b), intersect(seq, a, b)));
    CHECK(subtract(seq, a, b) == intersect(seq, a, complement(seq, b)));
    CHECK(complement(seq, unite(seq, a, b)) == intersect(seq, complement(seq, a), complement(seq, b)));
  }
}

TEST_CASE("batches of different sizes or numbers are refused") {
  const exec::Seq seq;
  const Masks a({2, 3}, {PackedMask{}, PackedMask{}}), b({2, 3}, {PackedMask{}}), c({3, 2}, {PackedMask{}});
  const std::string counts = "batches of 2 and 1 masks, expected the same number";
  const std::string sizes_differ = "masks of different sizes: 2 x 3 and 3 x 2 (height x width)";
  CHECK(oracle::error_of([&] { return unite(seq, a, b); }) == counts);
  CHECK(oracle::error_of([&] { return intersect(seq, a, b); }) == counts);
  CHECK(oracle::error_of([&] { return subtract(seq, a, b); }) == counts);
  CHECK(oracle::error_of([&] { return exclusive_or(seq, a, b); }) == counts);
  CHECK(oracle::error_of([&] { return unite(seq, b, c); }) == sizes_differ);
  CHECK(oracle::error_of([&] { return intersect(seq, b, c); }) == sizes_differ);
  CHECK(oracle::error_of([&] { return subtract(seq, b, c); }) == sizes_differ);
  CHECK(oracle::error_of([&] { return exclusive_or(seq, b, c); }) == sizes_differ);
}

TEST_CASE("no masks give no masks") {
  const exec::Seq seq;
  const Masks none({2, 3}, {});
  CHECK(unite(seq, none, none) == none);
  CHECK(complement(seq, none) == none);
  CHECK(unite_all(none) == PackedMask{});
}

TEST_CASE("the union and the intersection of a whole batch equal the bit sets'") {
  oracle::Random random(84);
  for (const Size size : sizes())
    for (int round = 0; round < 5; ++round) {
      std::vector<Dense> dense = oracle::random_masks(random, size, random.between(1, 5));
      if (round > 2)
        dense.assign(3, oracle::random_mask(random, size, Content::hole)),
            dense.push_back(oracle::random_mask(random, size, Content::dense));
      Bits any = oracle::bits(dense[0]), every = any;
      for (const Dense& mask : dense) any |= oracle::bits(mask), every &= oracle::bits(mask);
      const Masks masks = oracle::packed(size, dense);
      REQUIRE(unite_all(masks) == oracle::packed(oracle::dense(size, any)));
      REQUIRE(intersect_all(masks) == oracle::packed(oracle::dense(size, every)));
    }
}

TEST_CASE("the intersection of no masks is refused") {
  CHECK(oracle::error_of([] { return intersect_all(Masks({2, 3}, {})); }) ==
        "intersection of no masks is undefined, expected at least 1");
}
