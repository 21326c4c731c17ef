// What the binding files of the rooms with tables share.
#pragma once

#include <pybind11/eigen.h>

#include <vislabel/iou/tables.hpp>

#include "bindings.hpp"

namespace vislabel::python {

[[nodiscard]] inline Eigen::Map<const Table> table_of(const DoubleArray& array) {
  return {array.data(), array.shape(0), array.shape(1)};
}

}  // namespace vislabel::python
