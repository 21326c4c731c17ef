/// The background loss: how well a choice of masks agrees with a map of background probabilities.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>
#include <vislabel/core/eight_lanes.hpp>
#include <vislabel/core/pixels.hpp>
#include <vislabel/path/exact_sums.hpp>
#include <vislabel/path/region_values.hpp>
#include <vislabel/path/submasks.hpp>

namespace vislabel {

/// What a sum over the pixels of a frame is divided by.
enum class Reduction {
  mean,  ///< the number of pixels, height x width
  sum,   ///< nothing
};

/// The background loss of every choice of disjoint masks: `base` for none, plus the sum of theirs.
struct BackgroundCost {
  double base = 0;               ///< of the empty set
  std::vector<double> per_mask;  ///< [N]: what choosing a mask adds
};

namespace detail {

[[nodiscard]] inline double scale_of(Reduction reduction, Size size) {
  if (reduction == Reduction::sum || size.pixels() == 0) return 1;
  return 1 / static_cast<double>(size.pixels());
}

inline constexpr double least_probability = 1e-6;  ///< probabilities are kept so far from 0 and 1

/// *Errors*: a map of another size.
template <class T>
void require_background(const Pixels<const T, 2>& background, Size size) {
  require(background.size() == size, "background has size ", background.size(), ", expected ", size,
          ", that of the masks");
}

/// -log of the whole frame's product of probabilities.
///
/// *Errors*: a value outside [0, 1], or NaN.
template <class T>
[[nodiscard]] double base_cost(const Pixels<const T, 2>& background) {
  const Size size = background.size();
  std::vector<double> row(static_cast<std::size_t>(size.width));
  LogProduct product;
  for (std::int64_t y = 0; y < size.height; ++y) {
    read_row(background, y, row.data());
    const bool valid = clamp_probabilities(row.data(), row.size(), least_probability);
    for (std::int64_t x = 0; !valid && x < size.width; ++x) {
      const auto p = static_cast<double>(background.at(y, x));
      require(p >= 0 && p <= 1, "background[", y, ", ", x, "] is ", p, ", expected a probability, 0 to 1");
    }
    product.multiply(row.data(), row.size());
  }
  return LogProduct().log_over(product);
}

/// The background loss by regions, on a common grid: every sum of them is exact.
struct RegionCosts {
  double base = 0;              ///< of the empty set
  std::vector<double> regions;  ///< [R]: what each adds where it is foreground
};

/// Coarser than sums would need, and than the roundings in most products: regions with the same values in the
/// same order cost exactly the same, wherever they lie, and those in another order nearly always.
inline constexpr int region_bits = 46;

template <class T>
[[nodiscard]] RegionCosts region_costs(const Regions& regions, const Pixels<const T, 2>& background,
                                       Reduction reduction) {
  const double scale = scale_of(reduction, background.size());
  RegionCosts costs{base_cost(background) * scale, {}};
  double most = costs.base;
  Scratch<double> memory;
  for (const PackedMask& region : regions.masks) {
    const std::span<double> values = values_at(region, background, memory);
    LogProduct in_background, in_foreground;
    (void)clamp_probabilities(values.data(), values.size(), least_probability);
    in_background.multiply(values.data(), values.size());
    for (double& p : values) p = 1 - p;
    in_foreground.multiply(values.data(), values.size());
    costs.regions.push_back(in_background.log_over(in_foreground) * scale);
    most += std::abs(costs.regions.back());
  }
  const CostGrid grid(most, region_bits);
  costs.base = grid(costs.base);
  for (double& cost : costs.regions) cost = grid(cost);
  return costs;
}

/// The costs of N masks, each the sum over its regions.
[[nodiscard]] inline std::vector<double> mask_costs(const Regions& regions, std::span<const double> costs,
                                                    std::int64_t count) {
  std::vector<double> out(static_cast<std::size_t>(count), 0.0);
  for (std::size_t r = 0; r < regions.members.size(); ++r)
    for (const std::int64_t n : regions.members[r]) out[static_cast<std::size_t>(n)] += costs[r];
  return out;
}

}  // namespace detail

/// The cross entropy of a map of background probabilities with what a choice of masks leaves to the
/// background: the sum over all pixels of -log(1 - Bg) in a chosen mask, of -log Bg elsewhere.
///
/// *Shapes*: `masks` [N]; `background` [H, W], probabilities that a pixel is background.
/// *Units and conventions*: natural logarithms; probabilities are clamped to [1e-6, 1 - 1e-6]. Costs are
/// rounded to a grid on which their sums are exact, 2^-46 of the largest one.
/// *Source*: GBOpt, Eq. 3, 12 to 16. *Errors*: another size; a value outside [0, 1], or NaN.
template <class T>
[[nodiscard]] BackgroundCost background_cost(const Masks& masks, const Pixels<const T, 2>& background,
                                             Reduction reduction = Reduction::mean) {
  detail::require_background(background, masks.size());
  const detail::Regions regions = detail::regions_of(masks);
  const detail::RegionCosts costs = detail::region_costs(regions, background, reduction);
  return {costs.base, detail::mask_costs(regions, costs.regions, masks.count())};
}

}  // namespace vislabel
