// Bindings for masks that stay run-length encoded: area, box, union and intersection of RLE dicts.
#include <vislabel/mask/convert.hpp>
#include <vislabel/mask/measure.hpp>
#include <vislabel/mask/polygon.hpp>
#include <vislabel/mask/rle_boolean.hpp>

#include "bindings.hpp"
#include "rle_objects.hpp"

namespace vislabel::python {
namespace {

py::array_t<std::int64_t> areas(const py::sequence& rles) {
  const std::vector<RleObject> objects = rle_objects(rles);
  py::array_t<std::int64_t> out(static_cast<py::ssize_t>(objects.size()));
  std::int64_t* areas = out.mutable_data();
  const py::gil_scoped_release release;
  exec::for_each(policy(), static_cast<std::int64_t>(objects.size()), 2'000,
                 [&](std::int64_t n) { areas[n] = area(decoded(objects, static_cast<std::size_t>(n))); });
  return out;
}

py::array_t<double> boxes(const py::sequence& rles) {
  const std::vector<RleObject> objects = rle_objects(rles);
  py::array_t<double> out({static_cast<py::ssize_t>(objects.size()), py::ssize_t{4}});
  double* rows = out.mutable_data();
  const py::gil_scoped_release release;
  exec::for_each(policy(), static_cast<std::int64_t>(objects.size()), 3'000, [&](std::int64_t n) {
    const Box bounds = box(decoded(objects, static_cast<std::size_t>(n)));
    double* row = rows + 4 * n;
    row[0] = bounds.x, row[1] = bounds.y, row[2] = bounds.width, row[3] = bounds.height;
  });
  return out;
}

py::dict merged(const py::sequence& rles, bool intersection) {
  const std::vector<RleObject> objects = rle_objects(rles);
  detail::require(!objects.empty(), "rles is empty, expected at least 1 mask");
  require_one_size(objects, objects.front().size);
  std::string text;
  {
    const py::gil_scoped_release release;
    std::vector<Rle> decoded_rles;
    decoded_rles.reserve(objects.size());
    for (std::size_t i = 0; i < objects.size(); ++i) decoded_rles.push_back(decoded(objects, i));
    text = to_text(intersection ? intersect(decoded_rles) : unite(decoded_rles));
  }
  return rle_dict(objects.front().size, text_object(text, Counts::bytes));
}

/// One mask per polygon, each float64 [2 * corners].
std::vector<Rle> outlined(Size size, const std::vector<DoubleArray>& polygons) {
  std::vector<Rle> rles;
  rles.reserve(polygons.size());
  for (std::size_t i = 0; i < polygons.size(); ++i)
    rles.push_back(with_place([i] { return "polygons[" + std::to_string(i) + "]"; },
                              [&] { return from_polygon(size, span_of(polygons[i])); }));
  return rles;
}

py::list from_polygons(const std::vector<DoubleArray>& polygons, std::int64_t height, std::int64_t width) {
  const Size size{height, width};
  const std::vector<Rle> rles = outlined(size, polygons);
  py::list out(rles.size());
  for (std::size_t i = 0; i < rles.size(); ++i)
    out[i] = rle_dict(size, text_object(to_text(rles[i]), Counts::bytes));
  return out;
}

/// N lists of polygons: mask n is the union of list n.
Masks masks_of_polygons(const std::vector<std::vector<DoubleArray>>& masks, std::int64_t height,
                        std::int64_t width) {
  const Size size{height, width};
  detail::require_size(size);
  detail::RunPacker packer(size);
  std::vector<PackedMask> packed;
  packed.reserve(masks.size());
  for (std::size_t n = 0; n < masks.size(); ++n) {
    const std::vector<Rle> rles = with_place([n] { return "polys[" + std::to_string(n) + "]"; },
                                             [&] { return outlined(size, masks[n]); });
    packed.push_back(rles.empty() ? PackedMask{} : packer.pack(unite(rles)));
  }
  return {size, std::move(packed)};
}

/// RLE dicts, whatever their counts, with compressed text.
py::list compressed(const py::sequence& rles) {
  const std::vector<RleObject> objects = rle_objects(rles);
  std::vector<std::string> texts(objects.size());
  {
    const py::gil_scoped_release release;
    exec::for_each(policy(), static_cast<std::int64_t>(objects.size()), 3'000, [&](std::int64_t n) {
      const auto i = static_cast<std::size_t>(n);
      texts[i] = to_text(decoded(objects, i));
    });
  }
  py::list out(objects.size());
  for (std::size_t i = 0; i < objects.size(); ++i)
    out[i] = rle_dict(objects[i].size, text_object(texts[i], Counts::bytes));
  return out;
}

}  // namespace

void bind_rle(py::module_& module) {
  module.def("rle_area", &areas);
  module.def("rle_box", &boxes);
  module.def("rle_merge", &merged);
  module.def("rle_compress", &compressed);
  module.def("rle_from_polygons", &from_polygons);
  module.def("masks_from_polygons", &masks_of_polygons);
}

}  // namespace vislabel::python
