// Bindings of the room loss: NumPy views of the caller's memory in, one number per instance out. Gradients
// are written into the caller's array.
#include <cmath>
#include <vislabel/loss/drop_loss.hpp>
#include <vislabel/loss/pairwise_affinity.hpp>
#include <vislabel/loss/projection.hpp>
#include <vislabel/loss/quality_target.hpp>

#include "tables.hpp"

namespace vislabel::python {
namespace {

OnNaN on_nan(const py::object& name) {
  return named<OnNaN>(name, "nan", {{"error", OnNaN::error}, {"propagate", OnNaN::propagate}});
}

/// Boxes from float64 [.., 4], rows of NaN being none.
std::vector<BoxSlot> slots_of(const DoubleArray& array) {
  std::vector<BoxSlot> boxes(static_cast<std::size_t>(array.size() / 4));
  for (std::size_t n = 0; n < boxes.size(); ++n) {
    const double* row = array.data() + 4 * n;
    const bool none = std::isnan(row[0]) && std::isnan(row[1]) && std::isnan(row[2]) && std::isnan(row[3]);
    if (!none) boxes[n] = Box{row[0], row[1], row[2], row[3]};
  }
  return boxes;
}

/// Calls `f` with a value of the type of `logits` and an array whose first element is their number of axes.
template <class F>
auto visit_maps(const py::array& logits, F&& f) {
  return visit_float(logits, [&]<class T>(T) {
    return logits.ndim() == 4 ? f(T{}, std::integral_constant<std::size_t, 4>{})
                              : f(T{}, std::integral_constant<std::size_t, 3>{});
  });
}

template <class T, std::size_t D>
Pixels<T, D> output_view(py::array& array) {
  return view_of<T, D>(array, array.mutable_data());
}

PairwiseAffinityOptions affinity_options(const py::object& rule, const std::optional<double>& threshold,
                                         double theta, const py::object& nan) {
  return {rule_of(rule), threshold, theta, on_nan(nan)};
}

void bind_projection(py::module_& module) {
  module.def("projection_loss", [](const py::array& logits, const DoubleArray& boxes, const py::object& nan) {
    const ProjectionOptions options{on_nan(nan)};
    const std::vector<BoxSlot> slots = slots_of(boxes);
    return visit_maps(logits, [&]<class T, std::size_t D>(T, std::integral_constant<std::size_t, D>) {
      const auto view = input_view<T, D>(logits);
      std::vector<double> losses;
      {
        const py::gil_scoped_release release;
        losses = projection_loss(policy(), view, slots, options);
      }
      return array_of(losses);
    });
  });
  module.def("projection_loss_backward", [](const DoubleArray& gradient, const py::array& logits,
                                            const DoubleArray& boxes, const py::object& nan, py::array& out) {
    const ProjectionOptions options{on_nan(nan)};
    const std::vector<BoxSlot> slots = slots_of(boxes);
    visit_maps(logits, [&]<class T, std::size_t D>(T, std::integral_constant<std::size_t, D>) {
      const auto view = input_view<T, D>(logits);
      const auto to = output_view<T, D>(out);
      const py::gil_scoped_release release;
      projection_loss_backward(policy(), span_of(gradient), view, slots, to, options);
    });
  });
}

void bind_pairwise_affinity(py::module_& module) {
  module.def("pairwise_affinity_loss", [](const py::array& logits, const py::array& lab,
                                          const IndexArray& image, const DoubleArray& boxes,
                                          const py::object& rule, const std::optional<double>& threshold,
                                          double theta, const py::object& nan) {
    const auto options = affinity_options(rule, threshold, theta, nan);
    const std::vector<BoxSlot> slots = slots_of(boxes);
    return visit_maps(logits, [&]<class T, std::size_t D>(T, std::integral_constant<std::size_t, D>) {
      const auto view = input_view<T, D>(logits);
      const auto colours = input_view<T, 4>(lab);
      PairwiseAffinity out;
      {
        const py::gil_scoped_release release;
        out = pairwise_affinity_loss(policy(), view, colours, span_of(image), slots, options);
      }
      return std::pair(array_of(out.loss), array_of(out.pairs));
    });
  });
  module.def("pairwise_affinity_loss_backward",
             [](const DoubleArray& gradient, const py::array& logits, const py::array& lab,
                const IndexArray& image, const DoubleArray& boxes, const py::object& rule,
                const std::optional<double>& threshold, double theta, const py::object& nan, py::array& out) {
               const auto options = affinity_options(rule, threshold, theta, nan);
               const std::vector<BoxSlot> slots = slots_of(boxes);
               visit_maps(logits, [&]<class T, std::size_t D>(T, std::integral_constant<std::size_t, D>) {
                 const auto view = input_view<T, D>(logits);
                 const auto colours = input_view<T, 4>(lab);
                 const auto to = output_view<T, D>(out);
                 const py::gil_scoped_release release;
                 pairwise_affinity_loss_backward(policy(), span_of(gradient), view, colours, span_of(image),
                                                 slots, to, options);
               });
             });
}

template <std::size_t D, class Truth>
void bind_drop_loss_of_logits(py::module_& module) {
  module.def("drop_loss_weights_of_logits",
             [](const py::array& logits, const Truth& truth, double threshold, const py::object& nan) {
               const DropLossOptions options{threshold, on_nan(nan)};
               return visit_float(logits, [&]<class T>(T) {
                 const auto view = input_view<T, D>(logits);
                 std::vector<double> weights;
                 {
                   const py::gil_scoped_release release;
                   weights = drop_loss_weights(policy(), view, truth, options);
                 }
                 return array_of(weights);
               });
             });
}

void bind_targets(py::module_& module) {
  module.def("quality_target", [](const py::array& logits, const Tracks& truth, double threshold,
                                  const py::object& empty_pair, const py::object& nan) {
    const QualityTargetOptions options{threshold, empty_pair_of(empty_pair), on_nan(nan)};
    return visit_float(logits, [&]<class T>(T) {
      const auto view = input_view<T, 4>(logits);
      QualityTarget out;
      {
        const py::gil_scoped_release release;
        out = quality_target(policy(), view, truth, options);
      }
      return std::pair(std::move(out.iou), array_of(out.truth));
    });
  });
  module.def("drop_loss_weights", [](const Masks& predicted, const Masks& truth, double threshold) {
    return array_of(drop_loss_weights(policy(), predicted, truth, {threshold}));
  });
  module.def("drop_loss_weights", [](const Tracks& predicted, const Tracks& truth, double threshold) {
    return array_of(drop_loss_weights(policy(), predicted, truth, {threshold}));
  });
  module.def("drop_loss_weights_of_points",
             [](const py::array& logits, const py::array& labels, double threshold, const py::object& nan) {
               const DropLossOptions options{threshold, on_nan(nan)};
               return visit_float(logits, [&]<class T>(T) {
                 const auto view = input_view<T, 2>(logits);
                 const auto points = input_view<T, 2>(labels);
                 std::vector<double> weights;
                 {
                   const py::gil_scoped_release release;
                   weights = drop_loss_weights(policy(), view, points, options);
                 }
                 return array_of(weights);
               });
             });
  bind_drop_loss_of_logits<3, Masks>(module);
  bind_drop_loss_of_logits<4, Tracks>(module);
}

}  // namespace

void bind_loss(py::module_& module) {
  bind_projection(module);
  bind_pairwise_affinity(module);
  bind_targets(module);
}

}  // namespace vislabel::python
