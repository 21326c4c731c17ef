// COCO RLE dicts to and from run lengths. Objects are only touched while the GIL is held; text is decoded
// without it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>
#include <vislabel/mask/rle_string.hpp>

#include "bindings.hpp"

namespace vislabel::python {

/// One RLE dict, taken apart: its size and either its text (owned by `object`) or its run lengths.
struct RleObject {
  Size size;
  std::variant<std::string_view, std::vector<std::int64_t>> counts;
  py::object object;

  /// Its run lengths, in the reader's memory until the next call.
  [[nodiscard]] std::span<const std::uint32_t> read(detail::RunReader& reader) const {
    if (const auto* text = std::get_if<std::string_view>(&counts)) return reader.read(size, *text);
    return reader.read(size, std::span(std::get<std::vector<std::int64_t>>(counts)));
  }
};

/// A Python integer (anything with __index__ but a bool) in 64 bits, or nothing.
[[nodiscard]] inline std::optional<std::int64_t> integer_of(PyObject* object) {
  if (PyLong_CheckExact(object)) {
    int overflow = 0;
    const long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
    return overflow == 0 ? std::optional<std::int64_t>(value) : std::nullopt;
  }
  if (PyIndex_Check(object) == 0 || PyBool_Check(object)) return std::nullopt;
  const auto index = py::reinterpret_steal<py::object>(PyNumber_Index(object));
  const long long value = index ? PyLong_AsLongLong(index.ptr()) : -1;
  if (value == -1 && PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    return std::nullopt;
  }
  return value;
}

/// Item i of a list or tuple, held: what is done with one item may change the list.
[[nodiscard]] inline py::object item_of(const py::object& list, std::size_t i) {
  return py::reinterpret_borrow<py::object>(PySequence_Fast_GET_ITEM(list.ptr(), static_cast<Py_ssize_t>(i)));
}

[[nodiscard]] inline std::size_t length_of(const py::object& list) {
  return static_cast<std::size_t>(PySequence_Fast_GET_SIZE(list.ptr()));
}

[[nodiscard]] inline bool is_text(const py::handle& object) {
  return PyUnicode_Check(object.ptr()) != 0 || PyBytes_Check(object.ptr()) != 0 ||
         PyByteArray_Check(object.ptr()) != 0 || PyMemoryView_Check(object.ptr()) != 0;
}

/// (height, width) of any sequence of two integers. Messages are made only when needed: a repr costs more
/// than a mask.
[[nodiscard]] inline Size size_of(const py::handle& object) {
  const bool listed = PySequence_Check(object.ptr()) != 0 && !is_text(object);
  const auto pair = py::reinterpret_steal<py::object>(listed ? PySequence_Fast(object.ptr(), "") : nullptr);
  if (pair && length_of(pair) == 2) {
    const py::object first = item_of(pair, 0), second = item_of(pair, 1);
    const auto height = integer_of(first.ptr()), width = integer_of(second.ptr());
    if (height && width) return {*height, *width};
  }
  PyErr_Clear();
  throw Error("size is " + shown(object) + ", expected (height, width), two integers of at most 63 bits");
}

[[nodiscard]] inline std::string type_name(const py::handle& object) {
  return std::string(py::str(py::type::of(object).attr("__name__")));
}

[[nodiscard]] inline std::vector<std::int64_t> run_list(const py::object& counts) {
  if (py::isinstance<py::array_t<std::uint32_t>>(counts) ||
      py::isinstance<py::array_t<std::int64_t>>(counts)) {
    const IndexArray array(counts);
    if (array.ndim() == 1) return {array.data(), array.data() + array.size()};
  }
  const auto list = py::reinterpret_steal<py::object>(PySequence_Fast(counts.ptr(), ""));
  if (!list) {
    PyErr_Clear();
    throw Error("counts is a " + type_name(counts) + " that cannot be read, expected a list of run lengths");
  }
  std::vector<std::int64_t> runs;
  runs.reserve(length_of(list));
  for (std::size_t i = 0; i < length_of(list); ++i) {
    PyObject* const item = PySequence_Fast_GET_ITEM(list.ptr(), static_cast<Py_ssize_t>(i));
    int overflow = PyLong_CheckExact(item) ? 0 : 1;
    const long long number = overflow == 0 ? PyLong_AsLongLongAndOverflow(item, &overflow) : 0;
    if (overflow == 0) {  // nearly always
      runs.push_back(number);
      continue;
    }
    const py::object run = item_of(list, i);
    const std::optional<std::int64_t> value = integer_of(run.ptr());
    if (!value)
      throw Error(detail::text("run ", i, " is ", shown(run), ", expected an integer of at most 63 bits"));
    runs.push_back(*value);
  }
  return runs;
}

[[nodiscard]] inline RleObject rle_object(const py::handle& object) {
  if (!PyDict_Check(object.ptr()))
    throw Error("a " + type_name(object) + " was given, expected a dict with \"size\" and \"counts\"");
  static PyObject* const size_key = PyUnicode_InternFromString("size");
  static PyObject* const counts_key = PyUnicode_InternFromString("counts");
  const auto entry = [&](PyObject* key, const char* name) {
    PyObject* value = PyDict_GetItemWithError(object.ptr(), key);
    detail::require(value != nullptr, "the dict has no \"", name, "\", expected \"size\" and \"counts\"");
    return py::reinterpret_borrow<py::object>(value);
  };
  RleObject rle;
  rle.size = size_of(entry(size_key, "size"));
  detail::require_size(rle.size);
  py::object counts = entry(counts_key, "counts");
  if (py::isinstance<py::bytes>(counts)) {
    rle.counts = std::string_view(PyBytes_AS_STRING(counts.ptr()),
                                  static_cast<std::size_t>(PyBytes_GET_SIZE(counts.ptr())));
  } else if (py::isinstance<py::str>(counts)) {
    Py_ssize_t length = 0;
    const char* text = PyUnicode_AsUTF8AndSize(counts.ptr(), &length);
    if (text == nullptr) {
      PyErr_Clear();
      throw Error("counts is a str that is no text, expected COCO's compressed text");
    }
    rle.counts = std::string_view(text, static_cast<std::size_t>(length));
  } else if (PySequence_Check(counts.ptr()) != 0 && !is_text(counts) && PySequence_Size(counts.ptr()) >= 0) {
    rle.counts = run_list(counts);
  } else {
    PyErr_Clear();
    throw Error("counts is a " + type_name(counts) + ", expected bytes, str or a list of run lengths");
  }
  rle.object = std::move(counts);
  return rle;
}

/// How `to_rle` writes counts.
enum class Counts { bytes, str, list };

[[nodiscard]] inline Counts counts_of(const py::object& name) {
  return named<Counts>(name, "counts",
                       {{"bytes", Counts::bytes}, {"str", Counts::str}, {"list", Counts::list}});
}

[[nodiscard]] inline py::object text_object(std::string_view text, Counts kind) {
  if (kind == Counts::bytes) return py::bytes(text.data(), text.size());
  return py::str(text.data(), text.size());
}

[[nodiscard]] inline py::list run_object(std::span<const std::uint32_t> counts) {
  py::list runs(counts.size());
  for (std::size_t i = 0; i < counts.size(); ++i)
    PyList_SET_ITEM(runs.ptr(), static_cast<Py_ssize_t>(i), PyLong_FromUnsignedLong(counts[i]));
  return runs;
}

[[nodiscard]] inline py::dict rle_dict(Size size, py::object counts) {
  py::list sides;
  sides.append(size.height);
  sides.append(size.width);
  py::dict dict;
  dict["size"] = std::move(sides);
  dict["counts"] = std::move(counts);
  return dict;
}

/// Runs `f()`; an error is thrown on with `where(i)` in front.
template <class Where, class F>
auto with_place(Where&& where, F&& f) {
  try {
    return f();
  } catch (const Error& error) {
    throw Error(where() + ": " + error.what());
  }
}

[[nodiscard]] inline std::string place_in_list(std::size_t i) { return "rles[" + std::to_string(i) + "]"; }

/// A list of RLE dicts, taken apart; errors name the index.
[[nodiscard]] inline std::vector<RleObject> rle_objects(const py::sequence& rles) {
  const auto list = py::reinterpret_steal<py::object>(PySequence_Fast(rles.ptr(), ""));
  if (!list) throw py::error_already_set();
  std::vector<RleObject> objects;
  objects.reserve(length_of(list));
  for (std::size_t i = 0; i < length_of(list); ++i)
    objects.push_back(
        with_place([i] { return place_in_list(i); }, [&] { return rle_object(item_of(list, i)); }));
  return objects;
}

inline void require_one_size(const std::vector<RleObject>& objects, Size size) {
  for (std::size_t i = 0; i < objects.size(); ++i)
    detail::require(objects[i].size == size, "rles[", i, "] has size ", objects[i].size, ", expected ", size);
}

/// The run lengths of entry i, in the reader's memory until the next call.
[[nodiscard]] inline std::span<const std::uint32_t> runs_of(const std::vector<RleObject>& objects,
                                                            std::size_t i, detail::RunReader& reader) {
  return with_place([i] { return place_in_list(i); }, [&] { return objects[i].read(reader); });
}

}  // namespace vislabel::python
