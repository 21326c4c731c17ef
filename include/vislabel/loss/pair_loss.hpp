/// What one pair of neighbours adds to the pairwise affinity loss, on the host and on a device.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vislabel/core/elementary.hpp>

namespace vislabel::detail {

/// From a pixel to a neighbour: a 3 x 3 kernel of dilation 2. Of the eight, the four to the right of a pixel
/// and below: each pair once, from the pixel that comes first.
struct Neighbour {
  std::int64_t down, right;
};
inline constexpr std::int64_t neighbour_distance = 2;
inline constexpr std::array<Neighbour, 4> neighbours{{{0, neighbour_distance},
                                                      {neighbour_distance, -neighbour_distance},
                                                      {neighbour_distance, 0},
                                                      {neighbour_distance, neighbour_distance}}};

// How the losses of an instance are added up, so that threads can keep the order: the pairs of a pixel (those
// of which it comes first) one after the other, then groups of pixels in a row, then the groups of a tile's
// row, the rows of a tile, and the tiles in an `OrderedSum`. Groups and tiles begin at multiples of their
// size in the frame.
inline constexpr std::int64_t group_columns = 4;  ///< a product of 4 * 4 pairs twice each stays above 1e-288
inline constexpr std::int64_t tile_columns = 32, tile_rows = 8;

/// One pixel: its logit, and the probabilities that it stands for.
struct Odds {
  double logit, foreground, background;
};

/// -log P of two logits so far on opposite sides that P leaves the range of double.
[[nodiscard]] constexpr double disagreement(double a, double b) {
  a = std::abs(a), b = std::abs(b);
  return std::min(a, b) + logarithm_of_one_plus(exponential(-a)) + logarithm_of_one_plus(exponential(-b)) -
         logarithm_of_one_plus(exponential(-std::abs(a - b)));
}

/// Its derivative by a.
[[nodiscard]] constexpr double disagreement_slope(double a, double b) {
  const double of_a = exponential(-std::abs(a)), of_b = exponential(-std::abs(b));
  const double size = (1 - of_b) / (1 + of_a) / (1 + exponential(std::abs(a) - std::abs(b)));
  return a < 0 ? -size : size;
}

inline constexpr double least_agreement = 1e-290;  ///< a P below it has lost digits, or is 0

/// -log P of some pairs, of which the logarithm is taken when all are known: `terms` - log `product`.
struct PairLoss {
  double product = 1, terms = 0;

  /// One pair, which counts `weight` times: 1 or 2.
  constexpr void add(const Odds& a, const Odds& b, int weight) {
    const double differ = a.foreground * b.background + a.background * b.foreground;
    if (differ < 0x1p-10) {  // -log(1 - differ), which the rounding of 1 - differ would spoil
      terms +=
          weight * (differ * (1 + differ * (1. / 2 + differ * (1. / 3 + differ * (1. / 4 + differ / 5)))));
      return;
    }
    const double agree = a.foreground * b.foreground + a.background * b.background;
    if (agree >= 1e-9)
      product *= weight == 2 ? agree * agree : agree;
    else
      terms += weight * (agree > least_agreement ? -logarithm(agree) : disagreement(a.logit, b.logit));
  }

  [[nodiscard]] constexpr double loss() const { return product == 1 ? terms : terms - logarithm(product); }
};

/// The losses of a group's four pixels together.
[[nodiscard]] constexpr double group_loss(const PairLoss& a, const PairLoss& b, const PairLoss& c,
                                          const PairLoss& d) {
  return PairLoss{(a.product * b.product) * (c.product * d.product),
                  (a.terms + b.terms) + (c.terms + d.terms)}
      .loss();
}

/// The derivative of -log P by the logit of a pixel, in the making: `slope` p (1 - p) + `direct`.
struct PairSlope {
  double slope = 0, direct = 0;

  /// The pair of the pixel `a` with `b`.
  constexpr void add(const Odds& a, const Odds& b, int weight) {
    const double agree = a.foreground * b.foreground + a.background * b.background;
    if (agree > least_agreement)
      slope += weight * (b.background - b.foreground) / agree;
    else
      direct += weight * disagreement_slope(a.logit, b.logit);
  }

  [[nodiscard]] constexpr double of(const Odds& a) const {
    return slope * a.foreground * a.background + direct;
  }
};

}  // namespace vislabel::detail
