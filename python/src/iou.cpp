// Bindings of the room iou.
#include <vislabel/iou/best_match.hpp>
#include <vislabel/iou/box_iou.hpp>
#include <vislabel/iou/mask_iou.hpp>
#include <vislabel/iou/track_iou.hpp>

#include "tables.hpp"

namespace vislabel::python {
namespace {

std::pair<CountTable, CountTable> pair_of(IntersectionAndUnion&& counts) {
  return {std::move(counts.intersection), std::move(counts.union_)};
}

}  // namespace

void bind_iou(py::module_& module) {
  const auto no_gil = py::call_guard<py::gil_scoped_release>();
  module.def("mask_iou",
             [](const Masks& a, const Masks& b, const ByteArray& crowd, const py::object& empty_pair) {
               const MaskIouOptions options{empty_pair_of(empty_pair), span_of(crowd)};
               const py::gil_scoped_release release;
               return mask_iou(policy(), a, b, options);
             });
  module.def("track_iou",
             [](const Tracks& a, const Tracks& b, const py::object& over_time, const py::object& empty_pair) {
               const TrackIouOptions options{over_time_of(over_time), empty_pair_of(empty_pair)};
               const py::gil_scoped_release release;
               return track_iou(policy(), a, b, options);
             });
  module.def("frame_iou", [](const Tracks& a, const Tracks& b, const py::object& empty_pair) {
    const EmptyPair convention = empty_pair_of(empty_pair);
    const py::gil_scoped_release release;
    return frame_iou(policy(), a, b, convention);
  });
  module.def("best_match",
             [](const Tracks& a, const Tracks& b, const py::object& empty_pair, const py::object& rule) {
               const BestMatchOptions options{empty_pair_of(empty_pair), rule_of(rule)};
               BestMatch out;
               {
                 const py::gil_scoped_release release;
                 out = best_match(policy(), a, b, options);
               }
               return std::pair(array_of(out.match), std::move(out.iou));
             });
  module.def(
      "mask_counts",
      [](const Masks& a, const Masks& b) { return pair_of(intersection_and_union(policy(), a, b)); }, no_gil);
  module.def(
      "track_counts",
      [](const Tracks& a, const Tracks& b) { return pair_of(intersection_and_union(policy(), a, b)); },
      no_gil);
  module.def("box_iou",
             [](const DoubleArray& a, const DoubleArray& b, const py::object& kind, const ByteArray& crowd) {
               const BoxIouOptions options{
                   named<BoxOverlap>(kind, "kind", {{"iou", BoxOverlap::iou}, {"giou", BoxOverlap::giou}}),
                   span_of(crowd)};
               const std::vector<Box> left = boxes_of(a), right = boxes_of(b);
               const py::gil_scoped_release release;
               return box_iou(policy(), left, right, options);
             });
}

}  // namespace vislabel::python
