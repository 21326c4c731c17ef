#include <doctest/doctest.h>

#include <vislabel/path/background.hpp>

#include "scenes.hpp"

using namespace vislabel;
using oracle::Dense;
using oracle::Map;
using oracle::Subset;

namespace {

Map map_of(const std::vector<double>& values) {
  Map map(Size{1, static_cast<std::int64_t>(values.size())});
  for (std::size_t x = 0; x < values.size(); ++x) map(0, x) = values[x];
  return map;
}

/// The only mask's cost, and the base.
std::pair<double, double> costs_of(const std::string& mask, const Map& background, Reduction reduction) {
  const BackgroundCost cost = background_cost(oracle::packed(background.size(), {oracle::drawn({mask})}),
                                              background.view(), reduction);
  return {cost.base, cost.per_mask.front()};
}

}  // namespace

TEST_CASE("a mask costs what its pixels lose as foreground, the base what all lose as background") {
  const Map background = map_of({0.5, 0.25, 0.75, 0.2});
  const double base = -std::log(0.5 * 0.25 * 0.75 * 0.2),
               mask = std::log(0.25 / 0.75) + std::log(0.75 / 0.25);
  const auto [sum, per_mask] = costs_of(".##.", background, Reduction::sum);
  CHECK(oracle::close(sum, base));
  CHECK(oracle::close(per_mask, mask));
  CHECK(oracle::close(costs_of(".##.", background, Reduction::mean).first, base / 4));
  CHECK(oracle::close(costs_of("...#", background, Reduction::mean).second, std::log(0.2 / 0.8) / 4));
}

TEST_CASE("a probability of one half makes a mask free") {
  CHECK(costs_of("##", map_of({0.5, 0.5}), Reduction::sum).second == 0);
}

TEST_CASE("probabilities next to 0 and 1 are kept a millionth away from them") {
  const double likely = -std::log(1 - 1e-6), unlikely = -std::log(1e-6);
  for (const double zero : {0.0, 1e-300, 1e-9, -0.0}) {
    const auto [base, mask] = costs_of("#.", map_of({zero, 1}), Reduction::sum);
    CHECK(oracle::close(base, unlikely + likely));
    CHECK(oracle::close(mask, likely - unlikely));
  }
  const auto [base, mask] = costs_of(".#", map_of({0, 1}), Reduction::sum);
  CHECK(oracle::close(base, unlikely + likely));
  CHECK(oracle::close(mask, unlikely - likely));
}

TEST_CASE("the cost of disjoint masks is that of the sum of logarithms pixel by pixel, on a grid") {
  oracle::Random random(341);
  for (const Size size : oracle::awkward_sizes()) {
    if (size.pixels() > 70'000) continue;
    for (const Reduction reduction : {Reduction::mean, Reduction::sum}) {
      const Map background = oracle::random_background(random, size);
      const auto regions = oracle::regions(size, oracle::random_proposals(random, size, 5));
      std::vector<Dense> masks;
      for (const auto& [covering, region] : regions) masks.push_back(region);
      const BackgroundCost cost = background_cost(oracle::packed(size, masks), background.view(), reduction);
      REQUIRE(oracle::close(cost.base, oracle::background_loss(background, Dense(size), reduction)));
      REQUIRE(cost.per_mask.size() == masks.size());
      double most = cost.base;
      for (const double one : cost.per_mask) most += std::abs(one);
      for (const double one : cost.per_mask) REQUIRE(detail::CostGrid(most, 46)(one) == one);
      REQUIRE(detail::CostGrid(most, 46)(cost.base) == cost.base);
      Subset chosen;
      double sum = cost.base;
      for (std::size_t n = 0; n < masks.size(); ++n)
        if (random.one_in(2)) chosen.push_back(static_cast<std::int64_t>(n)), sum += cost.per_mask[n];
      REQUIRE(oracle::close(
          sum, oracle::background_loss(background, oracle::foreground(size, masks, chosen), reduction)));
    }
  }
}

TEST_CASE("each mask costs what it costs alone, whatever overlaps it") {
  oracle::Random random(342);
  for (int round = 0; round < 60; ++round) {
    const Size size{random.between(1, 40), random.between(1, 40)};
    const Map background = oracle::random_background(random, size);
    const std::vector<Dense> masks = oracle::random_proposals(random, size, random.below(9));
    const BackgroundCost cost = background_cost(oracle::packed(size, masks), background.view());
    for (std::size_t n = 0; n < masks.size(); ++n)
      REQUIRE(oracle::close(cost.base + cost.per_mask[n], oracle::background_loss(background, masks[n])));
  }
}

TEST_CASE("maps of float and double cost the same in every memory layout, to the last bit") {
  oracle::Random random(343);
  for (const Size size : {Size{1, 65}, {63, 1}, {33, 17}, {64, 64}, {5, 1030}}) {
    const oracle::Array<float> exact(oracle::random_background(random, size), oracle::Layout::rows);
    const Masks masks = oracle::packed(size, oracle::random_proposals(random, size, 6));
    const BackgroundCost expected = background_cost(masks, exact.view());
    const auto require_same = [&](const auto& map) {
      const BackgroundCost cost = background_cost(masks, map.view());
      REQUIRE(cost.base == expected.base);
      REQUIRE(cost.per_mask == expected.per_mask);
    };
    for (const oracle::Layout layout : oracle::layouts()) {
      require_same(oracle::Array<float>(exact, layout));
      require_same(oracle::Array<double>(exact, layout));
    }
  }
}

TEST_CASE("a map of integers holds probabilities too") {
  oracle::Array<std::uint8_t> bytes(std::array<std::int64_t, 2>{2, 2});
  bytes(0, 1) = bytes(1, 0) = 1;
  const Masks masks = oracle::packed({2, 2}, {oracle::drawn({"#.", "#."})});
  const BackgroundCost cost = background_cost(masks, bytes.view());
  const BackgroundCost expected = background_cost(masks, Map(bytes, oracle::Layout::rows).view());
  CHECK(cost.base == expected.base);
  CHECK(cost.per_mask == expected.per_mask);
}

TEST_CASE("on a constant map regions of one area cost exactly the same wherever they lie") {
  for (const double p : {0.3, 0.9, 1.0 / 3.0, 1e-9}) {
    const Size size{70, 90};
    Map background(size);
    background.each([&](const Map::Shape& at) { background[at] = p; });
    std::vector<Dense> masks;
    for (const auto& [y, x] : {std::pair{0, 0}, {3, 31}, {1, 62}, {32, 16}, {41, 60}}) {
      masks.emplace_back(size);
      oracle::fill(masks.back(), y, x, y + 29, x + 23);
    }
    REQUIRE(oracle::regions(size, masks).size() == 5);  // which the edges of blocks cut in different ways
    const BackgroundCost cost = background_cost(oracle::packed(size, masks), background.view());
    CHECK(std::ranges::count(cost.per_mask, cost.per_mask.front()) == 5);
  }
}

TEST_CASE("choices that cover the same pixels cost exactly the same") {
  oracle::Random random(344);
  for (int round = 0; round < 100; ++round) {
    const Size size{random.between(1, 50), random.between(1, 50)};
    const Map background = oracle::random_background(random, size);
    const Dense whole = oracle::random_mask(random, size, oracle::Content::blobs);
    std::vector<Dense> masks{whole, Dense(size), Dense(size), Dense(size)};  // and its three parts
    for (std::size_t i = 0; i < whole.bytes.size(); ++i)
      if (whole.bytes[i] != 0) masks[static_cast<std::size_t>(random.between(1, 3))].bytes[i] = 1;
    masks.push_back(oracle::random_mask(random, size, oracle::Content::blobs));
    const BackgroundCost cost = background_cost(oracle::packed(size, masks), background.view(),
                                                random.one_in(2) ? Reduction::mean : Reduction::sum);
    REQUIRE(cost.base + cost.per_mask[0] ==
            cost.base + cost.per_mask[3] + cost.per_mask[1] + cost.per_mask[2]);
  }
}

TEST_CASE("without masks there is only the base; masks and frames without pixels cost nothing") {
  const BackgroundCost none = background_cost(Masks({1, 2}, {}), map_of({0.5, 0.25}).view(), Reduction::sum);
  CHECK(oracle::close(none.base, std::log(8)));
  CHECK(none.per_mask.empty());
  CHECK(costs_of("..", map_of({0.5, 0.25}), Reduction::mean).second == 0);
  for (const Reduction reduction : {Reduction::mean, Reduction::sum}) {
    const BackgroundCost nothing =
        background_cost(oracle::packed({0, 5}, {Dense({0, 5})}), Map(Size{0, 5}).view(), reduction);
    CHECK(nothing.base == 0);
    CHECK(nothing.per_mask == std::vector<double>{0});
  }
}

TEST_CASE("bad input is refused") {
  const auto message = [](double value, Size size = {2, 3}) {
    oracle::Array<double> map(size);
    map.each([&](const Map::Shape& at) { map[at] = 0.5; });
    if (size.pixels() > 0) map(size.height - 1, 1) = value;
    return oracle::error_of([&] { return background_cost(Masks({2, 3}, {}), map.view()); });
  };
  CHECK(message(std::nan("")) == "background[1, 1] is nan, expected a probability, 0 to 1");
  CHECK(message(-0.1) == "background[1, 1] is -0.1, expected a probability, 0 to 1");
  CHECK(message(1.1) == "background[1, 1] is 1.1, expected a probability, 0 to 1");
  CHECK(message(std::numeric_limits<double>::infinity()) ==
        "background[1, 1] is inf, expected a probability, 0 to 1");
  CHECK(message(0.5) == "(no error)");
  CHECK(message(0.5, {3, 2}) == "background has size 3 x 2, expected 2 x 3, that of the masks");
}

TEST_CASE("values just outside of 0 and 1 are refused, not clamped, wherever they are in a row") {
  for (std::int64_t x = 0; x < 20; ++x)
    for (const double value : {std::nextafter(0.0, -1.0), std::nextafter(1.0, 2.0), std::nan("")}) {
      Map map(Size{1, 20});
      map(0, x) = value;
      REQUIRE(oracle::error_of([&] {
                return background_cost(Masks({1, 20}, {}), map.view());
              }).starts_with(detail::text("background[0, ", x, "] is ")));
    }
}
