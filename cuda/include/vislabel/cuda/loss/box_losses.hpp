/// What the box-supervised losses take and give on the device; for every compiler.
#pragma once

#include <cstdint>
#include <optional>
#include <vislabel/core/box.hpp>
#include <vislabel/core/rule.hpp>
#include <vislabel/core/size.hpp>
#include <vislabel/loss/pair_loss.hpp>

namespace vislabel::cuda {

/// Memory for `projection_loss` and its gradient to work in: all on the device. Those of the gradient may be
/// null for the loss alone.
struct ProjectionWork {
  std::uint64_t* rows;             ///< [N, H] the largest logit of every row, as an integer of its order
  std::uint64_t* columns;          ///< [N, W] and of every column
  std::uint32_t* nan;              ///< [N] whether there is NaN among the logits
  std::uint32_t* first_of_row;     ///< [N, H] the column of a row's first maximum. Gradient
  std::uint32_t* first_of_column;  ///< [N, W] the row of a column's first maximum. Gradient
  double* row_slopes;              ///< [N, H] what goes there. Gradient
  double* column_slopes;           ///< [N, W] Gradient
};

/// Options of `pairwise_affinity_loss`: the host's.
struct AffinityRule {
  Rule rule = Rule::paper;
  std::optional<double> threshold = std::nullopt;
  double theta = 2;
};

/// Which pairs of neighbours are alike, and which of them an instance asks about.
struct AffinityInput {
  const Box* boxes = nullptr;           ///< [N]
  const std::int64_t* image = nullptr;  ///< [N] which image each instance is in; null: n modulo `images`
  std::int64_t images = 0;              ///< B
  std::uint8_t* alike = nullptr;        ///< [B, H, W] as `similar_pairs` writes them. Workspace
  std::uint32_t* nan = nullptr;         ///< [N] whether there is NaN among the logits. Workspace
};

/// Memory for `pairwise_affinity_loss` to work in, and its results: all on the device.
struct AffinityOutput {
  double* tiles;        ///< [N, `affinity_tiles` of the frame] sums of parts of the frame. Workspace
  double* loss;         ///< [N]
  std::int64_t* pairs;  ///< [N] the divisor
};

/// Into how many tiles a frame is cut.
[[nodiscard]] constexpr std::int64_t affinity_tiles(Size frame) {
  using namespace vislabel::detail;
  return ((frame.height + tile_rows - 1) / tile_rows) * ((frame.width + tile_columns - 1) / tile_columns);
}

}  // namespace vislabel::cuda
