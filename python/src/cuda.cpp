// The extension module `vislabel._cuda`: the operations of the device, on addresses that `vislabel.cuda`
// takes from the caller's framework. Compiled by the host's compiler; the tests link it with the emulator,
// too.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vislabel/core/error.hpp>
#include <vislabel/cuda/operations.hpp>

#include "names.hpp"

#ifndef VISLABEL_CUDA_MODULE
#define VISLABEL_CUDA_MODULE _cuda
#endif

namespace vislabel::python {
namespace {

namespace operations = cuda::operations;
using Address = std::uintptr_t;
using Shape = std::pair<std::int64_t, std::int64_t>;

/// Memory on the device; 0: none.
template <class T>
[[nodiscard]] T* at(Address address) {
  return reinterpret_cast<T*>(address);  // NOLINT(performance-no-int-to-ptr)
}

using Place = std::pair<int, Address>;  // a device's number, and a stream

/// Queues an operation on a stream of a device, without the GIL: its arguments are no objects of Python's.
template <class... Parameters, class... Arguments>
void queue(void (*operation)(Parameters...), const Place& place, const Arguments&... arguments) {
  const py::gil_scoped_release release;
  const operations::OnDevice device(place.first);
  operation(arguments..., at<CUstream_st>(place.second));
}

/// From (address, shape, strides in bytes, elements), of up to four axes: missing ones come first.
[[nodiscard]] cuda::Dense dense_of(const py::tuple& view) {
  cuda::Dense out;
  out.data = at<const void>(view[0].cast<Address>());
  const py::tuple shape = view[1], strides = view[2];
  const std::size_t axes = py::len(shape);
  out.shape.fill(1);
  for (std::size_t i = 0; i < axes; ++i) {
    out.shape[4 - axes + i] = shape[i].cast<std::int64_t>();
    out.strides[4 - axes + i] = strides[i].cast<std::ptrdiff_t>();
  }
  using cuda::Element;
  out.element = named<Element>(view[3], "elements",
                               {{"bits8", Element::bits8},
                                {"bits16", Element::bits16},
                                {"bits32", Element::bits32},
                                {"bits64", Element::bits64},
                                {"float16", Element::float16},
                                {"bfloat16", Element::bfloat16},
                                {"float32", Element::float32},
                                {"float64", Element::float64}});
  return out;
}

[[nodiscard]] Size size_of(const Shape& shape) { return {shape.first, shape.second}; }

/// From (words, areas, boxes, count, (height, width)).
[[nodiscard]] cuda::DeviceMasks masks_of(const py::tuple& masks) {
  return {at<const std::uint32_t>(masks[0].cast<Address>()), at<const std::int64_t>(masks[1].cast<Address>()),
          at<const cuda::PixelBox>(masks[2].cast<Address>()), masks[3].cast<std::int64_t>(),
          cuda::Layout(size_of(masks[4].cast<Shape>()))};
}

/// From (areas, number of tracks).
[[nodiscard]] cuda::TrackAreas areas_of(const std::pair<Address, std::int64_t>& tracks) {
  return {at<const std::int64_t>(tracks.first), tracks.second};
}
using Areas = std::pair<Address, std::int64_t>;

void bind_masks(py::module_& module) {
  module.def("layout", [](const Shape& size) {
    const cuda::Layout layout(size_of(size));
    return std::pair(layout.rows, layout.columns);
  });
  module.def("pack", [](const py::tuple& dense, std::optional<double> threshold,
                        const std::optional<Shape>& size, Address words, Place place) {
    const std::optional<Size> wanted = size ? std::optional(size_of(*size)) : std::nullopt;
    queue(operations::pack, place, dense_of(dense), threshold, wanted, at<std::uint32_t>(words));
  });
  module.def("unpack", [](Address words, const py::tuple& dense, Place place) {
    queue(operations::unpack, place, at<const std::uint32_t>(words), dense_of(dense));
  });
  module.def("measure", [](Address words, const Shape& size, std::int64_t count, Address areas, Address boxes,
                           Place place) {
    queue(operations::measure, place, at<const std::uint32_t>(words), cuda::Layout(size_of(size)), count,
          at<std::int64_t>(areas), at<cuda::PixelBox>(boxes));
  });
  module.def("count_changes", [](Address words, const Shape& size, std::int64_t count, Address before_column,
                                 Address changes, Address begin, Place place) {
    queue(operations::count_changes, place, at<const std::uint32_t>(words), cuda::Layout(size_of(size)),
          count, at<std::uint32_t>(before_column), at<std::int64_t>(changes), at<std::int64_t>(begin));
  });
  module.def("write_changes", [](Address words, const Shape& size, std::int64_t count, Address before_column,
                                 Address begin, Address places, Place place) {
    queue(operations::write_changes, place, at<const std::uint32_t>(words), cuda::Layout(size_of(size)),
          count, at<const std::uint32_t>(before_column), at<const std::int64_t>(begin),
          at<std::uint32_t>(places));
  });
  module.def("fill_changes", [](Address places, Address begin, std::int64_t count, const Shape& size,
                                Address words, Place place) {
    queue(operations::fill_changes, place, at<const std::uint32_t>(places), at<const std::int64_t>(begin),
          count, cuda::Layout(size_of(size)), at<std::uint32_t>(words));
  });
}

void bind_pairs(py::module_& module) {
  module.def("common_pixels", [](const py::tuple& a, const py::tuple& b, std::int64_t frames, Address common,
                                 bool frames_first, Place place) {
    queue(operations::common_pixels, place, masks_of(a), masks_of(b), frames, at<std::int64_t>(common),
          frames_first ? cuda::PairOrder::frames_first : cuda::PairOrder::frames_last);
  });
  module.def("frame_iou", [](Address common, const Areas& a, const Areas& b, std::int64_t frames,
                             Address crowd, const py::object& empty_pair, Address out, Place place) {
    queue(operations::frame_iou, place, at<const std::int64_t>(common), areas_of(a), areas_of(b), frames,
          at<const std::uint8_t>(crowd), empty_pair_of(empty_pair), at<double>(out));
  });
  module.def("track_iou",
             [](Address common, const Areas& a, const Areas& b, std::int64_t frames,
                const py::object& over_time, const py::object& empty_pair, Address out, Place place) {
               queue(operations::track_iou, place, at<const std::int64_t>(common), areas_of(a), areas_of(b),
                     frames, over_time_of(over_time), empty_pair_of(empty_pair), at<double>(out));
             });
  module.def("spatiotemporal_nms", [](Address common, const Areas& tracks, std::int64_t frames,
                                      Address scores, double iou_threshold, double score_threshold,
                                      const py::object& over_time, const py::object& suppress, Address labels,
                                      const std::array<Address, 5>& out, Place place) {
    const cuda::NmsRule rule{iou_threshold, score_threshold, over_time_of(over_time), suppress_of(suppress),
                             at<const std::int64_t>(labels)};
    queue(operations::spatiotemporal_nms, place, at<const std::int64_t>(common), areas_of(tracks), frames,
          at<const double>(scores), rule,
          cuda::NmsOutput{at<std::uint32_t>(out[0]), at<std::int64_t>(out[1]), at<std::int64_t>(out[2]),
                          at<std::int64_t>(out[3]), at<std::int64_t>(out[4])});
  });
  module.def("scm", [](const py::tuple& a, const py::tuple& b, Address boxes, const py::object& kind,
                       Address out, Place place) {
    queue(operations::scm, place, masks_of(a), masks_of(b), at<const Box>(boxes), box_overlap_of(kind),
          at<double>(out));
  });
}

void bind_targets(py::module_& module) {
  module.def("quality_target",
             [](const py::tuple& logits, const py::tuple& truth, std::int64_t truths, double threshold,
                const py::object& empty_pair, const std::array<Address, 6>& out, Place place) {
               queue(operations::quality_target, place, dense_of(logits), masks_of(truth), truths, threshold,
                     empty_pair_of(empty_pair),
                     cuda::QualityOutput{at<unsigned long long>(out[0]), at<unsigned long long>(out[1]),
                                         at<double>(out[2]), at<std::uint32_t>(out[3]), at<double>(out[4]),
                                         at<std::int64_t>(out[5])});
             });
  module.def("find_nan", [](const py::tuple& maps, Address nan, Place place) {
    queue(operations::find_nan, place, dense_of(maps), at<std::uint32_t>(nan));
  });
  module.def("rows_above", [](Address iou, std::int64_t rows, std::int64_t columns, double threshold,
                              Address nan, std::int64_t maps, Address weights, Place place) {
    queue(operations::rows_above, place, at<const double>(iou), rows, columns, threshold,
          at<const std::uint32_t>(nan), maps, at<double>(weights));
  });
  module.def("drop_loss_of_points", [](const py::tuple& logits, const py::tuple& labels, double threshold,
                                       Address weights, Place place) {
    queue(operations::drop_loss_of_points, place, dense_of(logits), dense_of(labels), threshold,
          at<double>(weights));
  });
}

[[nodiscard]] cuda::ProjectionWork projection_work(const std::array<Address, 7>& work) {
  return {at<std::uint64_t>(work[0]), at<std::uint64_t>(work[1]), at<std::uint32_t>(work[2]),
          at<std::uint32_t>(work[3]), at<std::uint32_t>(work[4]), at<double>(work[5]),
          at<double>(work[6])};
}

/// From (boxes, image, similar pairs, nan).
[[nodiscard]] cuda::AffinityInput affinity_input(const std::array<Address, 4>& input) {
  return {at<const Box>(input[0]), at<const std::int64_t>(input[1]), 0, at<std::uint8_t>(input[2]),
          at<std::uint32_t>(input[3])};
}

[[nodiscard]] cuda::AffinityRule affinity_rule(
    const std::tuple<py::object, std::optional<double>, double>& rule) {
  return {rule_of(std::get<0>(rule)), std::get<1>(rule), std::get<2>(rule)};
}

void bind_losses(py::module_& module) {
  using Rule3 = std::tuple<py::object, std::optional<double>, double>;
  module.def("projection_loss", [](const py::tuple& logits, Address boxes, const std::array<Address, 7>& work,
                                   Address losses, Place place) {
    queue(operations::projection_loss, place, dense_of(logits), at<const Box>(boxes), projection_work(work),
          at<double>(losses));
  });
  module.def("projection_loss_backward",
             [](Address gradient, const py::tuple& logits, Address boxes, const std::array<Address, 7>& work,
                const py::tuple& out, Place place) {
               queue(operations::projection_loss_backward, place, at<const double>(gradient),
                     dense_of(logits), at<const Box>(boxes), projection_work(work), dense_of(out));
             });
  module.def("affinity_tiles", [](const Shape& frame) { return cuda::affinity_tiles(size_of(frame)); });
  module.def("pairwise_affinity_loss",
             [](const py::tuple& logits, const py::tuple& lab, const std::array<Address, 4>& input,
                const Rule3& rule, const std::array<Address, 3>& out, Place place) {
               queue(operations::pairwise_affinity_loss, place, dense_of(logits), dense_of(lab),
                     affinity_input(input), affinity_rule(rule),
                     cuda::AffinityOutput{at<double>(out[0]), at<double>(out[1]), at<std::int64_t>(out[2])});
             });
  module.def("pairwise_affinity_loss_backward", [](Address gradient, const py::tuple& logits,
                                                   const py::tuple& lab, const std::array<Address, 4>& input,
                                                   const Rule3& rule, const py::tuple& out, Place place) {
    queue(operations::pairwise_affinity_loss_backward, place, at<const double>(gradient), dense_of(logits),
          dense_of(lab), affinity_input(input), affinity_rule(rule), dense_of(out));
  });
}

}  // namespace
}  // namespace vislabel::python

PYBIND11_MODULE(VISLABEL_CUDA_MODULE, module) {
  using namespace vislabel::python;
  module.doc() = "The CUDA backend. Use `vislabel`, which documents and types everything.";
  py::register_exception_translator([](std::exception_ptr error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const vislabel::Error& bad_input) {
      py::set_error(py::module_::import("vislabel._core").attr("Error"), bad_input.what());
    }
  });
  module.def("device_count", &operations::device_count);
  module.def("build_info", [] {
    const auto [compiler, architectures, emulated] = operations::build_info();
    py::dict info;
    info["compiler"] = compiler;
    info["architectures"] = architectures;
    info["emulated"] = emulated;
    return info;
  });
  bind_masks(module);
  bind_pairs(module);
  bind_targets(module);
  bind_losses(module);
}
