/// Random videos of proposals, background maps and flows.
#pragma once

#include <vislabel/path/select_masks.hpp>

#include "subsets.hpp"

namespace oracle {

using vislabel::SelectedMasks;
using vislabel::SelectMasksOptions;

/// A video as dense arrays.
struct Video {
  Size size;
  std::vector<std::vector<Dense>> masks;
  std::vector<Map> backgrounds;
  std::vector<std::optional<Flow>> flows;

  [[nodiscard]] std::size_t count() const { return masks.size(); }

  [[nodiscard]] std::vector<vislabel::ProposalFrame<double>> frames() const {
    std::vector<vislabel::ProposalFrame<double>> out;
    for (std::size_t t = 0; t < count(); ++t) {
      out.push_back({packed(size, masks[t]), backgrounds[t].view(), {}});
      if (flows[t]) out.back().flow = flows[t]->view();
    }
    return out;
  }
};

inline Video random_video(Random& random, Size size, std::int64_t frames, std::int64_t most_masks) {
  Video video{size, {}, {}, {}};
  for (std::int64_t t = 0; t < frames; ++t) {
    video.masks.push_back(
        random_proposals(random, size, random.one_in(6) ? 0 : random.below(most_masks + 1)));
    video.backgrounds.push_back(random_background(random, size));
    video.flows.emplace_back();
    if (t + 1 < frames && !random.one_in(6)) video.flows.back() = random_flow(random, size);
  }
  return video;
}

inline SelectMasksOptions random_options(Random& random) {
  SelectMasksOptions options;
  options.choice.search.k = random.between(1, 6);
  options.choice.search.algorithm = random.any_of(algorithms());
  options.choice.max_overlap = random.any_of(std::vector<std::int64_t>{0, 0, 3});
  options.choice.reduction = random.one_in(2) ? Reduction::mean : Reduction::sum;
  options.image_weight = random.any_of(std::vector{1.0, 0.0, 2.5});
  options.flow_weight = random.any_of(std::vector{1.0, 0.0, 0.25});
  options.consistency_weight = random.any_of(std::vector{0.5, 0.0, 3.0});
  options.inside = random.one_in(2) ? InsideFlow::rigid : InsideFlow::measured;
  options.paths = random.between(1, 4);
  return options;
}

inline void require_same(const SelectedMasks& a, const SelectedMasks& b) {
  REQUIRE(a.paths.costs == b.paths.costs);
  REQUIRE(a.paths.labels.rows() == b.paths.labels.rows());
  REQUIRE(a.paths.labels.cols() == b.paths.labels.cols());
  REQUIRE((a.paths.labels == b.paths.labels).all());
  REQUIRE(a.unary == b.unary);
  REQUIRE(a.frames.size() == b.frames.size());
  REQUIRE(a.pairwise.size() == b.pairwise.size());
  for (std::size_t t = 0; t < a.frames.size(); ++t) {
    REQUIRE(a.frames[t].best.subsets == b.frames[t].best.subsets);
    REQUIRE(a.frames[t].best.costs == b.frames[t].best.costs);
    REQUIRE(a.frames[t].best.nodes == b.frames[t].best.nodes);
    REQUIRE(a.frames[t].foregrounds == b.frames[t].foregrounds);
    REQUIRE(a.frames[t].flow_costs == b.frames[t].flow_costs);
    REQUIRE(a.frames[t].proposals == b.frames[t].proposals);
    REQUIRE(a.frames[t].conflicts == b.frames[t].conflicts);
    if (t > 0) REQUIRE((a.pairwise[t - 1] == b.pairwise[t - 1]).all());
  }
}

inline SelectedMasks selected(const Video& video, const SelectMasksOptions& options = {}) {
  return select_masks(vislabel::exec::Seq{}, std::span<const vislabel::ProposalFrame<double>>(video.frames()),
                      options);
}

/// Three frames of one row, in which an object of two pixels moves to the right.
inline Video moving_object() {
  Video video{{1, 6}, {}, {}, {}};
  for (std::int64_t t = 0; t < 3; ++t) {
    Dense object(video.size), both(video.size);
    fill(object, 0, t, 1, t + 2), fill(both, 0, 0, 1, t + 3);
    video.masks.push_back({both, Dense(video.size), object});
    video.backgrounds.emplace_back(video.size);
    video.flows.push_back(Flow{Map(video.size), Map(video.size)});
    video.backgrounds.back().each([&](const Map::Shape& at) {
      const bool inside = object(0, at[1]) != 0;
      video.backgrounds.back()[at] = inside ? 0.1 : 0.9;
      video.flows.back()->x[at] = inside ? 1 : 0;
    });
  }
  video.flows.back().reset();
  return video;
}

}  // namespace oracle
