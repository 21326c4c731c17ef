#include <doctest/doctest.h>

#include <oracle.hpp>
#include <vislabel/track/box_tracks.hpp>

using namespace vislabel;

TEST_CASE("boxes lie in C order, and a slot may have none") {
  const BoxTracks boxes(2, 2, {Box{1, 2, 3, 4}, {}, Box{-5, -6, 0, 0}, Box{0.5, 0.25, 1e99, 2}});
  CHECK(boxes.count() == 2);
  CHECK(boxes.frames() == 2);
  CHECK(boxes(0, 0) == Box{1, 2, 3, 4});
  CHECK_FALSE(boxes(0, 1));
  CHECK(boxes(1, 0) == Box{-5, -6, 0, 0});
  CHECK(BoxTracks() == BoxTracks(0, 0, {}));
}

TEST_CASE("a bad box is named by its instance and frame") {
  const auto refusal = [](Box bad) {
    return oracle::error_of([&] { return BoxTracks(2, 2, {Box{}, {}, {}, bad}); });
  };
  CHECK(refusal({0, 0, -1, 1}) ==
        "boxes[1][1] is (0, 0, -1, 1), expected finite x, y, width, height below "
        "1e100 with width and height of at least 0");
  CHECK(refusal({std::numeric_limits<double>::quiet_NaN(), 0, 1, 1}).find("boxes[1][1] is (nan") == 0);
  CHECK(refusal({1e100, 0, 1, 1}).find("boxes[1][1] is (1e+100") == 0);
}

TEST_CASE("a wrong number of boxes is refused") {
  CHECK(oracle::error_of([] { return BoxTracks(2, 2, {Box{}}); }) ==
        "boxes has 1 entries, expected N * T = 2 * 2");
}

TEST_CASE("the boxes of tracks are those of their masks with pixels") {
  const Tracks tracks = oracle::packed(oracle::drawn(4, {{"##..", "....", "absent", ".#.#"}}));
  CHECK(boxes_of(tracks) == BoxTracks(1, 4, {Box{0, 0, 2, 1}, {}, {}, Box{1, 0, 3, 1}}));
}
