// Bindings of the room select.
#include <optional>
#include <vislabel/select/pseudo_labels.hpp>

#include "bindings.hpp"

namespace vislabel::python {
namespace {

Suppress suppress_of(const py::object& name) {
  return named<Suppress>(name, "suppress",
                         {{"at_least", Suppress::at_least}, {"more_than", Suppress::more_than}});
}

py::tuple nms(const Tracks& tracks, const DoubleArray& scores, const NmsOptions& options) {
  NmsResult result;
  {
    const py::gil_scoped_release release;
    result = spatiotemporal_nms(policy(), tracks, span_of(scores), options);
  }
  return py::make_tuple(array_of(result.kept), array_of(result.suppressed_by));
}

py::tuple retain_tracks(const Tracks& tracks, const DoubleArray& quality, double threshold,
                        const py::object& rule_name) {
  const RetentionOptions options{threshold, rule_of(rule_name)};
  Retention result;
  {
    const auto table = table_of(quality);
    const py::gil_scoped_release release;
    result = retain(tracks, table, options);
  }
  return py::make_tuple(std::move(result.tracks), array_of(result.kept), std::move(result.selected),
                        array_of(result.frames));
}

py::tuple merge(const Tracks& old, const Tracks& fresh, double iou_threshold, const py::object& rule_name) {
  const MergeOptions options{iou_threshold, rule_of(rule_name)};
  MergedRounds result;
  {
    const py::gil_scoped_release release;
    result = merge_rounds(policy(), old, fresh, options);
  }
  return py::make_tuple(std::move(result.tracks), array_of(result.match));
}

py::tuple whole(const Tracks& tracks, const DoubleArray& scores, const DoubleArray& predicted_iou,
                const NmsOptions& nms_options, double threshold, const py::object& rule_name,
                const std::optional<Tracks>& previous, double merge_iou_threshold) {
  const PseudoLabelOptions options{
      nms_options, {threshold, rule_of(rule_name)}, previous ? &*previous : nullptr, merge_iou_threshold};
  PseudoLabels result;
  {
    const auto predicted = table_of(predicted_iou);
    const py::gil_scoped_release release;
    result = pseudo_labels(policy(), tracks, span_of(scores), predicted, options);
  }
  return py::make_tuple(std::move(result.tracks), array_of(result.kept), array_of(result.frames),
                        array_of(result.survivors), array_of(result.suppressed_by), std::move(result.quality),
                        std::move(result.selected), array_of(result.match));
}

}  // namespace

void bind_select(py::module_& module) {
  // The options borrow the labels' memory: `keep_alive` holds the array as long as the options.
  py::class_<NmsOptions>(module, "NmsOptions")
      .def(py::init([](double iou_threshold, double score_threshold, const py::object& over_time,
                       const py::object& suppress, const IndexArray& labels) {
             return NmsOptions{iou_threshold, score_threshold, over_time_of(over_time), suppress_of(suppress),
                               span_of(labels)};
           }),
           py::keep_alive<1, 6>());
  module.def("spatiotemporal_nms", &nms);
  module.def("quality", [](const DoubleArray& scores, const DoubleArray& predicted_iou) {
    return quality(span_of(scores), table_of(predicted_iou));
  });
  module.def("retain", &retain_tracks);
  module.def("merge_rounds", &merge);
  module.def("pseudo_labels", &whole);
}

}  // namespace vislabel::python
