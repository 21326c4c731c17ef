/// The K cheapest subsets of one frame's masks: the costs of `background.hpp`, the search of `k_best.hpp`.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>
#include <vislabel/path/background.hpp>
#include <vislabel/path/conflict_graph.hpp>
#include <vislabel/path/k_best.hpp>
#include <vislabel/path/mask_groups.hpp>

namespace vislabel {

/// Options of `k_best` for masks.
struct MaskChoiceOptions {
  KBestOptions search = {};
  std::int64_t max_overlap = 0;  ///< masks that share at most so many pixels may be chosen together
  Reduction reduction = Reduction::mean;
};

namespace detail {

/// The K best subsets of a frame's masks, and how many pairs of them conflict.
struct FrameChoice {
  KBest best;
  std::int64_t conflicts = 0;
};

template <class T>
[[nodiscard]] FrameChoice frame_choice(const Regions& regions, std::int64_t count,
                                       const Pixels<const T, 2>& background,
                                       const MaskChoiceOptions& options) {
  const RegionCosts costs = region_costs(regions, background, options.reduction);
  const ConflictGraph conflicts = conflict_graph(regions, count, options.max_overlap);
  const std::vector<double> weights = mask_costs(regions, costs.regions, count);
  double most = costs.base;
  for (const double cost : costs.regions) most += std::abs(cost) * static_cast<double>(count);
  const CostUnits units(most, "background");
  const std::vector<MaskGroup> groups = options.max_overlap > 0
                                            ? mask_groups(regions, costs_of(costs.regions, units), conflicts)
                                            : mask_groups(costs_of(weights, units), conflicts);
  return {KBestSolver(groups, units, costs.base, options.search).run(), conflicts.edges()};
}

}  // namespace detail

/// The K subsets of a frame's masks of least background loss of which no two conflict, the empty one
/// included.
///
/// *Shapes*: `masks` [N]; `background` [H, W], probabilities that a pixel is background.
/// *Units and conventions*: as for `background_cost`. Where `max_overlap` lets chosen masks share pixels,
/// each counts once. A mask without pixels costs nothing: subsets with and without it tie.
/// *Source*: GBOpt, Sec. 3.3.
/// *Errors*: as for `background_cost`; a negative tolerance; k < 1; max_nodes < 1.
template <class T>
[[nodiscard]] KBest k_best(const Masks& masks, const Pixels<const T, 2>& background,
                           const MaskChoiceOptions& options = {}) {
  detail::require_k(options.search);
  detail::require_max_overlap(options.max_overlap);
  detail::require_background(background, masks.size());
  return detail::frame_choice(detail::regions_of(masks), masks.count(), background, options).best;
}

}  // namespace vislabel
