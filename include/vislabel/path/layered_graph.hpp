/// Stage 2 of GBOpt's selection: the cheapest paths through a graph of layers, one label per frame, by
/// dynamic programming. Any costs will do: negative ones, infinite ones, layers of different sizes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>
#include <vislabel/core/error.hpp>
#include <vislabel/iou/tables.hpp>

namespace vislabel {

/// The cheapest paths, ascending; equal costs by lexicographically smaller labels.
struct ShortestPaths {
  IndexTable labels;          ///< [P, T]
  std::vector<double> costs;  ///< [P]
};

namespace detail {

/// A path from the first frame up to some frame, as its last step.
struct PathStep {
  double cost;
  std::int32_t before;  // among the steps of the frame before; -1: none
  std::int32_t label;
  std::int32_t rank;  // lexicographic, among the paths up to this frame
};

/// Ranks the steps of a frame by their paths' labels.
inline void rank(std::vector<PathStep>& steps, const std::vector<PathStep>& before) {
  std::vector<std::size_t> order(steps.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [&](const PathStep& step) {
    return std::pair(step.before < 0 ? 0 : before[static_cast<std::size_t>(step.before)].rank, step.label);
  };
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return key(steps[a]) < key(steps[b]); });
  for (std::size_t i = 0; i < order.size(); ++i) steps[order[i]].rank = static_cast<std::int32_t>(i);
}

/// The cheaper one, then the lexicographically smaller one.
inline void keep_cheapest(std::vector<PathStep>& steps, std::size_t begin, std::size_t count) {
  const auto cheaper = [](const PathStep& a, const PathStep& b) {
    return a.cost < b.cost || (a.cost == b.cost && a.rank < b.rank);
  };
  const std::size_t end = std::min(begin + count, steps.size());
  std::partial_sort(steps.begin() + static_cast<std::ptrdiff_t>(begin),
                    steps.begin() + static_cast<std::ptrdiff_t>(end), steps.end(), cheaper);
  steps.resize(end);
}

inline void require_costs(std::span<const double> costs, const char* name, std::size_t t) {
  for (const double cost : costs)
    require(cost > -HUGE_VAL, name, "[", t, "] holds ", cost,
            ", expected finite costs, or infinity where forbidden");
}

[[nodiscard]] inline std::span<const double> values_of(const Table& table) {
  return {table.data(), static_cast<std::size_t>(table.size())};
}

inline void require_paths(std::int64_t paths) {
  constexpr std::int64_t most = 1'000'000;
  require(paths >= 1 && paths <= most, "paths is ", paths, ", expected 1 to ", most);
}

/// *Errors*: shapes that do not fit; NaN and minus infinity.
inline void require_layers(std::span<const std::vector<double>> unary, std::span<const Table> pairwise) {
  require(pairwise.size() + (unary.empty() ? 0 : 1) == unary.size(), "pairwise has ", pairwise.size(),
          " tables, expected ", unary.empty() ? 0 : unary.size() - 1, ", one between each two of ",
          unary.size(), " frames");
  for (std::size_t t = 0; t < unary.size(); ++t) {
    require(unary[t].size() <= INT32_MAX, "unary[", t, "] has ", unary[t].size(),
            " labels, expected at most ", INT32_MAX);
    require_costs(unary[t], "unary", t);
    if (t + 1 == unary.size()) break;
    const Table& table = pairwise[t];
    require(static_cast<std::size_t>(table.rows()) == unary[t].size() &&
                static_cast<std::size_t>(table.cols()) == unary[t + 1].size(),
            "pairwise[", t, "] is [", table.rows(), ", ", table.cols(), "], expected [", unary[t].size(),
            ", ", unary[t + 1].size(), "], the labels of frames ", t, " and ", t + 1);
    require_costs(values_of(table), "pairwise", t);
  }
}

/// Frame after frame, the `paths` cheapest paths to every label.
class PathFinder {
 public:
  PathFinder(std::span<const std::vector<double>> unary, std::span<const Table> pairwise, std::size_t paths)
      : unary_(unary), pairwise_(pairwise), paths_(paths) {
    require_layers(unary, pairwise);
    for (std::size_t t = 0; t < unary.size(); ++t) add_frame(t);
  }

  [[nodiscard]] ShortestPaths best() {
    if (frames_.empty()) return {IndexTable(1, 0), {0.0}};
    std::vector<PathStep>& last = frames_.back();
    keep_cheapest(last, 0, paths_);
    ShortestPaths best;
    best.labels.resize(static_cast<Eigen::Index>(last.size()), static_cast<Eigen::Index>(frames_.size()));
    for (std::size_t p = 0; p < last.size(); ++p) {
      best.costs.push_back(last[p].cost);
      auto step = static_cast<std::int32_t>(p);
      for (std::size_t t = frames_.size(); t-- > 0; step = frames_[t][static_cast<std::size_t>(step)].before)
        best.labels(static_cast<Eigen::Index>(p), static_cast<Eigen::Index>(t)) =
            frames_[t][static_cast<std::size_t>(step)].label;
    }
    return best;
  }

 private:
  void add_frame(std::size_t t) {
    std::vector<PathStep> steps;
    static const std::vector<PathStep> nothing;
    const std::vector<PathStep>& before = t == 0 ? nothing : frames_[t - 1];
    for (std::size_t k = 0; k < unary_[t].size(); ++k) {
      if (!std::isfinite(unary_[t][k])) continue;
      const double own = unary_[t][k];
      const auto label = static_cast<std::int32_t>(k);
      const std::size_t begin = steps.size();
      if (t == 0) steps.push_back({own, -1, label, 0});
      for (std::size_t i = 0; i < before.size(); ++i) {
        const double edge = pairwise_[t - 1](before[i].label, static_cast<Eigen::Index>(k));
        if (std::isfinite(edge))
          steps.push_back({before[i].cost + edge + own, static_cast<std::int32_t>(i), label, before[i].rank});
      }
      keep_cheapest(steps, begin, paths_);
    }
    require(steps.size() <= INT32_MAX, "paths is ", paths_, ", expected fewer for frames of so many labels");
    rank(steps, before);
    frames_.push_back(std::move(steps));
  }

  std::span<const std::vector<double>> unary_;
  std::span<const Table> pairwise_;
  std::size_t paths_;
  std::vector<std::vector<PathStep>> frames_;
};

}  // namespace detail

/// The `paths` label sequences of least cost: the sum of each frame's own cost and of the costs between
/// consecutive ones.
///
/// *Shapes*: `unary` T times [K_t]; `pairwise` T - 1 times [K_t, K_t+1]; out at most [paths, T].
/// *Units and conventions*: infinity forbids a label or a step. A frame without labels allows no path. No
/// frames: one path without labels, of cost 0. Costs are added frame by frame, in double. Equal costs by
/// lexicographically smaller labels, which is decided at every frame.
/// *Source*: GBOpt, Eq. 17, with the last frame's own cost.
/// *Errors*: other shapes; NaN; minus infinity; paths < 1.
/// *Cost*: T x K x K x paths.
[[nodiscard]] inline ShortestPaths shortest_paths(std::span<const std::vector<double>> unary,
                                                  std::span<const Table> pairwise, std::int64_t paths = 1) {
  detail::require_paths(paths);
  return detail::PathFinder(unary, pairwise, static_cast<std::size_t>(paths)).best();
}

}  // namespace vislabel
