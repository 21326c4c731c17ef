/// How well a score orders what it scores: AutoQ-VIS shows with it that its quality score tells good
/// pseudo-labels from bad ones better than the detector's own score does.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>
#include <vislabel/core/eight_lanes.hpp>
#include <vislabel/core/error.hpp>
#include <vislabel/core/exec.hpp>

namespace vislabel {

/// What `rank_correlation` measures: each in [-1, 1], or NaN.
struct RankCorrelation {
  double spearman = std::numeric_limits<double>::quiet_NaN();
  double pearson = std::numeric_limits<double>::quiet_NaN();
};

namespace detail {

__extension__ using WideCount = __int128;  // sums of a billion squared ranks

/// 2 r - (n + 1) of every value's rank r among n, equal values having their average rank: whole numbers
/// whose sum is 0, so that Spearman's sums are exact.
[[nodiscard]] inline std::vector<std::int64_t> centred_ranks(std::span<const double> values) {
  struct Entry {
    double value;
    std::size_t index;
  };
  std::vector<Entry> order(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = {values[i], i};
  std::sort(order.begin(), order.end(), [](const Entry& a, const Entry& b) { return a.value < b.value; });
  std::vector<std::int64_t> ranks(values.size());
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && order[end].value == order[begin].value) ++end;
    const auto rank = static_cast<std::int64_t>(begin + end) - static_cast<std::int64_t>(order.size());
    for (std::size_t i = begin; i < end; ++i) ranks[order[i].index] = rank;
  }
  return ranks;
}

[[nodiscard]] inline WideCount product_sum(const std::vector<std::int64_t>& a,
                                           const std::vector<std::int64_t>& b) {
  WideCount sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<WideCount>(a[i]) * b[i];
  return sum;
}

/// Adds what `terms(begin, count, out)` writes, 256 terms at a time; sums of them with what rounding takes
/// away (Neumaier), so that the error does not grow with their number. That the terms go through memory
/// matters: some machines would round a product and its sum once instead of twice.
template <class Terms>
[[nodiscard]] double steady_sum(std::size_t count, Terms&& terms) {
  std::array<double, 256> block;
  double sum = 0, rest = 0;
  for (std::size_t begin = 0; begin < count; begin += block.size()) {
    const std::size_t size = std::min(block.size(), count - begin);
    terms(begin, size, block.data());
    LaneSum of_block;
    of_block.add(block.data(), size);
    const double term = of_block.sum(), next = sum + term;
    rest += std::abs(sum) >= std::abs(term) ? (sum - next) + term : (term - next) + sum;
    sum = next;
  }
  return sum + rest;
}

[[nodiscard]] inline double product_sum(const std::vector<double>& a, const std::vector<double>& b) {
  return steady_sum(a.size(), [&](std::size_t begin, std::size_t count, double* out) {
    for (std::size_t i = 0; i < count; ++i) out[i] = a[begin + i] * b[begin + i];
  });
}

/// Multiplies by the power of two that brings the largest magnitude into [1, 2), if it is a number but 0.
inline void scale_to_one(std::vector<double>& values) {
  double most = 0;
  for (const double x : values) most = std::max(most, std::abs(x));
  if (most == 0 || std::isinf(most)) return;
  const int exponent = -std::ilogb(most);  // up to 1074, which is too much for one factor
  const double half = std::ldexp(1.0, exponent / 2), rest = std::ldexp(1.0, exponent - exponent / 2);
  for (double& x : values) x = x * half * rest;
}

/// How far the values lie from their mean, in a unit near the largest of them: so neither do squares of
/// 1e300 overflow, nor those of 1e-300 vanish.
[[nodiscard]] inline std::vector<double> deviations(std::span<const double> values) {
  std::vector<double> out(values.begin(), values.end());
  scale_to_one(out);
  const double origin = out.empty() ? 0 : out.front();
  for (double& x : out) x -= origin;  // exact where all are far from 0 and close together, as no mean is
  const double total = steady_sum(out.size(), [&](std::size_t begin, std::size_t count, double* terms) {
    std::copy_n(out.begin() + static_cast<std::ptrdiff_t>(begin), count, terms);
  });
  const double mean = total / static_cast<double>(out.size());
  for (double& x : out) x -= mean;
  return out;
}

/// Sum of products over the root of both sums of squares; NaN where one of them is 0, or something
/// infinite. The same on both sides is exactly 1, and so is anything that rounding lifts above it.
[[nodiscard]] inline double correlation(double products, double squares_a, double squares_b) {
  const bool defined = squares_a > 0 && squares_b > 0;  // not so of NaN
  return defined ? std::clamp(products / std::sqrt(squares_a * squares_b), -1.0, 1.0)
                 : std::numeric_limits<double>::quiet_NaN();
}

/// The numbers of `values` where `where` is not 0, or all.
[[nodiscard]] inline std::vector<double> numbers_where(std::span<const double> values, const char* name,
                                                       std::span<const std::uint8_t> where) {
  std::vector<double> out;
  out.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!where.empty() && where[i] == 0) continue;
    require(!std::isnan(values[i]), name, "[", i, "] is NaN, expected a number");
    out.push_back(values[i]);
  }
  return out;
}

}  // namespace detail

/// Spearman's and Pearson's correlation of a quality score with the IoU that it stands for.
///
/// *Shapes*: `quality`, `iou` [K], usually one entry per detection and frame; `where` [K], 0 leaves a pair
/// out (an absent frame), or empty: all count.
/// *Units and conventions*: equal values share their average rank. Spearman's is exactly 1 for one order
/// and -1 for its reverse. Both are NaN for fewer than two pairs and where one side is constant; an
/// infinite number has a rank, but makes Pearson's NaN. What `where` leaves out may be anything.
/// *Source*: AutoQ-VIS, Fig. 4. *Errors*: lengths that differ; NaN. *Cost*: two sorts. Spearman's sums are
/// exact; Pearson's lose no digits to the number of pairs, to an offset or to values of 1e300.
template <exec::Policy P>
[[nodiscard]] RankCorrelation rank_correlation(P policy, std::span<const double> quality,
                                               std::span<const double> iou,
                                               std::span<const std::uint8_t> where = {}) {
  detail::require(quality.size() == iou.size(), "quality has ", quality.size(),
                  " entries, expected one per IoU (", iou.size(), ")");
  detail::require(where.empty() || where.size() == iou.size(), "where has ", where.size(),
                  " entries, expected one per IoU (", iou.size(), ")");
  const std::array<std::vector<double>, 2> sides{detail::numbers_where(quality, "quality", where),
                                                 detail::numbers_where(iou, "iou", where)};
  std::array<std::vector<std::int64_t>, 2> ranks;
  std::array<std::vector<double>, 2> distances;
  constexpr std::int64_t number_ns = 100;
  exec::for_each(policy, 2, static_cast<std::int64_t>(sides[0].size()) * number_ns, [&](std::int64_t i) {
    const auto side = static_cast<std::size_t>(i);
    ranks[side] = detail::centred_ranks(sides[side]);
    distances[side] = detail::deviations(sides[side]);
  });
  const auto coefficient = [](const auto& both) {
    const auto sum = [&](std::size_t a, std::size_t b) {
      return static_cast<double>(detail::product_sum(both[a], both[b]));
    };
    return detail::correlation(sum(0, 1), sum(0, 0), sum(1, 1));
  };
  return {coefficient(ranks), coefficient(distances)};
}

}  // namespace vislabel
