// Bindings of the room mask: packed batches, run lengths, boolean operations.
#include <vislabel/mask/boolean.hpp>
#include <vislabel/mask/changes.hpp>
#include <vislabel/mask/convert.hpp>
#include <vislabel/mask/resize.hpp>

#include "bindings.hpp"
#include "rle_objects.hpp"

namespace vislabel::python {
namespace {

Masks from_dense(const py::array& array, const std::optional<double>& threshold) {
  if (threshold)
    return visit_number(array, [&]<class T>(T) {
      const auto view = input_view<T, 3>(array);
      const py::gil_scoped_release release;
      return pack_above(policy(), view, *threshold);
    });
  return visit_width(array, [&]<class T>(T) {
    const auto view = input_view<T, 3>(array);
    const py::gil_scoped_release release;
    return pack(policy(), view);
  });
}

Masks from_resized(const py::array& array, double threshold, std::int64_t height, std::int64_t width) {
  return visit_float(array, [&]<class T>(T) {
    const auto view = input_view<T, 3>(array);
    const py::gil_scoped_release release;
    return pack_resized(policy(), view, {height, width}, threshold);
  });
}

Masks from_rle(const py::sequence& rles, const std::optional<std::pair<std::int64_t, std::int64_t>>& wanted) {
  const std::vector<RleObject> objects = rle_objects(rles);
  detail::require(!objects.empty() || wanted.has_value(), "rles is empty: pass size=(height, width)");
  const Size size = wanted ? Size{wanted->first, wanted->second} : objects.front().size;
  detail::require_size(size);
  require_one_size(objects, size);
  std::vector<PackedMask> masks(objects.size());
  {
    const py::gil_scoped_release release;
    exec::for_each(
        policy(), static_cast<std::int64_t>(masks.size()), 2'500,
        [&] { return std::pair(detail::RunReader(), detail::RunPacker(size)); },
        [&](auto& state, std::int64_t n) {
          const auto i = static_cast<std::size_t>(n);
          masks[i] = state.second.pack(runs_of(objects, i, state.first));
        });
  }
  return {size, std::move(masks)};
}

py::list rle_list(const Masks& masks, const py::object& counts) {
  const Counts kind = counts_of(counts);
  py::list out(static_cast<std::size_t>(masks.count()));
  if (kind == Counts::list) {
    std::vector<Rle> rles;
    {
      const py::gil_scoped_release release;
      rles = to_rle(policy(), masks);
    }
    for (std::size_t i = 0; i < rles.size(); ++i)
      out[i] = rle_dict(masks.size(), run_object(rles[i].counts()));
    return out;
  }
  std::vector<std::string> texts;
  {
    const py::gil_scoped_release release;
    texts = to_text(policy(), masks);
  }
  for (std::size_t i = 0; i < texts.size(); ++i) out[i] = rle_dict(masks.size(), text_object(texts[i], kind));
  return out;
}

void write_dense(const Masks& masks, py::array& out) {
  const auto view = view_of<std::uint8_t, 3>(out, out.mutable_data());
  const py::gil_scoped_release release;
  to_dense(policy(), masks, view);
}

/// (begin, places), as they go to a device.
std::pair<py::array_t<std::int64_t>, py::array_t<std::uint32_t>> changes(const Masks& masks) {
  Changes out;
  {
    const py::gil_scoped_release release;
    out = to_changes(policy(), masks);
  }
  return {array_of(out.begin), array_of(out.places)};
}

Masks from_places(const IndexArray& begin, const py::array_t<std::uint32_t, py::array::c_style>& places,
                  std::int64_t height, std::int64_t width) {
  const py::gil_scoped_release release;
  return from_changes(policy(), span_of(begin), span_of(places), {height, width});
}

py::array_t<std::int64_t> areas(const Masks& masks) {
  py::array_t<std::int64_t> out(masks.count());
  for (std::int64_t n = 0; n < masks.count(); ++n) out.mutable_at(n) = masks[n].area();
  return out;
}

py::array_t<double> boxes(const Masks& masks) {
  py::array_t<double> out({masks.count(), std::int64_t{4}});
  double* row = out.mutable_data();
  for (const PackedMask& mask : masks) {
    const Box box = mask.box();
    *row++ = box.x, *row++ = box.y, *row++ = box.width, *row++ = box.height;
  }
  return out;
}

/// A function of two batches, without the GIL.
template <class F>
auto binary(F f) {
  return [f](const Masks& a, const Masks& b) {
    const py::gil_scoped_release release;
    return f(a, b);
  };
}

}  // namespace

void bind_mask(py::module_& module) {
  py::class_<Masks>(module, "Masks")
      .def_static("from_dense", &from_dense, py::arg("array"), py::arg("threshold") = py::none())
      .def_static("from_resized", &from_resized)
      .def_static("from_rle", &from_rle, py::arg("rles"), py::arg("size") = py::none())
      .def_static("from_changes", &from_places)
      .def("changes", &changes)
      .def_static("concatenate", [](const std::vector<Masks>& parts) { return concatenate(parts); })
      .def("to_rle", &rle_list)
      .def("write_dense", &write_dense)
      .def("area", &areas)
      .def("box", &boxes)
      .def("count", &Masks::count)
      .def("size", [](const Masks& m) { return std::pair(m.size().height, m.size().width); })
      .def("memory", &Masks::memory)
      .def("select", [](const Masks& m, const IndexArray& index) { return m.select(span_of(index)); })
      .def("equal", [](const Masks& a, const Masks& b) { return a == b; })
      .def("unite", binary([](const Masks& a, const Masks& b) { return unite(policy(), a, b); }))
      .def("intersect", binary([](const Masks& a, const Masks& b) { return intersect(policy(), a, b); }))
      .def("subtract", binary([](const Masks& a, const Masks& b) { return subtract(policy(), a, b); }))
      .def("exclusive_or",
           binary([](const Masks& a, const Masks& b) { return exclusive_or(policy(), a, b); }))
      .def(
          "complement", [](const Masks& m) { return complement(policy(), m); },
          py::call_guard<py::gil_scoped_release>())
      .def(
          "unite_all", [](const Masks& m) { return Masks(m.size(), {unite_all(m)}); },
          py::call_guard<py::gil_scoped_release>())
      .def(
          "intersect_all", [](const Masks& m) { return Masks(m.size(), {intersect_all(m)}); },
          py::call_guard<py::gil_scoped_release>())
      .def("crop_to", [](const Masks& m, const DoubleArray& boxes) {
        const std::vector<Box> list = boxes_of(boxes);
        const py::gil_scoped_release release;
        return crop_to(policy(), m, list);
      });
}

}  // namespace vislabel::python
