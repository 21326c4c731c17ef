#include <doctest/doctest.h>

#include <oracle.hpp>
#include <vislabel/mask/masks.hpp>

using namespace vislabel;
using oracle::Dense;

namespace {
Masks some_masks(Size size, std::int64_t count, std::uint64_t seed) {
  oracle::Random random(seed);
  return oracle::packed(size, oracle::random_masks(random, size, count));
}
using Indices = std::vector<std::int64_t>;
}  // namespace

TEST_CASE("select gives the masks asked for, in that order, repetitions included") {
  const Masks masks = some_masks({20, 30}, 5, 61);
  const Masks chosen = masks.select(Indices{4, 0, 4});
  CHECK(chosen.count() == 3);
  CHECK(chosen.size() == Size{20, 30});
  CHECK(chosen[0] == masks[4]);
  CHECK(chosen[1] == masks[0]);
  CHECK(chosen[2] == masks[4]);
  CHECK(chosen[0].blocks() == masks[4].blocks());  // shared, not copied
  CHECK(masks.select(Indices{}).count() == 0);
  CHECK(masks.select(Indices{}).size() == Size{20, 30});
  CHECK(masks.select(Indices{0, 1, 2, 3, 4}) == masks);
}

TEST_CASE("an index outside is refused") {
  const Masks masks = some_masks({20, 30}, 5, 62);
  CHECK(oracle::error_of([&] { return masks.select(Indices{0, 5}); }) == "index 5 is outside [0, 5)");
  CHECK(oracle::error_of([&] { return masks.select(Indices{-1}); }) == "index -1 is outside [0, 5)");
  CHECK(oracle::error_of([&] { return Masks().select(Indices{0}); }) == "index 0 is outside [0, 0)");
}

TEST_CASE("concatenate puts batches one after the other") {
  const Masks a = some_masks({20, 30}, 3, 63), b = some_masks({20, 30}, 0, 64),
              c = some_masks({20, 30}, 2, 65);
  const std::vector<Masks> parts{a, b, c};
  const Masks all = concatenate(parts);
  CHECK(all.count() == 5);
  for (std::int64_t n = 0; n < 5; ++n) CHECK(all[n] == (n < 3 ? a[n] : c[n - 3]));
  CHECK(all.select(Indices{0, 1, 2}) == a);
  CHECK(concatenate(std::vector<Masks>{b}) == b);
}

TEST_CASE("concatenate refuses no batch and batches of different sizes") {
  CHECK(oracle::error_of([] { return concatenate(std::vector<Masks>{}); }) ==
        "concatenate: no batch given, expected at least 1");
  const std::vector<Masks> parts{some_masks({20, 30}, 1, 66), some_masks({30, 20}, 1, 67)};
  CHECK(oracle::error_of([&] { return concatenate(parts); }) ==
        "masks of different sizes: 20 x 30 and 30 x 20 (height x width)");
}

TEST_CASE("batches are equal iff sizes, numbers and pixels are") {
  const Masks a = some_masks({20, 30}, 3, 68);
  CHECK(a == some_masks({20, 30}, 3, 68));
  CHECK(a != some_masks({20, 30}, 3, 69));
  CHECK(a != a.select(Indices{0, 1}));
  CHECK(Masks({2, 3}, {PackedMask{}}) != Masks({3, 2}, {PackedMask{}}));
  CHECK(Masks() == Masks({0, 0}, {}));
}

TEST_CASE("a mask that reaches beyond the size is refused") {
  const PackedMask mask = oracle::packed(oracle::drawn({"..#", "..."}));
  CHECK_NOTHROW(Masks({1, 3}, {mask}));
  CHECK(oracle::error_of([&] { return Masks({2, 2}, {PackedMask{}, mask}); }) ==
        "masks[1] reaches beyond size 2 x 2");
  CHECK(oracle::error_of([&] { return Masks({0, 3}, {mask}); }) == "masks[0] reaches beyond size 0 x 3");
  CHECK(oracle::error_of([&] { return Masks({-1, 3}, {}); }) ==
        "size is -1 x 3, expected height and width of at least 0");
}

TEST_CASE("memory is that of the batch and of its masks") {
  const Masks masks = some_masks({40, 50}, 4, 70);
  std::size_t sum = sizeof(Masks);
  for (const PackedMask& mask : masks) sum += mask.memory();
  CHECK(masks.memory() == sum);
  CHECK(Masks().memory() == sizeof(Masks));
}

TEST_CASE("iteration visits the masks in order") {
  const Masks masks = some_masks({20, 30}, 3, 71);
  std::int64_t n = 0;
  for (const PackedMask& mask : masks) CHECK(mask == masks[n++]);
  CHECK(n == 3);
}
