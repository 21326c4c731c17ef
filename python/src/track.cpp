// Bindings of the room track.
#include <vislabel/track/tracks.hpp>

#include "bindings.hpp"
#include "rle_objects.hpp"

namespace vislabel::python {
namespace {

Tracks from_dense(const py::array& array, const std::optional<double>& threshold, const ByteArray& present) {
  const std::span<const std::uint8_t> flags = span_of(present);
  if (threshold)
    return visit_number(array, [&]<class T>(T) {
      const auto view = input_view<T, 4>(array);
      const py::gil_scoped_release release;
      return pack_above(policy(), view, *threshold, flags);
    });
  return visit_width(array, [&]<class T>(T) {
    const auto view = input_view<T, 4>(array);
    const py::gil_scoped_release release;
    return pack(policy(), view, flags);
  });
}

Tracks from_resized(const py::array& array, double threshold, std::int64_t height, std::int64_t width,
                    const ByteArray& present) {
  const std::span<const std::uint8_t> flags = span_of(present);
  return visit_float(array, [&]<class T>(T) {
    const auto view = input_view<T, 4>(array);
    const py::gil_scoped_release release;
    return pack_resized(policy(), view, {height, width}, threshold, flags);
  });
}

/// N lists of T entries, each an RLE dict or None.
Tracks from_rle(const py::sequence& rows, std::int64_t height, std::int64_t width, std::int64_t frames) {
  const Size size{height, width};
  detail::require_size(size);
  const auto count = static_cast<std::int64_t>(rows.size());
  const auto where = [frames](std::int64_t i) {
    return [i, frames] {
      return "rows[" + std::to_string(i / frames) + "][" + std::to_string(i % frames) + "]";
    };
  };
  detail::require_shape(count, frames);
  for (std::int64_t n = 0; n < count; ++n) {
    const auto entries = static_cast<std::int64_t>(py::len(rows[static_cast<std::size_t>(n)]));
    detail::require(entries == frames, "rows[", n, "] has ", entries, " entries, expected one per frame (",
                    frames, ")");
  }
  std::vector<std::optional<RleObject>> objects(static_cast<std::size_t>(count * frames));
  for (std::int64_t n = 0; n < count; ++n) {
    const py::object row = rows[static_cast<std::size_t>(n)];
    const auto list = py::reinterpret_steal<py::object>(PySequence_Fast(row.ptr(), ""));
    if (!list) throw py::error_already_set();
    for (std::int64_t t = 0; t < frames; ++t) {
      detail::require(static_cast<std::int64_t>(length_of(list)) == frames, "rows[", n,
                      "] changed while it was read");
      const py::object entry = item_of(list, static_cast<std::size_t>(t));
      if (entry.is_none()) continue;
      const std::int64_t i = n * frames + t;
      RleObject rle = with_place(where(i), [&] { return rle_object(entry); });
      detail::require(rle.size == size, "rows[", n, "][", t, "] has size ", rle.size, ", expected ", size);
      objects[static_cast<std::size_t>(i)] = std::move(rle);
    }
  }
  std::vector<Tracks::Slot> slots(objects.size());
  {
    const py::gil_scoped_release release;
    exec::for_each(
        policy(), static_cast<std::int64_t>(slots.size()), 2'500,
        [&] { return std::pair(detail::RunReader(), detail::RunPacker(size)); },
        [&](auto& state, std::int64_t n) {
          const auto& object = objects[static_cast<std::size_t>(n)];
          if (!object) return;
          const auto runs = with_place(where(n), [&] { return object->read(state.first); });
          slots[static_cast<std::size_t>(n)] = state.second.pack(runs);
        });
  }
  return {size, count, frames, std::move(slots)};
}

/// Mask i goes to track[i], frame[i]; the other slots are absent.
Tracks from_masks(const Masks& masks, const IndexArray& track, const IndexArray& frame, std::int64_t count,
                  std::int64_t frames) {
  detail::require_shape(count, frames);
  for (const auto& [name, array] : {std::pair("track", &track), std::pair("frame", &frame)})
    detail::require(array->size() == masks.count(), name, " has ", array->size(),
                    " entries, expected one per mask (", masks.count(), ")");
  std::vector<Tracks::Slot> slots(static_cast<std::size_t>(count * frames));
  for (std::int64_t i = 0; i < masks.count(); ++i) {
    const std::int64_t n = track.at(i), t = frame.at(i);
    detail::require(n >= 0 && n < count, "track[", i, "] is ", n, ", outside [0, ", count, ")");
    detail::require(t >= 0 && t < frames, "frame[", i, "] is ", t, ", outside [0, ", frames, ")");
    Tracks::Slot& slot = slots[static_cast<std::size_t>(n * frames + t)];
    detail::require(!slot, "mask ", i, ": track ", n, " already has a mask in frame ", t);
    slot = masks[i];
  }
  return {masks.size(), count, frames, std::move(slots)};
}

py::list rle_rows(const Tracks& tracks, const py::object& counts) {
  const Counts kind = counts_of(counts);
  std::vector<std::optional<Rle>> rles;
  std::vector<std::string> texts;
  {
    const py::gil_scoped_release release;
    rles = to_rle(policy(), tracks);
    texts.resize(rles.size());
    exec::for_each(policy(), static_cast<std::int64_t>(rles.size()), 1'000, [&](std::int64_t n) {
      const auto i = static_cast<std::size_t>(n);
      if (rles[i] && kind != Counts::list) texts[i] = to_text(*rles[i]);
    });
  }
  py::list rows;
  for (std::int64_t n = 0; n < tracks.count(); ++n) {
    py::list row;
    for (std::int64_t t = 0; t < tracks.frames(); ++t) {
      const auto i = static_cast<std::size_t>(n * tracks.frames() + t);
      if (rles[i])
        row.append(rle_dict(tracks.size(), kind == Counts::list ? run_object(rles[i]->counts())
                                                                : text_object(texts[i], kind)));
      else
        row.append(py::none());
    }
    rows.append(std::move(row));
  }
  return rows;
}

void write_dense(const Tracks& tracks, py::array& out) {
  const auto view = view_of<std::uint8_t, 4>(out, out.mutable_data());
  const py::gil_scoped_release release;
  to_dense(policy(), tracks, view);
}

py::array_t<std::int64_t> areas(const Tracks& tracks) {
  py::array_t<std::int64_t> out({tracks.count(), tracks.frames()});
  for (std::int64_t n = 0; n < tracks.count(); ++n)
    for (std::int64_t t = 0; t < tracks.frames(); ++t) out.mutable_at(n, t) = tracks.area(n, t);
  return out;
}

py::array_t<bool> presence(const Tracks& tracks) {
  py::array_t<bool> out({tracks.count(), tracks.frames()});
  for (std::int64_t n = 0; n < tracks.count(); ++n)
    for (std::int64_t t = 0; t < tracks.frames(); ++t) out.mutable_at(n, t) = tracks.present(n, t);
  return out;
}

py::array_t<double> boxes(const Tracks& tracks) {
  py::array_t<double> out({tracks.count(), tracks.frames(), std::int64_t{4}});
  double* row = out.mutable_data();
  for (std::int64_t n = 0; n < tracks.count(); ++n)
    for (std::int64_t t = 0; t < tracks.frames(); ++t) {
      const Tracks::Slot& slot = tracks(n, t);
      const Box box = slot ? slot->box() : Box{};
      *row++ = box.x, *row++ = box.y, *row++ = box.width, *row++ = box.height;
    }
  return out;
}

}  // namespace

void bind_track(py::module_& module) {
  py::class_<Tracks>(module, "Tracks")
      .def_static("from_dense", &from_dense)
      .def_static("from_resized", &from_resized)
      .def_static("from_rle", &from_rle)
      .def_static("from_masks", &from_masks)
      .def_static("concatenate", [](const Tracks& a, const Tracks& b) { return concatenate(a, b); })
      .def("to_rle", &rle_rows)
      .def("write_dense", &write_dense)
      .def("area", &areas)
      .def("box", &boxes)
      .def("present", &presence)
      .def("count", &Tracks::count)
      .def("frames", &Tracks::frames)
      .def("size", [](const Tracks& t) { return std::pair(t.size().height, t.size().width); })
      .def("memory", &Tracks::memory)
      .def("select", [](const Tracks& t, const IndexArray& index) { return t.select(span_of(index)); })
      .def("select_frames",
           [](const Tracks& t, const IndexArray& index) { return t.select_frames(span_of(index)); })
      .def("frame", &Tracks::frame)
      .def("track", &Tracks::track)
      .def("equal", [](const Tracks& a, const Tracks& b) { return a == b; });
}

}  // namespace vislabel::python
