// Bindings for masks that stay run-length encoded: area, box, union and intersection of RLE dicts.
#include <vislabel/mask/convert.hpp>
#include <vislabel/mask/measure.hpp>
#include <vislabel/mask/polygon.hpp>
#include <vislabel/mask/rle_boolean.hpp>
#include <vislabel/mask/rle_dense.hpp>

#include "bindings.hpp"
#include "rle_objects.hpp"

namespace vislabel::python {
namespace {

py::list text_dicts(Size size, const std::vector<std::string>& texts) {
  py::list out(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i)
    out[i] = rle_dict(size, text_object(texts[i], Counts::bytes));
  return out;
}

/// Calls `body(state, n)` for every entry, without the GIL.
template <class State, class Body>
void for_each_entry(const std::vector<RleObject>& objects, std::int64_t ns_each, Body&& body) {
  const py::gil_scoped_release release;
  exec::for_each(
      policy(), static_cast<std::int64_t>(objects.size()), ns_each, [] { return State(); },
      [&](State& state, std::int64_t n) { body(state, static_cast<std::size_t>(n)); });
}

py::array_t<std::int64_t> areas(const py::sequence& rles) {
  const std::vector<RleObject> objects = rle_objects(rles);
  py::array_t<std::int64_t> out(static_cast<py::ssize_t>(objects.size()));
  std::int64_t* areas = out.mutable_data();
  for_each_entry<detail::RunReader>(objects, 1'000, [&](detail::RunReader& reader, std::size_t n) {
    areas[n] = detail::run_area(runs_of(objects, n, reader));
  });
  return out;
}

py::array_t<double> boxes(const py::sequence& rles) {
  const std::vector<RleObject> objects = rle_objects(rles);
  py::array_t<double> out({static_cast<py::ssize_t>(objects.size()), py::ssize_t{4}});
  double* rows = out.mutable_data();
  for_each_entry<detail::RunReader>(objects, 1'500, [&](detail::RunReader& reader, std::size_t n) {
    const Box box = detail::run_box(objects[n].size, runs_of(objects, n, reader));
    double* row = rows + 4 * n;
    row[0] = box.x, row[1] = box.y, row[2] = box.width, row[3] = box.height;
  });
  return out;
}

template <class Op>
std::string merged_text(const std::vector<RleObject>& objects, Op op) {
  const py::gil_scoped_release release;
  detail::RunReader reader;
  detail::RunMerger merger(op);
  for (std::size_t i = 0; i < objects.size(); ++i) merger.add(runs_of(objects, i, reader));
  return std::string(detail::TextWriter().write(merger.runs()));
}

py::dict merged(const py::sequence& rles, bool intersection) {
  const std::vector<RleObject> objects = rle_objects(rles);
  detail::require(!objects.empty(), "rles is empty, expected at least 1 mask");
  const Size size = objects.front().size;
  require_one_size(objects, size);
  const std::string text =
      intersection ? merged_text(objects, detail::AllOf{}) : merged_text(objects, detail::AnyOf{});
  return rle_dict(size, text_object(text, Counts::bytes));
}

/// The text of dense masks, bytes [H, W, N] in column-major memory, non-zero is set.
py::list encoded(const py::array& masks) {
  const Size size{masks.shape(0), masks.shape(1)};
  detail::require_size(size);
  const auto pixels = static_cast<std::size_t>(size.pixels());
  const auto* bytes = static_cast<const std::uint8_t*>(masks.data());
  std::vector<std::string> texts(static_cast<std::size_t>(masks.shape(2)));
  {
    using State = std::pair<detail::RunScanner, detail::TextWriter>;
    const py::gil_scoped_release release;
    exec::for_each(
        policy(), masks.shape(2), size.pixels() / 50 + 100, [] { return State(); },
        [&](State& state, std::int64_t n) {
          const auto i = static_cast<std::size_t>(n);
          texts[i] = state.second.write(state.first.scan({bytes + i * pixels, pixels}));
        });
  }
  return text_dicts(size, texts);
}

/// Dense masks, uint8 [H, W, N] in column-major memory.
py::array_t<std::uint8_t> decoded(const py::sequence& rles) {
  const std::vector<RleObject> objects = rle_objects(rles);
  detail::require(!objects.empty(), "rles is empty, expected at least 1 mask");
  const Size size = objects.front().size;
  require_one_size(objects, size);
  const auto height = static_cast<py::ssize_t>(size.height), width = static_cast<py::ssize_t>(size.width);
  const auto count = static_cast<py::ssize_t>(objects.size());
  py::array_t<std::uint8_t> out({height, width, count}, {py::ssize_t{1}, height, height * width});
  auto* bytes = reinterpret_cast<std::byte*>(out.mutable_data());
  for_each_entry<detail::RunReader>(
      objects, size.pixels() / 32 + 100, [&](detail::RunReader& reader, std::size_t n) {
        const auto pixels = static_cast<std::size_t>(size.pixels());
        detail::fill_runs(runs_of(objects, n, reader), {bytes + n * pixels, pixels});
      });
  return out;
}

/// The run lengths of every mask, uint32.
py::list run_lengths(const py::sequence& rles) {
  const std::vector<RleObject> objects = rle_objects(rles);
  detail::RunReader reader;
  py::list out(objects.size());
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const auto runs = runs_of(objects, i, reader);
    out[i] = py::array_t<std::uint32_t>(static_cast<py::ssize_t>(runs.size()), runs.data());
  }
  return out;
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
  std::vector<std::string> texts;
  for (const Rle& rle : outlined(size, polygons)) texts.push_back(to_text(rle));
  return text_dicts(size, texts);
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
    packed.push_back(rles.empty() ? PackedMask{} : packer.pack(unite(rles).counts()));
  }
  return {size, std::move(packed)};
}

/// RLE dicts, whatever their counts, with compressed text.
py::list compressed(const py::sequence& rles) {
  using State = std::pair<detail::RunReader, detail::TextWriter>;
  const std::vector<RleObject> objects = rle_objects(rles);
  std::vector<std::string> texts(objects.size());
  for_each_entry<State>(objects, 2'000, [&](State& state, std::size_t n) {
    texts[n] = state.second.write(runs_of(objects, n, state.first));
  });
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
  module.def("rle_encode", &encoded);
  module.def("rle_decode", &decoded);
  module.def("rle_runs", &run_lengths);
  module.def("rle_compress", &compressed);
  module.def("rle_from_polygons", &from_polygons);
  module.def("masks_from_polygons", &masks_of_polygons);
}

}  // namespace vislabel::python
