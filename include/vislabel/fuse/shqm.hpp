/// SHQM: of several masks of one instance, the one that agrees best with all the others.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>
#include <vislabel/core/exec.hpp>
#include <vislabel/fuse/scm.hpp>
#include <vislabel/iou/tables.hpp>

namespace vislabel {

/// What `shqm` selects.
struct FusedTracks {
  Tracks tracks;      ///< [N, T] the winners
  IndexTable winner;  ///< [N, T] which source won; -1: absent
  Table score;        ///< [S * N, T], which is [S, N, T] in memory: A of every source
};

namespace detail {

/// The candidates of one slot, and what Eq. 6-8 make of them. Room for S sources, used again and again.
class Support {
 public:
  explicit Support(std::size_t sources) : agreement_(sources), scm_(sources * sources), terms_(sources) {}

  /// The scores of the masks of instance n in frame t: A_i, for every source.
  void measure(std::span<const Tracks> sources, const BoxTracks& boxes, std::int64_t n, std::int64_t t,
               BoxOverlap kind) {
    const std::size_t count = sources.size();
    for (std::size_t i = 0; i < count; ++i)
      agreement_[i] = box_agreement(sources[i](n, t), boxes(n, t), kind);
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t j = i + 1; j < count; ++j)
        scm_[i * count + j] = scm_[j * count + i] =
            slot_scm(sources[i](n, t), agreement_[i], sources[j](n, t), agreement_[j]);
  }

  /// A of source i (Eq. 7). The smallest terms first: equal candidates must tie, whatever their places.
  [[nodiscard]] double score(std::size_t i) {
    const std::size_t count = agreement_.size();
    std::copy_n(scm_.begin() + static_cast<std::ptrdiff_t>(i * count), count, terms_.begin());
    terms_[i] = 0;
    std::sort(terms_.begin(), terms_.end());
    return std::accumulate(terms_.begin(), terms_.end(), 0.0);
  }

 private:
  std::vector<double> agreement_, scm_, terms_;
};

/// SHQM of any number of sources.
template <class P>
[[nodiscard]] FusedTracks best_supported(P policy, std::span<const Tracks> sources, const BoxTracks& boxes,
                                         BoxOverlap kind) {
  require_sources(sources, boxes, "sources");
  const auto count = static_cast<std::int64_t>(sources.size());
  const std::int64_t rows = boxes.count(), frames = boxes.frames();
  IndexTable winner = IndexTable::Constant(rows, frames, -1);
  Table score(count * rows, frames);
  std::vector<Tracks::Slot> slots(static_cast<std::size_t>(rows * frames));
  exec::for_each(
      policy, rows * frames, count * (count - 1) / 2 * aligned_ns + 50,
      [&] { return Support(sources.size()); },
      [&](Support& support, std::int64_t slot) {
        const std::int64_t n = slot / frames, t = slot % frames;
        support.measure(sources, boxes, n, t, kind);
        for (std::int64_t i = 0; i < count; ++i) {
          const double own = score(i * rows + n, t) = support.score(static_cast<std::size_t>(i));
          const bool candidate = boxes(n, t) && sources[static_cast<std::size_t>(i)].present(n, t);
          if (candidate && (winner(n, t) < 0 || own > score(winner(n, t) * rows + n, t))) winner(n, t) = i;
        }
        if (winner(n, t) >= 0)
          slots[static_cast<std::size_t>(slot)] = sources[static_cast<std::size_t>(winner(n, t))](n, t);
      });
  return {Tracks(sources.front().size(), rows, frames, std::move(slots)), std::move(winner),
          std::move(score)};
}

}  // namespace detail

/// Selects, per instance and frame, the mask that agrees best with those of the other sources: the one with
/// the largest A_i, the sum over the others of SCM(m_i, m_j).
///
/// *Shapes*: `sources` S >= 2 tracks of [N, T]; `boxes` [N, T].
/// *Units and conventions*: ties go to the first source. Absent masks are no candidates; empty ones are, with
/// score 0. A mask alone wins with score 0; of two the first always wins. No candidate, or no
/// box: absent. *Source*: PM-VIS, Eq. 6-8.
/// *Errors*: fewer than two sources; different sizes, numbers of instances or of frames.
template <exec::Policy P>
[[nodiscard]] FusedTracks shqm(P policy, std::span<const Tracks> sources, const BoxTracks& boxes,
                               BoxOverlap kind = BoxOverlap::iou) {
  detail::require(sources.size() >= 2, "sources has ", sources.size(), " entries, expected at least 2");
  return detail::best_supported(policy, sources, boxes, kind);
}

}  // namespace vislabel
