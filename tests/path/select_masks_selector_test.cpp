#include <doctest/doctest.h>

#include <cmath>
#include <vislabel/path/select_masks.hpp>

#include "videos.hpp"

using namespace vislabel;
using oracle::Dense;
using oracle::moving_object;
using oracle::require_same;
using oracle::selected;
using oracle::Subset;
using oracle::Video;

TEST_CASE("frames may be added one by one, in chunks or all at once") {
  oracle::Random random(463);
  for (int round = 0; round < 40; ++round) {
    const Video video =
        oracle::random_video(random, {random.between(1, 30), random.between(1, 30)}, random.between(1, 8), 5);
    const SelectMasksOptions options = oracle::random_options(random);
    const SelectedMasks expected = selected(video, options);
    const std::vector<ProposalFrame<double>> frames = video.frames();
    for (const std::size_t chunk : std::vector<std::size_t>{1, 2, 3, 100}) {
      MaskSelector selector(video.size, options);
      for (std::size_t t = 0; t < frames.size(); t += chunk) {
        selector.add(exec::Omp{2}, std::span(frames).subspan(t, std::min(chunk, frames.size() - t)));
        selector.add(exec::Seq{}, std::span<const ProposalFrame<double>>());
        REQUIRE(selector.count() == static_cast<std::int64_t>(std::min(frames.size(), t + chunk)));
        REQUIRE(selector.frame(static_cast<std::int64_t>(t)).best.subsets == expected.frames[t].best.subsets);
      }
      require_same(selector.finish(), expected);
      REQUIRE(selector.count() == 0);
    }
  }
}

TEST_CASE("after finishing, a selector takes another video") {
  oracle::Random random(464);
  const Video first = oracle::random_video(random, {9, 9}, 4, 4),
              second = oracle::random_video(random, {9, 9}, 3, 4);
  MaskSelector selector({9, 9}, {});
  for (const Video* video : {&first, &second}) {
    selector.add(exec::Seq{}, std::span<const ProposalFrame<double>>(video->frames()));
    require_same(selector.finish(), selected(*video));
  }
}

TEST_CASE("the loss of given flows is added between two frames") {
  oracle::Random random(466);
  const Size size{12, 14};
  Video video = oracle::random_video(random, size, 3, 4);
  for (std::size_t t = 0; t < 2; ++t) video.flows[t] = oracle::random_flow(random, size);
  SelectMasksOptions options;
  options.flow_weight = 0.75, options.inside = InsideFlow::given;
  MaskSelector selector(size, options);
  selector.add(exec::Seq{}, std::span<const ProposalFrame<double>>(video.frames()));
  std::vector<Table> given;
  for (std::int64_t t = 0; t < 2; ++t) {
    Table& costs = given.emplace_back(static_cast<Eigen::Index>(selector.frame(t).best.subsets.size()),
                                      static_cast<Eigen::Index>(selector.frame(t + 1).best.subsets.size()));
    for (double& cost : costs.reshaped()) cost = random.real();
    selector.add_flow_cost(t, costs);
  }
  const SelectedMasks found = selector.finish();
  for (std::size_t t = 0; t < 2; ++t)
    for (Eigen::Index k = 0; k < given[t].rows(); ++k)
      for (Eigen::Index j = 0; j < given[t].cols(); ++j) {
        const Subset& chosen = found.frames[t].best.subsets[static_cast<std::size_t>(k)];
        const Dense own = oracle::foreground(size, video.masks[t], chosen);
        const Dense next = oracle::foreground(size, video.masks[t + 1],
                                              found.frames[t + 1].best.subsets[static_cast<std::size_t>(j)]);
        const double outside =
            oracle::flow_loss(*video.flows[t], video.masks[t], chosen, InsideFlow::given, *video.flows[t]);
        REQUIRE(oracle::close(found.pairwise[t](k, j),
                              0.5 * oracle::consistency_loss(own, next) + 0.75 * (outside + given[t](k, j))));
      }
  CHECK(found.paths.costs == shortest_paths(found.unary, found.pairwise).costs);
}

TEST_CASE("a frame that is refused is not added, and errors count from the video's first frame") {
  const Video video = moving_object();
  Video bad = video;
  bad.backgrounds[1](0, 0) = -1;
  MaskSelector selector(video.size, {});
  const std::vector<ProposalFrame<double>> frames = video.frames(), wrong = bad.frames();
  selector.add(exec::Seq{}, std::span(frames).first(1));
  CHECK(oracle::error_of([&] { selector.add(exec::Seq{}, std::span(wrong).subspan(1)); }) ==
        "frame 1: background[0, 0] is -1, expected a probability, 0 to 1");
  CHECK(selector.count() == 1);
  selector.add(exec::Seq{}, std::span(frames).subspan(1));
  require_same(selector.finish(), selected(video));
}

TEST_CASE("frames of another size, and costs that do not fit, are refused") {
  const Video video = moving_object();
  MaskSelector selector({6, 1}, {});
  CHECK(oracle::error_of([&] {
          selector.add(exec::Seq{}, std::span<const ProposalFrame<double>>(video.frames()));
        }) == "frame 0: masks have size 1 x 6, expected 6 x 1, that of the video");

  MaskSelector three(video.size, {});
  three.add(exec::Seq{}, std::span<const ProposalFrame<double>>(video.frames()));
  const auto adding = [&](std::int64_t t, const Table& costs) {
    return oracle::error_of([&] { three.add_flow_cost(t, costs); });
  };
  CHECK(adding(1, Table::Zero(3, 3)) == "(no error)");
  CHECK(adding(2, Table::Zero(3, 3)) == "t is 2, expected a frame with a next one, of 3");
  CHECK(adding(-1, Table::Zero(3, 3)) == "t is -1, expected a frame with a next one, of 3");
  CHECK(adding(0, Table::Zero(3, 2)) == "costs is [3, 2], expected [3, 3]");
  CHECK(adding(0, Table::Constant(3, 3, std::nan(""))) ==
        "costs of frame 0 hold what is not finite, expected numbers");
}
