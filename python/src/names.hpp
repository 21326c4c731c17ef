// Enumerations by the names that Python has for them.
#pragma once

#include <pybind11/pybind11.h>

#include <initializer_list>
#include <string>
#include <utility>
#include <vislabel/core/error.hpp>
#include <vislabel/core/rule.hpp>
#include <vislabel/iou/box_overlap.hpp>
#include <vislabel/iou/quotient.hpp>
#include <vislabel/select/suppress.hpp>

namespace vislabel::python {

namespace py = pybind11;

/// An object in a message: its repr, on one line of sensible length, whatever the object does.
[[nodiscard]] inline std::string shown(const py::handle& object) {
  return py::cast<std::string>(py::module_::import("vislabel._arrays").attr("shown")(object));
}

/// The value that an option's name stands for: `named("volume", "over_time", {{"volume", OverTime::volume},
/// ..})`.
template <class E>
[[nodiscard]] E named(const py::object& value, const char* option,
                      std::initializer_list<std::pair<const char*, E>> choices) {
  const bool is_name = py::isinstance<py::str>(value);
  std::string names;
  for (const auto& [name, choice] : choices) {
    if (is_name && value.equal(py::str(name))) return choice;
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  throw Error(std::string(option) + " is " + shown(value) + ", expected one of: " + names);
}

[[nodiscard]] inline EmptyPair empty_pair_of(const py::object& name) {
  return named<EmptyPair>(name, "empty_pair", {{"zero", EmptyPair::zero}, {"one", EmptyPair::one}});
}

[[nodiscard]] inline Rule rule_of(const py::object& name) {
  return named<Rule>(name, "rule", {{"paper", Rule::paper}, {"reference", Rule::reference}});
}

[[nodiscard]] inline OverTime over_time_of(const py::object& name) {
  return named<OverTime>(name, "over_time",
                         {{"volume", OverTime::volume},
                          {"any_frame", OverTime::any_frame},
                          {"frame_mean", OverTime::frame_mean}});
}

[[nodiscard]] inline Suppress suppress_of(const py::object& name) {
  return named<Suppress>(name, "suppress",
                         {{"at_least", Suppress::at_least}, {"more_than", Suppress::more_than}});
}

[[nodiscard]] inline BoxOverlap box_overlap_of(const py::object& name) {
  return named<BoxOverlap>(name, "box_overlap", {{"iou", BoxOverlap::iou}, {"giou", BoxOverlap::giou}});
}

}  // namespace vislabel::python
