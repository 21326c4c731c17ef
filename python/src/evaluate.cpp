// Bindings of the room evaluate.
#include <functional>
#include <optional>
#include <tuple>
#include <vislabel/evaluate/f1.hpp>
#include <vislabel/evaluate/rank_correlation.hpp>

#include "tables.hpp"

namespace vislabel::python {
namespace {

py::tuple rank_correlation_of(const DoubleArray& quality, const DoubleArray& iou, const ByteArray& where) {
  RankCorrelation result;
  {
    const py::gil_scoped_release release;
    result = rank_correlation(policy(), span_of(quality), span_of(iou), span_of(where));
  }
  return py::make_tuple(result.spearman, result.pearson);
}

/// predicted, predicted_labels, truth, truth_labels, scores: the arrays are kept, should one have been
/// converted.
using VideoArrays = std::tuple<std::reference_wrapper<const Tracks>, IndexArray,
                               std::reference_wrapper<const Tracks>, IndexArray, DoubleArray>;

py::tuple f1_of(const std::vector<VideoArrays>& videos,
                const std::optional<std::vector<std::int64_t>>& classes, double iou_threshold) {
  std::vector<F1Video> given;
  for (const auto& [predicted, predicted_labels, truth, truth_labels, scores] : videos)
    given.push_back({predicted, span_of(predicted_labels), truth, span_of(truth_labels), span_of(scores)});
  const F1Options options{iou_threshold, classes};
  F1Scores result;
  {
    const py::gil_scoped_release release;
    result = f1(policy(), std::span<const F1Video>(given), options);
  }
  return py::make_tuple(array_of(result.classes), array_of(result.tp), array_of(result.fp),
                        array_of(result.fn), array_of(result.f1), array_of(result.precision),
                        array_of(result.recall), result.mean);
}

}  // namespace

void bind_evaluate(py::module_& module) {
  module.def("rank_correlation", &rank_correlation_of);
  module.def("f1", &f1_of);
}

}  // namespace vislabel::python
