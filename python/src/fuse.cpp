// Bindings of the room fuse.
#include <cmath>
#include <optional>
#include <vislabel/fuse/ground_truth.hpp>
#include <vislabel/fuse/pseudo_masks.hpp>

#include "tables.hpp"

namespace vislabel::python {
namespace {

OneToOne one_to_one_of(const py::object& name) {
  return named<OneToOne>(
      name, "one_to_one",
      {{"greedy", OneToOne::greedy}, {"hungarian", OneToOne::hungarian}, {"none", OneToOne::none}});
}

KeyframeChoice keyframe_choice_of(const py::object& name, const char* option) {
  return named<KeyframeChoice>(name, option,
                               {{"nearest", KeyframeChoice::nearest}, {"shqm", KeyframeChoice::shqm}});
}

/// Boxes from float64 [N, T, 4], rows of NaN being none.
BoxTracks box_tracks(const DoubleArray& array) {
  const std::int64_t count = array.shape(0), frames = array.shape(1);
  std::vector<BoxTracks::Slot> boxes(static_cast<std::size_t>(count * frames));
  const double* row = array.data();
  for (BoxTracks::Slot& box : boxes) {
    const bool none = std::isnan(row[0]) && std::isnan(row[1]) && std::isnan(row[2]) && std::isnan(row[3]);
    if (!none) box = Box{row[0], row[1], row[2], row[3]};
    row += 4;
  }
  return {count, frames, std::move(boxes)};
}

std::vector<Tracks> sources_of(const py::sequence& list) {
  std::vector<Tracks> sources;
  for (const py::handle& source : list) sources.push_back(source.cast<Tracks>());
  return sources;
}

Eigen::Map<const IndexTable> indices_of(const IndexArray& array) {
  return {array.data(), array.shape(0), array.shape(1)};
}

/// A table [S * N, T] as an array [.., N, T].
py::array reshaped(Table&& table, const std::vector<py::ssize_t>& shape) {
  return py::cast(std::move(table)).cast<py::array>().reshape(shape);
}

py::array scm_of(const py::sequence& a, const py::sequence& b, const DoubleArray& boxes,
                 const py::object& kind_name) {
  const std::vector<Tracks> left = sources_of(a), right = sources_of(b);
  const BoxOverlap kind = box_overlap_of(kind_name);
  Table out;
  {
    const py::gil_scoped_release release;
    out = scm(policy(), left, right, box_tracks(boxes), kind);
  }
  return reshaped(std::move(out), {static_cast<py::ssize_t>(left.size()),
                                   static_cast<py::ssize_t>(right.size()), boxes.shape(0), boxes.shape(1)});
}

py::tuple shqm_of(const py::sequence& list, const DoubleArray& boxes, const py::object& kind_name) {
  const std::vector<Tracks> sources = sources_of(list);
  const BoxOverlap kind = box_overlap_of(kind_name);
  FusedTracks result;
  {
    const py::gil_scoped_release release;
    result = shqm(policy(), std::span<const Tracks>(sources), box_tracks(boxes), kind);
  }
  return py::make_tuple(std::move(result.tracks), std::move(result.winner),
                        reshaped(std::move(result.score),
                                 {static_cast<py::ssize_t>(sources.size()), boxes.shape(0), boxes.shape(1)}));
}

Tracks doob_of(const Tracks& tracks, const DoubleArray& boxes, std::int64_t margin,
               const py::object& kind_name, const py::object& rule_name) {
  const DoobOptions options{margin, box_overlap_of(kind_name), rule_of(rule_name)};
  const py::gil_scoped_release release;
  return doob(policy(), tracks, box_tracks(boxes), options);
}

py::tuple assign_of(const Tracks& predicted, const std::optional<Tracks>& helper, const DoubleArray& boxes,
                    const py::object& one_to_one, double min_score, const py::object& kind_name,
                    const py::object& rule_name) {
  const AssignOptions options{one_to_one_of(one_to_one), min_score, box_overlap_of(kind_name),
                              rule_of(rule_name)};
  Assignment result;
  {
    const py::gil_scoped_release release;
    result = assign(policy(), predicted, helper ? &*helper : nullptr, box_tracks(boxes), options);
  }
  return py::make_tuple(std::move(result.tracks), std::move(result.prediction), std::move(result.score));
}

IndexTable keyframes_of(const DoubleArray& scores, std::int64_t every, const py::object& spread) {
  const KeyframeOptions options{
      every, named<Spread>(spread, "spread", {{"top", Spread::top}, {"per_segment", Spread::per_segment}})};
  return keyframes(table_of(scores), options);
}

py::tuple fuse_keyframes_of(const py::sequence& list, const IndexArray& starts, const py::object& by,
                            const std::optional<DoubleArray>& boxes, const py::object& kind_name) {
  const std::vector<Tracks> tracks = sources_of(list);
  const std::optional<BoxTracks> given = boxes ? std::optional(box_tracks(*boxes)) : std::nullopt;
  const FuseKeyframesOptions options{keyframe_choice_of(by, "by"), given ? &*given : nullptr,
                                     box_overlap_of(kind_name)};
  FusedKeyframes result;
  {
    const auto table = indices_of(starts);
    const py::gil_scoped_release release;
    result = fuse_keyframes(policy(), std::span<const Tracks>(tracks), table, options);
  }
  return py::make_tuple(std::move(result.tracks), std::move(result.winner));
}

py::tuple filtered(FilteredTruth&& result) {
  return py::make_tuple(std::move(result.tracks), std::move(result.removed), array_of(result.kept));
}

py::tuple missing_data_of(const Tracks& truth, const Tracks& fused, const py::object& per) {
  const auto choice =
      named<MissingPer>(per, "per", {{"frame", MissingPer::frame}, {"instance", MissingPer::instance}});
  FilteredTruth result;
  {
    const py::gil_scoped_release release;
    result = missing_data(truth, fused, choice);
  }
  return filtered(std::move(result));
}

py::tuple remove_inaccurate_of(const Tracks& truth, const Tracks& fused, double threshold) {
  Table iou;
  FilteredTruth result;
  {
    const py::gil_scoped_release release;
    iou = counterpart_iou(policy(), truth, fused);
    result = remove_inaccurate(truth, iou, threshold);
  }
  return py::make_tuple(filtered(std::move(result)), std::move(iou));
}

/// Tracks; [Tracks]: unassigned; ([Tracks, ..], keyframes): tracks from several keyframes.
MaskSource mask_source(const py::handle& object) {
  if (py::isinstance<py::list>(object)) return Unassigned{object.cast<py::list>()[0].cast<Tracks>()};
  if (!py::isinstance<py::tuple>(object)) return object.cast<Tracks>();
  const auto pair = object.cast<py::tuple>();
  return Keyframed{sources_of(pair[0]), indices_of(pair[1].cast<IndexArray>())};
}

py::tuple whole(const py::sequence& list, const DoubleArray& boxes, std::int64_t helper,
                const py::object& one_to_one, double min_score, const py::object& keyframes_by,
                const py::object& kind_name, std::int64_t margin, const py::object& doob_on,
                const py::object& rule_name) {
  std::vector<MaskSource> sources;
  for (const py::handle& source : list) sources.push_back(mask_source(source));
  const PseudoMaskOptions options{
      helper,
      one_to_one_of(one_to_one),
      min_score,
      keyframe_choice_of(keyframes_by, "keyframes_by"),
      box_overlap_of(kind_name),
      margin,
      named<DoobOn>(doob_on, "doob_on",
                    {{"fused", DoobOn::fused}, {"sources_and_fused", DoobOn::sources_and_fused}}),
      rule_of(rule_name)};
  PseudoMasks result;
  {
    const py::gil_scoped_release release;
    result = pseudo_masks(policy(), std::span<const MaskSource>(sources), box_tracks(boxes), options);
  }
  return py::make_tuple(std::move(result.tracks), std::move(result.fused), std::move(result.winner),
                        reshaped(std::move(result.score),
                                 {static_cast<py::ssize_t>(sources.size()), boxes.shape(0), boxes.shape(1)}),
                        std::move(result.sources));
}

}  // namespace

void bind_fuse(py::module_& module) {
  module.def("scm", &scm_of);
  module.def("shqm", &shqm_of);
  module.def("doob", &doob_of);
  module.def("assign", &assign_of);
  module.def("keyframes", &keyframes_of);
  module.def("fuse_keyframes", &fuse_keyframes_of);
  module.def("missing_data", &missing_data_of);
  module.def("remove_inaccurate", &remove_inaccurate_of);
  module.def("pseudo_masks", &whole);
}

}  // namespace vislabel::python
