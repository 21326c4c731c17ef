// Bindings of the room path.
#include <algorithm>
#include <optional>
#include <vislabel/path/select_masks.hpp>

#include "tables.hpp"

namespace vislabel::python {
namespace {

using Subsets = std::vector<std::vector<std::int64_t>>;

Reduction reduction_of(const py::object& name) {
  return named<Reduction>(name, "reduction", {{"mean", Reduction::mean}, {"sum", Reduction::sum}});
}

InsideFlow inside_of(const py::object& name) {
  return named<InsideFlow>(
      name, "inside",
      {{"rigid", InsideFlow::rigid}, {"measured", InsideFlow::measured}, {"given", InsideFlow::given}});
}

KBestOptions search_of(std::int64_t k, const py::object& algorithm, std::optional<std::int64_t> max_nodes) {
  return {k,
          named<KBestAlgorithm>(
              algorithm, "algorithm",
              {{"best_first", KBestAlgorithm::best_first}, {"dijkstra", KBestAlgorithm::dijkstra}}),
          max_nodes.value_or(KBestOptions{}.max_nodes)};
}

/// Calls `f` with a float or a double, whichever the arrays hold; all of them hold the same.
template <class F>
auto visit_float(const py::array& array, F&& f) {
  return array.itemsize() == 4 ? f(float{}) : f(double{});
}

template <class T>
FlowField<T> flow_of(const py::array& array) {
  return flow_field(input_view<T, 3>(array));
}

Subsets subsets_of(const std::vector<IndexArray>& arrays) {
  Subsets out;
  for (const IndexArray& array : arrays) out.emplace_back(array.data(), array.data() + array.size());
  return out;
}

py::list arrays_of(const Subsets& subsets) {
  py::list out;
  for (const std::vector<std::int64_t>& subset : subsets) out.append(array_of(subset));
  return out;
}

py::tuple tuple_of(const KBest& best) {
  return py::make_tuple(arrays_of(best.subsets), array_of(best.costs), best.optimal, best.bound, best.nodes);
}

py::tuple background_cost_of(const Masks& masks, const py::array& background,
                             const py::object& reduction_name) {
  const Reduction reduction = reduction_of(reduction_name);
  const BackgroundCost cost = visit_float(background, [&]<class T>(T) {
    const auto map = input_view<T, 2>(background);
    const py::gil_scoped_release release;
    return background_cost(masks, map, reduction);
  });
  return py::make_tuple(cost.base, array_of(cost.per_mask));
}

py::tuple submasks_of(const Masks& masks) {
  Submasks out;
  {
    const py::gil_scoped_release release;
    out = submasks(masks);
  }
  return py::make_tuple(std::move(out.regions), std::move(out.table));
}

py::tuple k_best_of(const Masks& masks, const py::array& background, std::int64_t k,
                    const py::object& algorithm, std::int64_t max_overlap, const py::object& reduction,
                    std::optional<std::int64_t> max_nodes) {
  const MaskChoiceOptions options{search_of(k, algorithm, max_nodes), max_overlap, reduction_of(reduction)};
  return tuple_of(visit_float(background, [&]<class T>(T) {
    const auto map = input_view<T, 2>(background);
    const py::gil_scoped_release release;
    return k_best(masks, map, options);
  }));
}

py::tuple k_best_subsets_of(const DoubleArray& weights, const ByteArray& conflicts, std::int64_t k,
                            const py::object& algorithm, std::optional<std::int64_t> max_nodes) {
  const KBestOptions options = search_of(k, algorithm, max_nodes);
  const Eigen::Map<const BoolTable> table(reinterpret_cast<const bool*>(conflicts.data()), conflicts.shape(0),
                                          conflicts.shape(1));
  KBest best;
  {
    const py::gil_scoped_release release;
    best = k_best(span_of(weights), conflict_graph(table), options);
  }
  return tuple_of(best);
}

py::tuple shortest_paths_of(const std::vector<DoubleArray>& own, const std::vector<DoubleArray>& pairwise,
                            std::int64_t paths) {
  std::vector<std::vector<double>> unary;
  for (const DoubleArray& costs : own) unary.emplace_back(costs.data(), costs.data() + costs.size());
  std::vector<Table> tables;
  for (const DoubleArray& table : pairwise) tables.emplace_back(table_of(table));
  ShortestPaths best;
  {
    const py::gil_scoped_release release;
    best = shortest_paths(unary, tables, paths);
  }
  return py::make_tuple(std::move(best.labels), array_of(best.costs));
}

py::array_t<double> flow_cost_of(const Masks& masks, const py::array& flow,
                                 const std::vector<IndexArray>& list, const py::object& inside,
                                 const py::object& reduction) {
  const Subsets subsets = subsets_of(list);
  const FlowOptions options{inside_of(inside), reduction_of(reduction)};
  return array_of(visit_float(flow, [&]<class T>(T) {
    const auto field = flow_of<T>(flow);
    const py::gil_scoped_release release;
    return flow_cost(policy(), masks, field, subsets, options);
  }));
}

py::array_t<double> given_flow_cost_of(const Masks& foregrounds, const py::array& flow,
                                       const std::vector<py::array>& given,
                                       const py::object& reduction_name) {
  const Reduction reduction = reduction_of(reduction_name);
  return array_of(visit_float(flow, [&]<class T>(T) {
    std::vector<FlowField<T>> fields;
    for (const py::array& one : given) fields.push_back(flow_of<T>(one));
    const auto field = flow_of<T>(flow);
    const py::gil_scoped_release release;
    return given_flow_cost(policy(), foregrounds, field, std::span<const FlowField<T>>(fields), reduction);
  }));
}

Masks foregrounds_of(const Masks& masks, const std::vector<IndexArray>& list) {
  const Subsets subsets = subsets_of(list);
  const py::gil_scoped_release release;
  return foregrounds(policy(), masks, subsets);
}

Table consistency_cost_of(const Masks& a, const Masks& b) {
  const py::gil_scoped_release release;
  return consistency_cost(policy(), a, b);
}

void compose_frame_of(const py::array& frame, const Masks& masks, const py::array& background,
                      py::array out) {
  visit_width(frame, [&]<class T>(T) {
    const auto from = input_view<T, 3>(frame), behind = input_view<T, 3>(background);
    const auto to = view_of<T, 3>(out, out.mutable_data());
    const py::gil_scoped_release release;
    compose_frame(from, masks, behind, to);
  });
}

MaskSelector selector_of(std::pair<std::int64_t, std::int64_t> size, std::int64_t k,
                         const py::object& algorithm, std::optional<std::int64_t> max_nodes,
                         std::int64_t max_overlap, const py::object& reduction, double image_weight,
                         double flow_weight, double consistency_weight, const py::object& inside,
                         std::int64_t paths) {
  return {{size.first, size.second},
          {{search_of(k, algorithm, max_nodes), max_overlap, reduction_of(reduction)},
           image_weight,
           flow_weight,
           consistency_weight,
           inside_of(inside),
           paths}};
}

void add_frames(MaskSelector& selector, const std::vector<Masks>& masks,
                const std::vector<py::array>& backgrounds,
                const std::vector<std::optional<py::array>>& flows) {
  if (masks.empty()) return;
  visit_float(backgrounds.front(), [&]<class T>(T) {
    std::vector<ProposalFrame<T>> frames;
    for (std::size_t t = 0; t < masks.size(); ++t) {
      frames.push_back({masks[t], input_view<T, 2>(backgrounds[t]), std::nullopt});
      if (flows[t]) frames.back().flow = flow_of<T>(*flows[t]);
    }
    const py::gil_scoped_release release;
    selector.add(policy(), std::span<const ProposalFrame<T>>(frames));
  });
}

py::tuple finished(MaskSelector& selector) {
  SelectedMasks out;
  {
    const py::gil_scoped_release release;
    out = selector.finish();
  }
  py::list frames, unary;
  for (const FrameCandidates& frame : out.frames)
    frames.append(py::make_tuple(tuple_of(frame.best), frame.proposals, frame.conflicts));
  for (const std::vector<double>& costs : out.unary) unary.append(array_of(costs));
  return py::make_tuple(std::move(out.paths.labels), array_of(out.paths.costs), frames, unary,
                        std::move(out.pairwise));
}

}  // namespace

void bind_path(py::module_& module) {
  module.def("background_cost", &background_cost_of);
  module.def("submasks", &submasks_of);
  module.def("conflicts", [](const Masks& masks, std::int64_t max_overlap) {
    const py::gil_scoped_release release;
    return conflict_table(conflict_graph(masks, max_overlap));
  });
  module.def("k_best", &k_best_of);
  module.def("k_best_subsets", &k_best_subsets_of);
  module.def("shortest_paths", &shortest_paths_of);
  module.def("flow_cost", &flow_cost_of);
  module.def("given_flow_cost", &given_flow_cost_of);
  module.def("foregrounds", &foregrounds_of);
  module.def("consistency_cost", &consistency_cost_of);
  module.def("compose_frame", &compose_frame_of);
  py::class_<MaskSelector>(module, "MaskSelector")
      .def(py::init(&selector_of))
      .def("add", &add_frames)
      .def("foregrounds",
           [](const MaskSelector& selector, std::int64_t t) { return selector.frame(t).foregrounds; })
      .def("add_flow_cost", [](MaskSelector& selector, std::int64_t t,
                               const DoubleArray& costs) { selector.add_flow_cost(t, table_of(costs)); })
      .def("finish", &finished);
}

}  // namespace vislabel::python
