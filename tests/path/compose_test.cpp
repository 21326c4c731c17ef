#include <doctest/doctest.h>

#include <vislabel/path/compose.hpp>

#include "scenes.hpp"

using namespace vislabel;
using oracle::Dense;

namespace {

template <class T>
using Image = oracle::Array<T, 3>;

template <class T>
Image<T> random_image(oracle::Random& random, Size size, std::int64_t channels) {
  Image<T> image({size.height, size.width, channels});
  image.each([&](const auto& at) { image[at] = static_cast<T>(random.below(256)); });
  return image;
}

/// Every combination of memory layouts of the two images, and one of the result.
template <class T>
void require_composed(oracle::Random& random, Size size, std::int64_t channels) {
  const Image<T> frame = random_image<T>(random, size, channels),
                 background = random_image<T>(random, size, channels);
  const std::vector<Dense> masks = oracle::random_proposals(random, size, random.below(4));
  const Dense chosen = oracle::foreground(size, masks, oracle::all_subsets(masks.size()).back());
  Image<T> expected(background);
  expected.each([&](const auto& at) {
    if (chosen(at[0], at[1]) != 0) expected[at] = frame[at];
  });
  for (const oracle::Layout from : oracle::layouts())
    for (const oracle::Layout below : oracle::layouts()) {
      Image<T> out({size.height, size.width, channels}, random.any_of(oracle::layouts()));
      compose_frame(Image<T>(frame, from).view(), oracle::packed(size, masks),
                    Image<T>(background, below).view(), out.out());
      REQUIRE(out == expected);
    }
}

}  // namespace

TEST_CASE("the chosen masks' pixels come from the frame, the others from the background") {
  Image<std::uint8_t> frame({1, 4, 2}), background({1, 4, 2}), out({1, 4, 2});
  for (std::int64_t x = 0; x < 4; ++x)
    for (std::int64_t c = 0; c < 2; ++c) {
      frame(0, x, c) = static_cast<std::uint8_t>(10 * x + c);
      background(0, x, c) = static_cast<std::uint8_t>(200 + 10 * x + c);
    }
  compose_frame(frame.view(), oracle::packed({1, 4}, {oracle::drawn({"#..."}), oracle::drawn({"#.#."})}),
                background.view(), out.out());
  for (std::int64_t x = 0; x < 4; ++x)
    for (std::int64_t c = 0; c < 2; ++c) CHECK(out(0, x, c) == (x % 2 == 0 ? frame : background)(0, x, c));
}

TEST_CASE("without masks there is only the background; a full mask leaves none of it") {
  oracle::Random random(441);
  const auto frame = random_image<float>(random, {33, 17}, 3),
             background = random_image<float>(random, {33, 17}, 3);
  Image<float> out({33, 17, 3});
  compose_frame(frame.view(), Masks({33, 17}, {}), background.view(), out.out());
  CHECK(out == background);
  Dense full({33, 17});
  oracle::fill(full, 0, 0, 33, 17);
  compose_frame(frame.view(), oracle::packed({33, 17}, {full}), background.view(), out.out());
  CHECK(out == frame);
}

TEST_CASE("composed frames are those put together pixel by pixel, in every memory layout") {
  oracle::Random random(442);
  for (const Size size : oracle::awkward_sizes()) {
    if (size.pixels() > 6'000) continue;
    require_composed<std::uint8_t>(random, size, random.between(1, 4));
    require_composed<float>(random, size, 3);
  }
  require_composed<double>(random, {31, 33}, 1);
  require_composed<std::uint8_t>(random, {4, 4}, 0);
}

TEST_CASE("no other byte of the result's memory is written") {
  oracle::Random random(443);
  const Size size{35, 20};
  const auto frame = random_image<std::uint8_t>(random, size, 3);
  std::vector<std::uint8_t> memory(35 * 64 + 1, 7);
  Pixels<std::uint8_t, 3> out = pixels(memory.data() + 1, std::array<std::int64_t, 3>{35, 20, 3});
  out.strides[0] = 64;  // rows end with 4 bytes that are not the image's
  compose_frame(frame.view(), oracle::packed(size, oracle::random_proposals(random, size, 3)), frame.view(),
                out);
  for (std::size_t i = 0; i < memory.size(); ++i) {
    const std::size_t y = (i - 1) / 64, byte = (i - 1) % 64;
    REQUIRE(memory[i] == (i == 0 || byte >= 60 ? 7 : frame(y, byte / 3, byte % 3)));
  }
}

TEST_CASE("bad input is refused") {
  Image<float> image({2, 3, 3}), transposed({3, 2, 3}), grey({2, 3, 1});
  const Masks masks({2, 3}, {});
  const auto message = [&](const Image<float>& frame, const Masks& of, const Image<float>& background,
                           Image<float>& out) {
    return oracle::error_of([&] { compose_frame(frame.view(), of, background.view(), out.out()); });
  };
  CHECK(message(image, masks, image, image) == "(no error)");
  CHECK(message(image, masks, grey, image) ==
        "background has shape [2, 3, 1], expected [2, 3, 3], that of the frame");
  CHECK(message(image, masks, image, transposed) ==
        "out has shape [3, 2, 3], expected [2, 3, 3], that of the frame");
  CHECK(message(image, Masks({3, 2}, {}), image, image) ==
        "frame has size 2 x 3, expected 3 x 2, that of the masks");
}
