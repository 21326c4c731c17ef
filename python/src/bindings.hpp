// What the binding files of all rooms share: threads, arrays in.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <span>
#include <utility>
#include <vector>
#include <vislabel/core/box.hpp>
#include <vislabel/core/exec.hpp>
#include <vislabel/core/pixels.hpp>

#include "names.hpp"

namespace vislabel::python {

namespace py = pybind11;

void bind_rle(py::module_& module);
void bind_mask(py::module_& module);
void bind_track(py::module_& module);
void bind_iou(py::module_& module);
void bind_select(py::module_& module);
void bind_fuse(py::module_& module);
void bind_path(py::module_& module);
void bind_loss(py::module_& module);
void bind_evaluate(py::module_& module);

/// The policy of every call: `vislabel.set_num_threads` decides how many threads (0: all).
[[nodiscard]] exec::Omp policy();

using DoubleArray = py::array_t<double, py::array::c_style | py::array::forcecast>;
using IndexArray = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>;
using ByteArray = py::array_t<std::uint8_t, py::array::c_style | py::array::forcecast>;

template <class T, int Flags>
[[nodiscard]] std::span<const T> span_of(const py::array_t<T, Flags>& array) {
  return {array.data(), static_cast<std::size_t>(array.size())};
}

template <class T>
[[nodiscard]] py::array_t<T> array_of(const std::vector<T>& values) {
  return py::array_t<T>(static_cast<py::ssize_t>(values.size()), values.data());
}

/// Boxes from float64 [N, 4]: x, y, width, height.
[[nodiscard]] inline std::vector<Box> boxes_of(const DoubleArray& array) {
  std::vector<Box> boxes(static_cast<std::size_t>(array.shape(0)));
  for (std::size_t n = 0; n < boxes.size(); ++n) {
    const double* row = array.data() + 4 * n;
    boxes[n] = {row[0], row[1], row[2], row[3]};
  }
  return boxes;
}

/// A view of the array's memory, whatever its strides.
template <class T, std::size_t D>
[[nodiscard]] Pixels<T, D> view_of(const py::array& array, void* data) {
  Pixels<T, D> view;
  view.data = static_cast<typename Pixels<T, D>::Bytes*>(data);
  for (std::size_t axis = 0; axis < D; ++axis) {
    view.shape[axis] = array.shape(static_cast<py::ssize_t>(axis));
    view.strides[axis] = array.strides(static_cast<py::ssize_t>(axis));
  }
  return view;
}

template <class T, std::size_t D>
[[nodiscard]] Pixels<const T, D> input_view(const py::array& array) {
  return view_of<const T, D>(array, const_cast<void*>(array.data()));
}

/// Calls `f` with a value of the unsigned type as wide as the array's elements; "non-zero" asks no more of
/// it.
template <class F>
auto visit_width(const py::array& array, F&& f) {
  switch (array.itemsize()) {
    case 1:
      return f(std::uint8_t{});
    case 2:
      return f(std::uint16_t{});
    case 4:
      return f(std::uint32_t{});
    case 8:
      return f(std::uint64_t{});
    default:
      throw Error("an array of bool or integers was expected");
  }
}

/// Calls `f` with a value of the array's element type.
template <class F>
auto visit_number(const py::array& array, F&& f) {
  const char kind = array.dtype().kind();
  const py::ssize_t width = array.itemsize();
  if (kind == 'f' && width == 4) return f(float{});
  if (kind == 'f' && width == 8) return f(double{});
  if (kind == 'i' && width == 1) return f(std::int8_t{});
  if (kind == 'i' && width == 2) return f(std::int16_t{});
  if (kind == 'i' && width == 4) return f(std::int32_t{});
  if (kind == 'i' && width == 8) return f(std::int64_t{});
  return visit_width(array, std::forward<F>(f));
}

/// Calls `f` with a value of the array's element type, which is float32 or float64.
template <class F>
auto visit_float(const py::array& array, F&& f) {
  return array.itemsize() == 4 ? f(float{}) : f(double{});
}

}  // namespace vislabel::python
