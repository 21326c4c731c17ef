/// The flow loss: how well the measured optical flow agrees with a synthetic one that knows only which masks
/// are chosen.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>
#include <vislabel/core/eight_lanes.hpp>
#include <vislabel/path/background.hpp>
#include <vislabel/path/consistency.hpp>
#include <vislabel/path/region_values.hpp>
#include <vislabel/path/submasks.hpp>

namespace vislabel {

/// Optical flow: how many pixels to the right and down each pixel moves until the next frame.
template <class T>
struct FlowField {
  Pixels<const T, 2> x, y;  ///< [H, W] each

  [[nodiscard]] Size size() const { return x.size(); }
};

/// A flow field from an array whose last axis holds x and y.
///
/// *Shapes*: `array` [H, W, 2]. *Errors*: another last axis.
template <class T>
[[nodiscard]] FlowField<T> flow_field(const Pixels<const T, 3>& array) {
  const auto [height, width, channels] = array.shape;
  detail::require(channels == 2, "flow has shape [", height, ", ", width, ", ", channels,
                  "], expected [H, W, 2]: x and y of every pixel");
  const std::array<std::int64_t, 2> shape{height, width};
  const std::array<std::ptrdiff_t, 2> strides{array.strides[0], array.strides[1]};
  return {{array.data, shape, strides}, {array.data + array.strides[2], shape, strides}};
}

/// What the synthetic flow is inside of the chosen masks.
enum class InsideFlow {
  rigid,     ///< the mean of the measured flow over each mask: no model is needed
  measured,  ///< the measured flow itself: only the background counts
  given,     ///< what the caller's model finds between composed frames (GBOpt's own)
};

/// Options of `flow_cost`.
struct FlowOptions {
  InsideFlow inside = InsideFlow::rigid;
  Reduction reduction = Reduction::mean;
};

namespace detail {

/// For every one of `centers`, the sum of the distances of all values from it.
inline void distances(std::span<const double> values, std::span<const double> centers,
                      std::vector<LaneSum>& sums) {
  constexpr std::size_t chunk = 512;  // stays in the first cache while every center takes its turn
  sums.assign(centers.size(), {});
  for (std::size_t begin = 0; begin < values.size(); begin += chunk)
    for (std::size_t c = 0; c < centers.size(); ++c)
      sums[c].add_distances(values.data() + begin, std::min(chunk, values.size() - begin), centers[c]);
}

/// *Errors*: a value of the map that is not finite.
template <class T>
void require_finite(const Pixels<const T, 2>& map, const char* name, int channel) {
  for (std::int64_t y = 0; y < map.size().height; ++y)
    for (std::int64_t x = 0; x < map.size().width; ++x)
      require(std::isfinite(map.at(y, x)), name, "[", y, ", ", x, ", ", channel, "] is ", map.at(y, x),
              ", expected a finite number of pixels");
}

template <class T>
void require_flow(const FlowField<T>& flow, Size size, const char* name) {
  require(flow.size() == size, name, " has size ", flow.size(), ", expected ", size, ", that of the masks");
  require(flow.y.size() == size, name, " has size ", flow.y.size(), " in y, expected ", size,
          ", that of the masks");
}

/// The regions of a frame, and whose synthetic flow each one of them gets.
class FlowRegions {
 public:
  FlowRegions(const Regions& regions, std::int64_t count, std::span<const std::vector<std::int64_t>> subsets)
      : regions_(regions), used_(static_cast<std::size_t>(count), false) {
    std::vector<bool> chosen(static_cast<std::size_t>(count));
    for (const std::vector<std::int64_t>& subset : subsets) {
      std::fill(chosen.begin(), chosen.end(), false);
      for (const std::int64_t n : subset)
        chosen[static_cast<std::size_t>(n)] = used_[static_cast<std::size_t>(n)] = true;
      std::vector<std::int64_t>& owners = owners_.emplace_back(this->count(), std::int64_t{-1});
      for (std::size_t r = 0; r < regions.members.size(); ++r) {
        const auto owner = std::find_if(regions.members[r].begin(), regions.members[r].end(),
                                        [&](std::int64_t n) { return chosen[static_cast<std::size_t>(n)]; });
        if (owner != regions.members[r].end()) owners[r] = *owner;
      }
    }
  }

  /// The regions, and last the pixels that no mask covers.
  [[nodiscard]] std::size_t count() const { return regions_.masks.size() + 1; }
  [[nodiscard]] const PackedMask& mask(std::size_t r) const {
    return r < regions_.masks.size() ? regions_.masks[r] : regions_.uncovered;
  }

  /// The masks of region r that are in any of the subsets, ascending.
  [[nodiscard]] std::vector<std::int64_t> members(std::size_t r) const {
    std::vector<std::int64_t> out;
    if (r < regions_.members.size())
      for (const std::int64_t n : regions_.members[r])
        if (used_[static_cast<std::size_t>(n)]) out.push_back(n);
    return out;
  }

  /// The first mask of subset k in region r; -1: none.
  [[nodiscard]] std::int64_t owner(std::size_t k, std::size_t r) const { return owners_[k][r]; }
  [[nodiscard]] std::size_t subsets() const { return owners_.size(); }
  [[nodiscard]] std::size_t masks() const { return used_.size(); }

 private:
  const Regions& regions_;
  std::vector<bool> used_;                         // [N]: in any subset
  std::vector<std::vector<std::int64_t>> owners_;  // [K][R + 1]
};

/// The sums and means that one channel of the flow needs.
class FlowChannel {
 public:
  template <class T>
  FlowChannel(const FlowRegions& regions, const Pixels<const T, 2>& map, int channel) : regions_(regions) {
    double* const values = values_.room(static_cast<std::size_t>(map.size().pixels()));
    std::size_t end = 0;
    for (std::size_t r = 0; r < regions.count(); ++r) {
      const auto area = static_cast<std::size_t>(regions.mask(r).area());
      read_values(regions.mask(r), map, values + end);
      LaneSum sum;
      sum.add(values + end, area);
      own_.emplace_back(values + end, area), sums_.push_back(sum.sum());
      end += area;
      if (!std::isfinite(sums_.back())) require_finite(map, "flow", channel);
      require(std::isfinite(sums_.back()), "flow adds up to ", sums_.back(), ", expected a finite sum");
    }
  }

  /// Adds to every subset's cost what this channel differs from its synthetic flow.
  void add_to(std::vector<double>& costs, InsideFlow inside) const {
    const std::vector<double> outside = means_outside(), within = means_within();
    std::vector<double> centers;
    std::vector<LaneSum> sums;
    for (std::size_t r = 0; r < regions_.count(); ++r) {
      centers.clear();
      for (std::size_t k = 0; k < costs.size(); ++k)
        if (regions_.owner(k, r) < 0) centers.push_back(outside[k]);
      const std::size_t first_member = centers.size();
      const std::vector<std::int64_t> members =
          inside == InsideFlow::rigid ? regions_.members(r) : std::vector<std::int64_t>{};
      for (const std::int64_t n : members) centers.push_back(within[static_cast<std::size_t>(n)]);
      distances(own_[r], centers, sums);
      for (std::size_t k = 0, next = 0; k < costs.size(); ++k) {
        const std::int64_t owner = regions_.owner(k, r);
        if (owner < 0) {
          costs[k] += sums[next++].sum();
        } else if (inside == InsideFlow::rigid) {
          const auto place = std::lower_bound(members.begin(), members.end(), owner) - members.begin();
          costs[k] += sums[first_member + static_cast<std::size_t>(place)].sum();
        }
      }
    }
  }

 private:
  /// Of every subset: over the pixels outside of it.
  [[nodiscard]] std::vector<double> means_outside() const {
    std::vector<double> means;
    for (std::size_t k = 0; k < regions_.subsets(); ++k) {
      double sum = 0;
      std::int64_t area = 0;
      for (std::size_t r = 0; r < regions_.count(); ++r)
        if (regions_.owner(k, r) < 0) sum += sums_[r], area += regions_.mask(r).area();
      means.push_back(area > 0 ? sum / static_cast<double>(area) : 0);
    }
    return means;
  }

  /// Of every mask.
  [[nodiscard]] std::vector<double> means_within() const {
    std::vector<double> means(regions_.masks(), 0.0), areas(regions_.masks(), 0.0);
    for (std::size_t r = 0; r < regions_.count(); ++r)
      for (const std::int64_t n : regions_.members(r)) {
        means[static_cast<std::size_t>(n)] += sums_[r];
        areas[static_cast<std::size_t>(n)] += static_cast<double>(regions_.mask(r).area());
      }
    for (std::size_t n = 0; n < means.size(); ++n)
      if (areas[n] > 0) means[n] /= areas[n];
    return means;
  }

  const FlowRegions& regions_;
  Scratch<double> values_;                    // of all pixels, region by region
  std::vector<std::span<const double>> own_;  // [R + 1]: each region's
  std::vector<double> sums_;                  // [R + 1]
};

/// The flow loss of K subsets; for `given`, that of the pixels outside alone.
template <class P, class T>
[[nodiscard]] std::vector<double> flow_cost(P policy, const Regions& regions, std::int64_t count,
                                            const FlowField<T>& flow,
                                            std::span<const std::vector<std::int64_t>> subsets,
                                            const FlowOptions& options) {
  const FlowRegions own(regions, count, subsets);
  std::array<std::vector<double>, 2> costs;  // of each channel
  exec::for_each(policy, 2, 4 * flow.size().pixels(), [&](std::int64_t channel) {
    std::vector<double>& sums = costs[static_cast<std::size_t>(channel)];
    sums.assign(subsets.size(), 0.0);
    FlowChannel(own, channel == 0 ? flow.x : flow.y, static_cast<int>(channel)).add_to(sums, options.inside);
  });
  const double scale = scale_of(options.reduction, flow.size());
  for (std::size_t k = 0; k < subsets.size(); ++k) costs[0][k] = (costs[0][k] + costs[1][k]) * scale;
  return std::move(costs[0]);
}

}  // namespace detail

/// The L1 distance of the measured flow from the synthetic one of every subset of a frame's masks.
///
/// Outside of the chosen masks the synthetic flow is the mean of the measured one over the pixels there,
/// inside it is what `inside` says; for `given` this is the part outside, to which `given_flow_cost` adds.
///
/// *Shapes*: `masks` [N]; `flow` [H, W]; `subsets` K; out [K].
/// *Units and conventions*: |dx| + |dy|, in double. No pixels outside: they cost nothing. A pixel of several
/// chosen masks moves with the first one.
/// *Source*: GBOpt, Eq. 4 and App. C; `rigid` and `measured` are ours.
/// *Errors*: another size; values that are not finite; indices outside [0, N), or that do not ascend.
template <exec::Policy P, class T>
[[nodiscard]] std::vector<double> flow_cost(P policy, const Masks& masks, const FlowField<T>& flow,
                                            std::span<const std::vector<std::int64_t>> subsets,
                                            const FlowOptions& options = {}) {
  detail::require_flow(flow, masks.size(), "flow");
  for (std::size_t k = 0; k < subsets.size(); ++k)
    detail::require_subset(subsets[k], masks.count(), "subsets", k);
  return detail::flow_cost(policy, detail::regions_of(masks), masks.count(), flow, subsets, options);
}

namespace detail {

/// Over the pixels of one mask, one channel.
template <class T, class U>
[[nodiscard]] double channel_distance(const PackedMask& mask, const Pixels<const T, 2>& flow,
                                      const Pixels<const U, 2>& given, int channel) {
  Scratch<double> memory, other;
  const std::span<double> a = values_at(mask, flow, memory), b = values_at(mask, given, other);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
  LaneSum distance;
  distance.add_distances(a.data(), a.size(), 0);
  if (!std::isfinite(distance.sum())) {
    require_finite(flow, "flow", channel);
    require_finite(given, "given", channel);
  }
  return distance.sum();
}

}  // namespace detail

/// The L1 distance of the measured flow from given ones, over the pixels of the chosen masks.
///
/// *Shapes*: `foregrounds` [B], the chosen masks' pixels; `flow` [H, W]; `given` B of [H, W]; out [B].
/// *Source*: GBOpt, App. C. *Errors*: different sizes or numbers; values inside that are not finite.
template <exec::Policy P, class T, class U>
[[nodiscard]] std::vector<double> given_flow_cost(P policy, const Masks& foregrounds,
                                                  const FlowField<T>& flow,
                                                  std::span<const FlowField<U>> given,
                                                  Reduction reduction = Reduction::mean) {
  detail::require_flow(flow, foregrounds.size(), "flow");
  detail::require(static_cast<std::int64_t>(given.size()) == foregrounds.count(), "given has ", given.size(),
                  " flows, expected ", foregrounds.count(), ", one per foreground");
  for (const FlowField<U>& one : given) detail::require_flow(one, foregrounds.size(), "given");
  std::vector<double> costs(given.size());
  exec::for_each(policy, foregrounds.count(), 4 * flow.size().pixels(), [&](std::int64_t b) {
    const auto i = static_cast<std::size_t>(b);
    costs[i] = (detail::channel_distance(foregrounds[b], flow.x, given[i].x, 0) +
                detail::channel_distance(foregrounds[b], flow.y, given[i].y, 1)) *
               detail::scale_of(reduction, flow.size());
  });
  return costs;
}

}  // namespace vislabel
