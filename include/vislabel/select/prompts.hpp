/// UVIS's labels: an instance is of the class of the prompt that it is most similar to.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>
#include <vislabel/core/error.hpp>
#include <vislabel/core/exec.hpp>
#include <vislabel/iou/tables.hpp>
#include <vislabel/select/candidates.hpp>
#include <vislabel/select/unit_rows.hpp>

namespace vislabel {

/// The prompt of each instance.
struct PromptMatch {
  std::vector<std::int64_t> label;   ///< [N] the prompt's class
  std::vector<std::int64_t> prompt;  ///< [N] its index
  std::vector<double> similarity;    ///< [N] the cosine of instance and prompt
};

/// For each instance, of all prompts of all classes the one whose embedding has the largest cosine with the
/// instance's features.
///
/// *Shapes*: `features` [N, D] and `prompts` [P, D] of float or double; `classes` [P].
/// *Units and conventions*: cosines are computed in double and brought into [-1, 1]; ties: the first
/// prompt. A vector of zeros has no direction, and the cosine 0 to everything: an instance of zeros gets
/// the first prompt and the similarity 0, which no sensible threshold lets pass. *Source*: UVIS, supplement
/// B2.
/// *Errors*: no prompts; shapes that do not fit; NaN, infinity. *Cost*: N P D.
template <exec::Policy P, class F, class E>
[[nodiscard]] PromptMatch match_prompts(P policy, const Eigen::ArrayBase<F>& features,
                                        const Eigen::ArrayBase<E>& prompts,
                                        std::span<const std::int64_t> classes) {
  static_assert(std::is_floating_point_v<typename F::Scalar>);
  const detail::FeatureRows<F> rows(features.derived());
  detail::require(prompts.rows() > 0, "prompts has no rows, expected at least one prompt");
  detail::require(static_cast<Eigen::Index>(classes.size()) == prompts.rows(), "classes has ", classes.size(),
                  " entries, expected one per prompt (", prompts.rows(), ")");
  detail::require(rows.cols() == prompts.cols(), "features has ", rows.cols(),
                  " columns, expected as many as prompts (", prompts.cols(), ")");
  detail::require_finite(policy, rows, "features");
  const Table directions = unit_rows(policy, prompts, "prompts");
  const detail::Candidates candidates(directions);
  const auto count = static_cast<std::size_t>(rows.rows());
  PromptMatch out{std::vector<std::int64_t>(count), std::vector<std::int64_t>(count),
                  std::vector<double>(count)};

  struct State {
    Table rows;
    detail::Candidates::Work work;
  };
  constexpr Eigen::Index most = detail::Candidates::most_rows;
  const std::int64_t ns = most * rows.cols() * (6 + candidates.count() / 2) / detail::columns_per_ns;
  exec::for_each(
      policy, detail::Candidates::blocks(rows.rows()), 1 + ns,
      [&] { return State{Table(most, rows.cols()), {}}; },
      [&](State& state, Eigen::Index block) {
        const Eigen::Index begin = block * most, end = std::min(begin + most, rows.rows());
        for (Eigen::Index n = begin; n < end; ++n)
          detail::unit_row(rows.data() + n * rows.outerStride(), rows.cols(),
                           state.rows.data() + (n - begin) * rows.cols());
        candidates.most_similar(state.work, state.rows.data(), end - begin,
                                [&](Eigen::Index i, Eigen::Index prompt, double cosine) {
                                  const auto n = static_cast<std::size_t>(begin + i);
                                  out.label[n] = classes[static_cast<std::size_t>(prompt)];
                                  out.prompt[n] = prompt;
                                  out.similarity[n] = cosine;
                                });
      });
  return out;
}

}  // namespace vislabel
