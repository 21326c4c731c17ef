/// The whole of PM-VIS's pseudo-mask selection in one call: sources of every kind in, one mask per annotated
/// instance and frame out.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <variant>
#include <vector>
#include <vislabel/core/exec.hpp>
#include <vislabel/fuse/assign.hpp>
#include <vislabel/fuse/doob.hpp>
#include <vislabel/fuse/keyframes.hpp>
#include <vislabel/fuse/shqm.hpp>

namespace vislabel {

/// A detector's tracks [P, T], whose rows belong to no instance yet.
struct Unassigned {
  Tracks tracks;
};

/// Tracks started from several keyframes of each instance: as for `fuse_keyframes`.
struct Keyframed {
  std::vector<Tracks> tracks;  ///< K times [N, T]
  IndexTable keyframes;        ///< [N, K]
};

/// Masks of the annotated instances from one model. Tracks [N, T]: row n belongs to box n already.
using MaskSource = std::variant<Tracks, Unassigned, Keyframed>;

/// Which masks DOOB cleans.
enum class DoobOn {
  fused,  ///< those that SHQM selects
  /// Each source's too, before SHQM compares them, as PM-VIS does with all but the tracker's. A mask of which
  /// nothing is left is then absent: it is no candidate.
  sources_and_fused,
};

/// Options of `pseudo_masks`.
struct PseudoMaskOptions {
  /// The source that unassigned predictions are compared with; -1: the first one that is not unassigned,
  /// and boxes alone where all are.
  std::int64_t helper = -1;
  OneToOne one_to_one = OneToOne::greedy;
  double min_score = 0;  ///< as in `AssignOptions`
  KeyframeChoice keyframes_by = KeyframeChoice::nearest;
  BoxOverlap box_overlap = BoxOverlap::iou;  ///< everywhere
  std::int64_t margin = 0;                   ///< as in `DoobOptions`
  DoobOn doob_on = DoobOn::fused;
  Rule rule = Rule::paper;  ///< as in `AssignOptions` and `DoobOptions`
};

/// What `pseudo_masks` makes.
struct PseudoMasks {
  Tracks tracks;                ///< [N, T] after DOOB
  Tracks fused;                 ///< [N, T] what SHQM selected, before DOOB
  IndexTable winner;            ///< [N, T] which source won; -1: absent
  Table score;                  ///< [S * N, T], which is [S, N, T] in memory: A of every source
  std::vector<Tracks> sources;  ///< S tracks of [N, T], as they were compared
};

namespace detail {

/// Calls `make()`, and says in its errors which source they are about.
template <class Make>
[[nodiscard]] Tracks of_source(std::size_t source, Make&& make) {
  try {
    return make();
  } catch (const Error& error) {
    fail("sources[", source, "]: ", error.what());
  }
}

/// The sources as one row per instance; `helper` is found among the results.
template <class P>
[[nodiscard]] std::vector<Tracks> aligned(P policy, std::span<const MaskSource> sources,
                                          const BoxTracks& boxes, const PseudoMaskOptions& options) {
  std::vector<Tracks> out(sources.size());
  std::int64_t helper = options.helper;
  for (std::size_t s = 0; s < sources.size(); ++s) {
    if (std::holds_alternative<Unassigned>(sources[s])) continue;
    out[s] = of_source(s, [&] {
      const auto* keyframed = std::get_if<Keyframed>(&sources[s]);
      Tracks tracks = keyframed == nullptr
                          ? std::get<Tracks>(sources[s])
                          : fuse_keyframes(policy, keyframed->tracks, keyframed->keyframes,
                                           {options.keyframes_by, &boxes, options.box_overlap})
                                .tracks;
      require_boxes(boxes, tracks);
      return tracks;
    });
    if (helper < 0) helper = static_cast<std::int64_t>(s);
  }
  const Tracks* const compared = helper < 0 ? nullptr : &out[static_cast<std::size_t>(helper)];
  for (std::size_t s = 0; s < sources.size(); ++s)
    if (const auto* unassigned = std::get_if<Unassigned>(&sources[s]))
      out[s] = of_source(s, [&] {
        return assign(policy, unassigned->tracks, compared, boxes,
                      {options.one_to_one, options.min_score, options.box_overlap, options.rule})
            .tracks;
      });
  return out;
}

/// DOOB of one source; masks of which nothing is left are absent.
template <class P>
[[nodiscard]] Tracks cleaned(P policy, const Tracks& source, const BoxTracks& boxes,
                             const DoobOptions& options) {
  const Tracks clean = doob(policy, source, boxes, options);
  std::vector<Tracks::Slot> slots;
  slots.reserve(static_cast<std::size_t>(clean.count() * clean.frames()));
  for (std::int64_t n = 0; n < clean.count(); ++n)
    for (std::int64_t t = 0; t < clean.frames(); ++t) {
      const bool lost = clean.area(n, t) == 0 && source.area(n, t) > 0;
      slots.push_back(lost ? Tracks::Slot{} : clean(n, t));
    }
  return {clean.size(), clean.count(), clean.frames(), std::move(slots)};
}

}  // namespace detail

/// Fuses masks of several sources under box annotations: keyframe tracks are fused, predictions assigned,
/// SHQM selects among the sources, DOOB removes overlaps and what leaves the boxes.
///
/// *Shapes*: `sources` S >= 2, each Tracks [N, T], `Unassigned` [P, T] or `Keyframed` K times [N, T]; `boxes`
/// [N, T]. *Units and conventions*: no box: absent. Ties go to the first source.
/// *Source*: PM-VIS, Sec. III-B to III-D. *Errors*: those of the steps; a `helper` that is no source, or is
/// itself unassigned.
template <exec::Policy P>
[[nodiscard]] PseudoMasks pseudo_masks(P policy, std::span<const MaskSource> sources, const BoxTracks& boxes,
                                       const PseudoMaskOptions& options = {}) {
  const auto count = static_cast<std::int64_t>(sources.size());
  detail::require(count >= 2, "sources has ", count, " entries, expected at least 2");
  detail::require_min_score(options.min_score);
  detail::require(options.helper >= -1 && options.helper < count, "helper is ", options.helper,
                  ", expected the index of a source, or -1");
  detail::require(options.helper < 0 ||
                      !std::holds_alternative<Unassigned>(sources[static_cast<std::size_t>(options.helper)]),
                  "helper is ", options.helper,
                  ", a source whose rows are unassigned, expected one with a row per instance");
  const DoobOptions doob_options{options.margin, options.box_overlap, options.rule};
  std::vector<Tracks> tracks = detail::aligned(policy, sources, boxes, options);
  if (options.doob_on == DoobOn::sources_and_fused)
    for (Tracks& source : tracks) source = detail::cleaned(policy, source, boxes, doob_options);
  FusedTracks fused = shqm(policy, tracks, boxes, options.box_overlap);
  Tracks clean = doob(policy, fused.tracks, boxes, doob_options);
  return {std::move(clean), std::move(fused.tracks), std::move(fused.winner), std::move(fused.score),
          std::move(tracks)};
}

}  // namespace vislabel
