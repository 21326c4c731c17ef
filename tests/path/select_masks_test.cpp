#include <doctest/doctest.h>

#include <vislabel/path/select_masks.hpp>

#include "videos.hpp"

using namespace vislabel;
using oracle::Dense;
using oracle::Map;
using oracle::moving_object;
using oracle::require_same;
using oracle::selected;
using oracle::Subset;
using oracle::Subsets;
using oracle::Video;

namespace {

/// The steps one after the other, as a caller would take them.
SelectedMasks by_hand(const Video& video, const SelectMasksOptions& options) {
  SelectedMasks out;
  for (std::size_t t = 0; t < video.count(); ++t) {
    Subset kept;
    std::vector<Dense> proposals;
    for (std::size_t n = 0; n < video.masks[t].size(); ++n)
      if (oracle::area(video.masks[t][n]) > 0)
        kept.push_back(static_cast<std::int64_t>(n)), proposals.push_back(video.masks[t][n]);
    const Masks masks = oracle::packed(video.size, proposals);
    FrameCandidates frame;
    frame.best = k_best(masks, video.backgrounds[t].view(), options.choice);
    frame.proposals = masks.count();
    frame.conflicts = conflict_graph(masks, options.choice.max_overlap).edges();
    frame.foregrounds = foregrounds(exec::Seq{}, masks, frame.best.subsets);
    if (video.flows[t])
      frame.flow_costs = flow_cost(exec::Seq{}, masks, video.flows[t]->view(), frame.best.subsets,
                                   {options.inside, options.choice.reduction});
    for (Subset& subset : frame.best.subsets)
      for (std::int64_t& n : subset) n = kept[static_cast<std::size_t>(n)];
    out.unary.emplace_back();
    for (const double cost : frame.best.costs) out.unary.back().push_back(options.image_weight * cost);
    if (t > 0) {
      const FrameCandidates& before = out.frames.back();
      Table& table = out.pairwise.emplace_back(
          options.consistency_weight * consistency_cost(exec::Seq{}, before.foregrounds, frame.foregrounds));
      for (std::size_t k = 0; k < before.flow_costs.size(); ++k)
        table.row(static_cast<Eigen::Index>(k)) += options.flow_weight * before.flow_costs[k];
    }
    out.frames.push_back(std::move(frame));
  }
  out.paths = shortest_paths(out.unary, out.pairwise, options.paths);
  return out;
}

/// Eq. 11 on dense masks, with the last frame's own loss.
double objective(const Video& video, const Subsets& chosen, const SelectMasksOptions& options) {
  double sum = 0;
  for (std::size_t t = 0; t < video.count(); ++t) {
    const Dense own = oracle::foreground(video.size, video.masks[t], chosen[t]);
    sum +=
        options.image_weight * oracle::background_loss(video.backgrounds[t], own, options.choice.reduction);
    if (t + 1 == video.count()) break;
    const Dense next = oracle::foreground(video.size, video.masks[t + 1], chosen[t + 1]);
    sum += options.consistency_weight * oracle::consistency_loss(own, next);
    if (video.flows[t])
      sum +=
          options.flow_weight * oracle::flow_loss(*video.flows[t], video.masks[t], chosen[t], options.inside,
                                                  *video.flows[t], options.choice.reduction);
  }
  return sum;
}

/// Subsets of which no two members share more pixels than allowed.
Subsets allowed(const std::vector<Dense>& masks, std::int64_t max_overlap) {
  Subsets out = oracle::all_subsets(masks.size());
  std::erase_if(out, [&](const Subset& subset) {
    for (const std::int64_t i : subset)
      for (const std::int64_t j : subset)
        if (i < j && oracle::common(masks[static_cast<std::size_t>(i)], masks[static_cast<std::size_t>(j)]) >
                         max_overlap)
          return true;
    return false;
  });
  return out;
}

}  // namespace

TEST_CASE("a moving object is followed; indices are the caller's, masks without pixels are no proposals") {
  const SelectedMasks found = selected(moving_object());
  REQUIRE(found.paths.costs.size() == 1);
  for (std::int64_t t = 0; t < 3; ++t) {
    CHECK(found.chosen(0, t) == Subset{2});
    CHECK(found.frames[static_cast<std::size_t>(t)].proposals == 2);
    CHECK(found.frames[static_cast<std::size_t>(t)].conflicts == 1);
    CHECK(found.frames[static_cast<std::size_t>(t)].best.subsets.size() == 3);
  }
  CHECK(oracle::close(found.paths.costs[0], 3 * -std::log(0.9) - 0.5 * (1.0 / 3 + 1.0 / 3)));
}

TEST_CASE("the best path of a small video has the least of Eq. 11 over all choices of all frames") {
  oracle::Random random(461);
  for (int round = 0; round < 60; ++round) {
    const Video video =
        oracle::random_video(random, {random.between(1, 8), random.between(1, 8)}, random.between(1, 3), 3);
    SelectMasksOptions options = oracle::random_options(random);
    options.choice.search.k = 100;
    std::vector<Subsets> sequences{{}};
    for (const std::vector<Dense>& masks : video.masks) {
      std::vector<Subsets> longer;
      for (const Subset& subset : allowed(masks, options.choice.max_overlap))
        for (const Subsets& before : sequences) longer.emplace_back(before).push_back(subset);
      sequences = std::move(longer);
    }
    double least = std::numeric_limits<double>::infinity();
    for (const Subsets& sequence : sequences) least = std::min(least, objective(video, sequence, options));
    const SelectedMasks found = selected(video, options);
    REQUIRE(oracle::close(found.paths.costs[0], least));
    Subsets chosen;
    for (std::size_t t = 0; t < video.count(); ++t)
      chosen.push_back(found.chosen(0, static_cast<std::int64_t>(t)));
    REQUIRE(oracle::close(objective(video, chosen, options), least));
  }
}

TEST_CASE("the selection is its steps put together, bit for bit, under every policy") {
  oracle::Random random(462);
  for (int round = 0; round < 60; ++round) {
    const Size size = round < 4 ? random.any_of(std::vector<Size>{{64, 64}, {33, 100}})
                                : Size{random.between(0, 20), random.between(0, 20)};
    const Video video = oracle::random_video(random, size, random.below(7), 7);
    const SelectMasksOptions options = oracle::random_options(random);
    const SelectedMasks expected = by_hand(video, options);
    const std::vector<ProposalFrame<double>> frames = video.frames();
    require_same(select_masks(exec::Seq{}, std::span(frames), options), expected);
    for (const int threads : {1, 2, 4})
      require_same(select_masks(exec::Omp{threads}, std::span(frames), options), expected);
  }
}

TEST_CASE("frames may hold floats, in every memory layout") {
  oracle::Random random(465);
  const Size size{40, 33};
  const Masks masks = oracle::packed(size, oracle::random_proposals(random, size, 6));
  const oracle::Array<float> background(oracle::random_background(random, size), oracle::Layout::rows);
  const oracle::Array<float> flow(oracle::random_flow(random, size).x, oracle::Layout::rows);
  const auto select = [&](const auto& of, const auto& moving) {
    using Frame = ProposalFrame<std::remove_cvref_t<decltype(of(0, 0))>>;
    const std::vector<Frame> frames(2, Frame{masks, of.view(), {{moving.view(), moving.view()}}});
    return select_masks(exec::Seq{}, std::span<const Frame>(frames));
  };
  const SelectedMasks expected =
      select(Map(background, oracle::Layout::rows), Map(flow, oracle::Layout::rows));
  for (const oracle::Layout layout : oracle::layouts())
    require_same(select(oracle::Array<float>(background, layout), oracle::Array<float>(flow, layout)),
                 expected);
}

TEST_CASE("frames without proposals, and videos without frames, have defined results") {
  Video video = moving_object();
  video.masks[1].clear();
  const SelectedMasks found = selected(video);
  CHECK(found.frames[1].best.subsets == Subsets{{}});
  CHECK(found.chosen(0, 0) == Subset{2});
  CHECK(found.chosen(0, 1).empty());
  CHECK(found.chosen(0, 2) == Subset{2});
  video.masks[1] = {Dense(video.size), Dense(video.size)};
  require_same(selected(video), found);
  const SelectedMasks none = selected(Video{});
  CHECK(none.paths.costs == std::vector<double>{0});
  CHECK(none.frames.empty());
}

TEST_CASE("errors name the frame") {
  const auto message = [](const auto& change) {
    Video video = moving_object();
    change(video);
    return oracle::error_of([&] { return selected(video); });
  };
  CHECK(message([](Video&) {}) == "(no error)");
  CHECK(message([](Video& video) { video.backgrounds[2](0, 3) = std::nan(""); }) ==
        "frame 2: background[0, 3] is nan, expected a probability, 0 to 1");
  CHECK(message([](Video& video) { video.backgrounds[1] = Map(Size{6, 1}); }) ==
        "frame 1: background has size 6 x 1, expected 1 x 6, that of the masks");
  CHECK(message([](Video& video) { video.flows[1]->y(0, 5) = HUGE_VAL; }) ==
        "frame 1: flow[0, 5, 1] is inf, expected a finite number of pixels");
  CHECK(message([](Video& video) { video.flows[0]->x = Map(Size{1, 5}); }) ==
        "frame 0: flow has size 1 x 5, expected 1 x 6, that of the masks");
  CHECK(message([](Video& video) { video.backgrounds[2](0, 0) = video.backgrounds[1](0, 0) = 2; }) ==
        "frame 1: background[0, 0] is 2, expected a probability, 0 to 1");
}

TEST_CASE("bad options are refused") {
  const auto message = [](const auto& change) {
    SelectMasksOptions options;
    change(options);
    return oracle::error_of([&] { return selected(moving_object(), options); });
  };
  CHECK(message([](SelectMasksOptions& o) { o.choice.search.k = 0; }) == "k is 0, expected 1 to 1000000");
  CHECK(message([](SelectMasksOptions& o) { o.choice.search.max_nodes = 0; }) ==
        "max_nodes is 0, expected at least 1");
  CHECK(message([](SelectMasksOptions& o) { o.choice.max_overlap = -1; }) ==
        "max_overlap is -1, expected at least 0 pixels");
  CHECK(message([](SelectMasksOptions& o) { o.image_weight = -1; }) ==
        "image_weight is -1, expected a finite number of at least 0");
  CHECK(message([](SelectMasksOptions& o) { o.flow_weight = std::nan(""); }) ==
        "flow_weight is nan, expected a finite number of at least 0");
  CHECK(message([](SelectMasksOptions& o) { o.consistency_weight = HUGE_VAL; }) ==
        "consistency_weight is inf, expected a finite number of at least 0");
  CHECK(message([](SelectMasksOptions& o) { o.paths = 0; }) == "paths is 0, expected 1 to 1000000");
  CHECK(message([](SelectMasksOptions& o) { o.inside = InsideFlow::given; }) ==
        "inside is given, expected rigid or measured: give flows to a MaskSelector");
}
