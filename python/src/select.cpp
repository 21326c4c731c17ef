// Bindings of the room select.
#include <optional>
#include <vislabel/select/prompts.hpp>
#include <vislabel/select/prototype_memory.hpp>
#include <vislabel/select/pseudo_labels.hpp>
#include <vislabel/select/score_filter.hpp>

#include "tables.hpp"

namespace vislabel::python {
namespace {

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

/// Calls `f` with a view of features [N, D] of float32 or float64 in C order.
template <class F>
auto with_features(const py::array& array, F&& f) {
  const auto view = [&]<class T>(T) {
    using Rows = Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    return f(Eigen::Map<const Rows>(static_cast<const T*>(array.data()), array.shape(0), array.shape(1)));
  };
  return array.itemsize() == sizeof(float) ? view(float{}) : view(double{});
}

py::tuple match(const py::array& features, const DoubleArray& prompts, const IndexArray& classes) {
  const PromptMatch result = with_features(features, [&](const auto& rows) {
    const auto texts = table_of(prompts);
    const py::gil_scoped_release release;
    return match_prompts(policy(), rows, texts, span_of(classes));
  });
  return py::make_tuple(array_of(result.label), array_of(result.prompt), array_of(result.similarity));
}

py::tuple fit(const py::array& features, const IndexArray& labels, std::int64_t k, std::uint64_t seed,
              std::int64_t max_iterations) {
  PrototypeMemory result = with_features(features, [&](const auto& rows) {
    const py::gil_scoped_release release;
    return fit_prototypes(policy(), rows, span_of(labels), k, {seed, max_iterations});
  });
  return py::make_tuple(std::move(result.centroids), array_of(result.classes));
}

py::array_t<double> similarity(const DoubleArray& centroids, const IndexArray& classes,
                               const py::array& features, const IndexArray& labels) {
  const std::span<const std::int64_t> ids = span_of(classes);
  const PrototypeMemory memory{table_of(centroids), {ids.begin(), ids.end()}};
  return array_of(with_features(features, [&](const auto& rows) {
    const py::gil_scoped_release release;
    return prototype_similarity(policy(), memory, rows, span_of(labels));
  }));
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
  module.def("score_filter", [](const DoubleArray& scores, double threshold) {
    return score_filter(table_of(scores), threshold);
  });
  module.def("match_prompts", &match);
  module.def("fit_prototypes", &fit);
  module.def("prototype_similarity", &similarity);
}

}  // namespace vislabel::python
