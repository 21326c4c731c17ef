#include <doctest/doctest.h>

#include <vislabel/iou/box_overlap.hpp>

using namespace vislabel;

TEST_CASE("IoU and GIoU worked by hand") {
  const Box a{0, 0, 2, 2}, b{1, 1, 2, 2}, far{4, 0, 2, 2};
  CHECK(box_overlap(a, b) == 1.0 / 7.0);                                // 1 of 4 + 4 - 1
  CHECK(box_overlap(a, b, BoxOverlap::giou) == 1.0 / 7.0 - 2.0 / 9.0);  // hull 3 x 3
  CHECK(box_overlap(a, far) == 0);
  CHECK(box_overlap(a, far, BoxOverlap::giou) == -4.0 / 12.0);  // hull 6 x 2, union 8
  CHECK(box_overlap(a, a) == 1);
  CHECK(box_overlap(a, a, BoxOverlap::giou) == 1);
  CHECK(box_overlap({0, 0, 4, 4}, {1, 1, 2, 2}) == 0.25);
  CHECK(box_overlap({0.5, 0, 1, 1}, {1, 0, 1, 1}) == 1.0 / 3.0);
}

TEST_CASE("boxes that touch at an edge share nothing") {
  CHECK(box_overlap({0, 0, 2, 2}, {2, 0, 2, 2}) == 0);
  CHECK(box_overlap({0, 0, 2, 2}, {2, 0, 2, 2}, BoxOverlap::giou) == 0);
}

TEST_CASE("without area on both sides the IoU is 0, and without a hull the GIoU is 0") {
  CHECK(box_overlap({1, 1, 0, 0}, {1, 1, 0, 0}) == 0);
  CHECK(box_overlap({1, 1, 0, 0}, {1, 1, 0, 0}, BoxOverlap::giou) == 0);
  CHECK(box_overlap({0, 0, 0, 5}, {0, 0, 0, 5}, BoxOverlap::giou) == 0);
  CHECK(box_overlap({0, 0, 0, 0}, {3, 3, 0, 0}) == 0);
  CHECK(box_overlap({0, 0, 0, 0}, {3, 3, 0, 0}, BoxOverlap::giou) == -1);
}

TEST_CASE("the area that two boxes share is 0 for boxes apart, also in both directions at once") {
  CHECK(common_area({0, 0, 2, 2}, {1, 1, 2, 2}) == 1);
  CHECK(common_area({0, 0, 2, 2}, {5, 0, 2, 2}) == 0);
  CHECK(common_area({0, 0, 2, 2}, {5, 7, 2, 2}) == 0);
}
