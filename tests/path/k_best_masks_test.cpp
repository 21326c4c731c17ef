#include <doctest/doctest.h>

#include <vislabel/path/k_best_masks.hpp>

#include "subsets.hpp"

using namespace vislabel;
using detail::Cost;
using oracle::Choice;
using oracle::Dense;
using oracle::Map;
using oracle::Subset;
using oracle::Subsets;

namespace {

/// Subsets and their exact costs.
struct Choices {
  detail::CostUnits units;
  std::vector<Choice> all;

  [[nodiscard]] KBest best(std::int64_t k) const { return oracle::k_best(all, units, k); }
};

detail::CostUnits units_of(const BackgroundCost& cost) {
  double most = cost.base;
  for (const double one : cost.per_mask) most += std::abs(one);
  return {most, "background"};
}

/// All subsets of which no two members share more pixels than allowed. Each covered region costs once, as
/// much as it costs as a mask of its own.
Choices choices(const std::vector<Dense>& masks, const Map& background, const MaskChoiceOptions& options) {
  const Size size = background.size();
  std::vector<Dense> parts;
  std::vector<std::uint32_t> covering;
  for (const auto& [members, region] : oracle::regions(size, masks)) {
    parts.push_back(region);
    covering.push_back(0);
    for (const std::int64_t n : members) covering.back() |= 1U << n;
  }
  const BackgroundCost cost =
      background_cost(oracle::packed(size, parts), background.view(), options.reduction);
  ConflictGraph conflicts(static_cast<std::int64_t>(masks.size()));
  for (std::size_t i = 0; i < masks.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (oracle::common(masks[i], masks[j]) > options.max_overlap)
        conflicts.connect(static_cast<std::int64_t>(i), static_cast<std::int64_t>(j));
  Choices out{units_of(cost), oracle::choices(std::vector<Cost>(masks.size(), 0), conflicts)};
  for (Choice& choice : out.all) {
    choice.cost = out.units.units(cost.base);
    for (std::size_t r = 0; r < parts.size(); ++r)
      if ((covering[r] & choice.chosen) != 0) choice.cost += out.units.units(cost.per_mask[r]);
  }
  return out;
}

}  // namespace

TEST_CASE("the best subset is the one whose pixels look least like background") {
  Map background(Size{1, 6});
  const std::array<double, 6> likely{0.9, 0.1, 0.2, 0.9, 0.3, 0.9};
  for (std::size_t x = 0; x < 6; ++x) background(0, x) = likely[x];
  const Masks masks = oracle::packed({1, 6}, {oracle::drawn({"####.."}), oracle::drawn({".##..."}),
                                              oracle::drawn({"....#."}), oracle::drawn({"...##."})});
  const KBest found = k_best(masks, background.view(), {{.k = 3}, 0, Reduction::sum});
  CHECK(found.subsets == Subsets{{1, 2}, {1}, {1, 3}});
  CHECK(oracle::close(found.costs[0], -std::log(0.9 * 0.9 * 0.8 * 0.9 * 0.7 * 0.9)));
}

TEST_CASE("pixels that two chosen masks share count once") {
  Map background(Size{1, 5});
  background.each([&](const Map::Shape& at) { background[at] = at[1] < 4 ? 0.1 : 0.8; });
  const Masks masks = oracle::packed({1, 5}, {oracle::drawn({"###.."}), oracle::drawn({"..##."})});
  const KBest none = k_best(masks, background.view(), {{.k = 4}, 0, Reduction::sum});
  CHECK(none.subsets == Subsets{{0}, {1}, {}});
  const KBest one = k_best(masks, background.view(), {{.k = 4}, 1, Reduction::sum});
  CHECK(one.subsets == Subsets{{0, 1}, {0}, {1}, {}});
  CHECK(oracle::close(one.costs[0], -std::log(0.9 * 0.9 * 0.9 * 0.9 * 0.8)));
}

TEST_CASE("masks without pixels cost nothing, and equal masks cost the same: ties, by index") {
  Map background(Size{1, 4});
  background.each([&](const Map::Shape& at) { background[at] = 0.25; });
  const Masks masks =
      oracle::packed({1, 4}, {oracle::drawn({"...."}), oracle::drawn({"##.."}), oracle::drawn({"##.."})});
  for (const std::int64_t max_overlap : {0, 1})
    for (const KBestAlgorithm algorithm : oracle::algorithms())
      CHECK(k_best(masks, background.view(), {{10, algorithm}, max_overlap}).subsets ==
            Subsets{{0, 1}, {0, 2}, {1}, {2}, {}, {0}});
}

TEST_CASE("the K best of a frame are those of all subsets on dense maps, with every tolerance") {
  oracle::Random random(401);
  for (int round = 0; round < 900; ++round) {
    const Size size = round < 30 ? Size{random.between(20, 70), random.between(20, 70)}
                                 : Size{random.between(1, 9), random.between(1, 9)};
    const Map background = oracle::random_background(random, size);
    const std::vector<Dense> masks =
        oracle::random_proposals(random, size, round == 0 ? 14 : random.below(random.one_in(10) ? 11 : 8));
    MaskChoiceOptions options;
    options.search.k = random.any_of(std::vector<std::int64_t>{1, 3, 10, 10, 3000});
    options.search.algorithm = random.any_of(oracle::algorithms());
    options.max_overlap =
        random.any_of(std::vector<std::int64_t>{0, 1, 2, 5, random.below(1 + size.pixels()), 1'000'000});
    options.reduction = random.one_in(2) ? Reduction::mean : Reduction::sum;
    const KBest found = k_best(oracle::packed(size, masks), background.view(), options);
    oracle::require_same(found, choices(masks, background, options).best(options.search.k));
    for (std::size_t i = 0; i < found.subsets.size(); i += 1 + i / 4)
      REQUIRE(oracle::close(found.costs[i], oracle::background_loss(
                                                background, oracle::foreground(size, masks, found.subsets[i]),
                                                options.reduction)));
  }
}

TEST_CASE("more than 64 masks that may overlap a little: both algorithms give the same") {
  oracle::Random random(402);
  const Size size{40, 400};
  for (int round = 0; round < 6; ++round) {
    std::vector<Dense> dense;
    for (std::int64_t n = 0; n < 80; ++n) {  // in a row, each over the next ones
      dense.emplace_back(size);
      oracle::fill(dense.back(), random.below(3), 5 * n - random.below(5), 37 + random.below(3),
                   5 * n + 3 + random.below(5));
    }
    const Map background = oracle::random_background(random, size);
    const Masks masks = oracle::packed(size, dense);
    const std::int64_t max_overlap = random.between(1, 100);
    const KBest found = k_best(masks, background.view(), {{.max_nodes = 200'000}, max_overlap});
    const KBest other = k_best(masks, background.view(),
                               {{.algorithm = KBestAlgorithm::dijkstra, .max_nodes = 200'000}, max_overlap});
    REQUIRE(found.optimal);
    REQUIRE(other.optimal);
    REQUIRE(found.subsets == other.subsets);
    REQUIRE(found.costs == other.costs);
    REQUIRE(found.bound == other.bound);
    for (const Subset& subset : found.subsets)
      for (std::size_t i = 0; i < subset.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
          REQUIRE(oracle::common(dense[static_cast<std::size_t>(subset[i])],
                                 dense[static_cast<std::size_t>(subset[j])]) <= max_overlap);
    REQUIRE(oracle::close(
        found.costs[0],
        oracle::background_loss(background, oracle::foreground(size, dense, found.subsets[0]))));
  }
}

TEST_CASE("with a tolerance max_nodes gives subsets that exist, and a bound that holds") {
  oracle::Random random(403);
  for (int round = 0; round < 300; ++round) {
    const Size size{random.between(2, 9), random.between(2, 9)};
    const Map background = oracle::random_background(random, size);
    const std::vector<Dense> masks = oracle::random_proposals(random, size, random.between(1, 8));
    MaskChoiceOptions options{{.k = random.between(1, 10)}, random.between(1, 20)};
    const Choices scene = choices(masks, background, options);
    for (const std::int64_t max_nodes : {1, 2, 5, 20}) {
      options.search.algorithm = random.any_of(oracle::algorithms());
      options.search.max_nodes = max_nodes;
      const KBest found = k_best(oracle::packed(size, masks), background.view(), options);
      REQUIRE(found.nodes <= max_nodes);
      const KBest expected = scene.best(options.search.k);
      if (found.optimal) REQUIRE(found.subsets == expected.subsets);
      if (found.optimal) REQUIRE(found.costs == expected.costs);
      for (const Choice& choice : scene.all) {
        const auto place = std::ranges::find(found.subsets, oracle::members(choice.chosen));
        if (place == found.subsets.end())
          REQUIRE(scene.units.cost(choice.cost) >= found.bound);
        else
          REQUIRE(scene.units.cost(choice.cost) ==
                  found.costs[static_cast<std::size_t>(place - found.subsets.begin())]);
      }
    }
  }
}

TEST_CASE("bad input is refused") {
  const Masks masks = oracle::packed({2, 3}, {oracle::drawn({"##.", "..."})});
  Map background(Size{2, 3}), small(Size{3, 2});
  const auto message = [&](const Map& map, const MaskChoiceOptions& options = {}) {
    return oracle::error_of([&] { return k_best(masks, map.view(), options); });
  };
  CHECK(message(background) == "(no error)");
  CHECK(message(small) == "background has size 3 x 2, expected 2 x 3, that of the masks");
  CHECK(message(background, {{.k = 0}}) == "k is 0, expected 1 to 1000000");
  CHECK(message(background, {{.max_nodes = -1}}) == "max_nodes is -1, expected at least 1");
  CHECK(message(background, {{}, -1}) == "max_overlap is -1, expected at least 0 pixels");
  background(1, 2) = std::nan("");
  CHECK(message(background) == "background[1, 2] is nan, expected a probability, 0 to 1");
}

TEST_CASE("a saving that many masks share, which may all be chosen, counts once in the search's bound") {
  constexpr std::int64_t count = 25, height = 12,
                         width = 5 * count + 40;  // 40 pixels wide, 5 beyond the last
  const Size size{height, width};
  std::vector<unsigned char> dense(static_cast<std::size_t>(count * size.pixels()));
  for (std::int64_t n = 0; n < count; ++n)
    for (std::int64_t y = 0; y < height; ++y)
      for (std::int64_t x = 5 * n; x < 5 * n + 40; ++x)
        dense[static_cast<std::size_t>((n * height + y) * width + x)] = 1;
  oracle::Random random(25);
  std::vector<double> background;
  for (std::int64_t i = 0; i < size.pixels(); ++i)
    background.push_back(0.2 + static_cast<double>(random.below(500)) / 1000);
  const Masks masks = pack(vislabel::exec::Seq{},
                           vislabel::pixels<const unsigned char, 3>(dense.data(), {count, height, width}));
  MaskChoiceOptions options;
  options.max_overlap = 280;
  const auto best =
      k_best(masks, vislabel::pixels<const double, 2>(background.data(), {height, width}), options);
  CHECK(best.optimal);
  CHECK(best.nodes < 10'000);  // counted once per mask: ten million are not enough
}
