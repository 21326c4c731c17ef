#include <doctest/doctest.h>

#include <vislabel/path/flow.hpp>

#include "scenes.hpp"

using namespace vislabel;
using oracle::Dense;
using oracle::Flow;
using oracle::Map;
using oracle::Subset;
using oracle::Subsets;

namespace {

const std::vector<InsideFlow> modes{InsideFlow::rigid, InsideFlow::measured, InsideFlow::given};

/// A flow of one row that moves only to the right.
Flow rightwards(const std::vector<double>& x) {
  const Size size{1, static_cast<std::int64_t>(x.size())};
  Flow flow{Map(size), Map(size)};
  for (std::size_t i = 0; i < x.size(); ++i) flow.x(0, i) = x[i];
  return flow;
}

Masks row_masks(const std::vector<std::string>& rows) {
  std::vector<Dense> masks;
  for (const std::string& row : rows) masks.push_back(oracle::drawn({row}));
  return oracle::packed(masks.front().size, masks);
}

/// The flow of an array [H, W, 2].
template <class T>
oracle::Array<T, 3> stacked(const Flow& flow, oracle::Layout layout) {
  oracle::Array<T, 3> array({flow.x.size().height, flow.x.size().width, 2}, layout);
  array.each([&](const auto& at) {
    array[at] = static_cast<T>(at[2] == 0 ? flow.x(at[0], at[1]) : flow.y(at[0], at[1]));
  });
  return array;
}

Subsets random_subsets(oracle::Random& random, std::int64_t masks) {
  Subsets subsets;
  for (std::int64_t k = random.below(6); k > 0; --k) {
    subsets.emplace_back();
    for (std::int64_t n = 0; n < masks; ++n)
      if (random.one_in(3)) subsets.back().push_back(n);
  }
  return subsets;
}

}  // namespace

TEST_CASE("what is chosen should move as one, and the rest as one") {
  const Masks masks = row_masks({"##....", "####.."});
  const Flow flow = rightwards({5, 5, 1, 1, 1, 3});
  const Subsets subsets{{}, {0}, {1}};
  const auto cost = [&](InsideFlow inside) {
    return flow_cost(exec::Seq{}, masks, flow.view(), subsets, {inside, Reduction::sum});
  };
  // {}: mean 16 / 6. {0}: 5 inside, 6 / 4 outside. {1}: 3 inside, 2 outside.
  const double all = 2 * (5 - 16.0 / 6) + 3 * (16.0 / 6 - 1) + (3 - 16.0 / 6);
  CHECK(oracle::close(cost(InsideFlow::rigid)[0], all));
  CHECK(cost(InsideFlow::rigid)[1] == 3);
  CHECK(cost(InsideFlow::rigid)[2] == 10);
  CHECK(cost(InsideFlow::measured)[1] == 3);
  CHECK(cost(InsideFlow::measured)[2] == 2);
  CHECK(cost(InsideFlow::given) == cost(InsideFlow::measured));
  CHECK(oracle::close(flow_cost(exec::Seq{}, masks, flow.view(), subsets)[2], 10.0 / 6));
}

TEST_CASE("a pixel of several chosen masks moves with the first one") {
  const Masks masks = row_masks({"##..", ".##."});
  const Flow flow = rightwards({2, 4, 10, 0});
  const auto cost = [&](const Subset& chosen, const Masks& of) {
    return flow_cost(exec::Seq{}, of, flow.view(), Subsets{chosen}, {InsideFlow::rigid, Reduction::sum})[0];
  };
  CHECK(cost({0, 1}, masks) == 1 + 1 + 3);                        // means 3 and 7
  CHECK(cost({0, 1}, row_masks({".##.", "##.."})) == 1 + 3 + 3);  // the other way round
  CHECK(cost({1}, row_masks({"####", "##..", ".##."})) == 1 + 1 + 5 + 5);
}

TEST_CASE("nothing outside costs nothing outside, and no pixels cost nothing") {
  const Masks masks = row_masks({"####"});
  const Flow flow = rightwards({1, 2, 3, 6});
  CHECK(flow_cost(exec::Seq{}, masks, flow.view(), Subsets{{0}}, {InsideFlow::measured})[0] == 0);
  CHECK(flow_cost(exec::Seq{}, masks, flow.view(), Subsets{{0}}, {InsideFlow::rigid, Reduction::sum})[0] ==
        6);
  for (const InsideFlow inside : modes)
    for (const Reduction reduction : {Reduction::mean, Reduction::sum}) {
      const Flow none{Map(Size{0, 4}), Map(Size{0, 4})};
      CHECK(flow_cost(exec::Seq{}, oracle::packed({0, 4}, {Dense({0, 4})}), none.view(), Subsets{{}, {0}},
                      {inside, reduction}) == std::vector<double>{0, 0});
    }
  CHECK(flow_cost(exec::Seq{}, masks, flow.view(), Subsets{}).empty());
}

TEST_CASE("a constant flow costs next to nothing, whatever is chosen") {
  oracle::Random random(421);
  const Size size{45, 70};
  const Masks masks = oracle::packed(size, oracle::random_proposals(random, size, 5));
  Flow flow{Map(size), Map(size)};
  flow.x.each([&](const Map::Shape& at) { flow.x[at] = 0.1, flow.y[at] = -1.7; });
  for (const InsideFlow inside : modes)
    for (const double cost : flow_cost(exec::Seq{}, masks, flow.view(), oracle::all_subsets(5), {inside})) {
      CHECK(cost >= 0);
      CHECK(cost < 1e-12);
    }
}

TEST_CASE("the flow's cost is that of the synthetic flow pixel by pixel, overlapping choices included") {
  oracle::Random random(422);
  for (int round = 0; round < 250; ++round) {
    const Size size = round < 20 ? random.any_of(oracle::awkward_sizes())
                                 : Size{random.between(1, 40), random.between(1, 40)};
    if (size.pixels() > 20'000) continue;
    const Flow flow = oracle::random_flow(random, size);
    const std::vector<Dense> masks = oracle::random_proposals(random, size, random.below(7));
    const Subsets subsets = random_subsets(random, static_cast<std::int64_t>(masks.size()));
    for (const InsideFlow inside : modes) {
      const Reduction reduction = random.one_in(2) ? Reduction::mean : Reduction::sum;
      oracle::under_every_policy([&](auto policy) {
        const std::vector<double> costs =
            flow_cost(policy, oracle::packed(size, masks), flow.view(), subsets, {inside, reduction});
        REQUIRE(costs.size() == subsets.size());
        for (std::size_t k = 0; k < subsets.size(); ++k)  // given what is measured, only the outside counts
          REQUIRE(
              oracle::close(costs[k], oracle::flow_loss(flow, masks, subsets[k], inside, flow, reduction)));
      });
    }
  }
}

TEST_CASE("the inside of given flows adds to the outside what differs there") {
  oracle::Random random(423);
  for (int round = 0; round < 100; ++round) {
    const Size size{random.between(1, 40), random.between(1, 40)};
    const Flow flow = oracle::random_flow(random, size);
    const std::vector<Dense> masks = oracle::random_proposals(random, size, random.below(6));
    const Masks all = oracle::packed(size, masks);
    const Subsets subsets = random_subsets(random, all.count());
    const Reduction reduction = random.one_in(2) ? Reduction::mean : Reduction::sum;
    std::vector<Flow> given;
    std::vector<FlowField<double>> fields;
    for (std::size_t k = 0; k < subsets.size(); ++k) given.push_back(oracle::random_flow(random, size));
    for (const Flow& one : given) fields.push_back(one.view());
    const std::vector<double> outside =
        flow_cost(exec::Seq{}, all, flow.view(), subsets, {InsideFlow::given, reduction});
    const Masks chosen = foregrounds(exec::Seq{}, all, subsets);
    oracle::under_every_policy([&](auto policy) {
      const std::vector<double> inside =
          given_flow_cost(policy, chosen, flow.view(), std::span<const FlowField<double>>(fields), reduction);
      REQUIRE(inside.size() == subsets.size());
      for (std::size_t k = 0; k < subsets.size(); ++k)
        REQUIRE(oracle::close(
            outside[k] + inside[k],
            oracle::flow_loss(flow, masks, subsets[k], InsideFlow::given, given[k], reduction)));
    });
  }
}

TEST_CASE("the flow's cost is the same to the last bit under every policy") {
  oracle::Random random(425);
  const Size size{600, 700};  // enough work for two threads
  const Flow flow = oracle::random_flow(random, size);
  const Masks masks = oracle::packed(size, oracle::random_proposals(random, size, 4));
  const std::vector<double> expected = flow_cost(exec::Seq{}, masks, flow.view(), oracle::all_subsets(4));
  for (const int threads : {1, 2, 4})
    CHECK(flow_cost(exec::Omp{threads}, masks, flow.view(), oracle::all_subsets(4)) == expected);
}

TEST_CASE("flows of float and double cost the same in every memory layout, to the last bit") {
  oracle::Random random(424);
  for (const Size size : {Size{1, 65}, {33, 17}, {40, 70}}) {
    const Flow drawn = oracle::random_flow(random, size);
    const Flow flow{{oracle::Array<float>(drawn.x, oracle::Layout::rows), oracle::Layout::rows},
                    {oracle::Array<float>(drawn.y, oracle::Layout::rows), oracle::Layout::rows}};
    const Masks masks = oracle::packed(size, oracle::random_proposals(random, size, 5));
    const Subsets subsets{{}, {0}, {1, 3}, {0, 1, 2, 3, 4}};
    const std::vector<double> expected = flow_cost(exec::Seq{}, masks, flow.view(), subsets);
    const Masks chosen = foregrounds(exec::Seq{}, masks, subsets);
    const Flow other = oracle::random_flow(random, size);
    const std::vector<FlowField<double>> given(4, other.view());
    const std::vector<double> inside =
        given_flow_cost(exec::Seq{}, chosen, flow.view(), std::span<const FlowField<double>>(given));
    for (const oracle::Layout layout : oracle::layouts()) {
      const auto small = stacked<float>(flow, layout);
      const auto large = stacked<double>(flow, layout);
      REQUIRE(flow_cost(exec::Seq{}, masks, flow_field(small.view()), subsets) == expected);
      REQUIRE(flow_cost(exec::Seq{}, masks, flow_field(large.view()), subsets) == expected);
      const auto model = stacked<double>(other, layout);
      const std::vector<FlowField<double>> fields(4, flow_field(model.view()));
      REQUIRE(given_flow_cost(exec::Seq{}, chosen, flow_field(small.view()),
                              std::span<const FlowField<double>>(fields)) == inside);
    }
  }
}

TEST_CASE("values that are not finite are refused, wherever they lie") {
  const Masks masks = row_masks({"##..", ".##."});
  const auto message = [&](std::int64_t x, double value, bool vertical) {
    Flow flow = rightwards({1, 2, 3, 4});
    (vertical ? flow.y : flow.x)(0, x) = value;
    return oracle::error_of([&] { return flow_cost(exec::Seq{}, masks, flow.view(), Subsets{{0}}); });
  };
  for (std::int64_t x = 0; x < 4; ++x) {
    CHECK(message(x, std::nan(""), false) ==
          detail::text("flow[0, ", x, ", 0] is nan, expected a finite number of pixels"));
    CHECK(message(x, HUGE_VAL, true) ==
          detail::text("flow[0, ", x, ", 1] is inf, expected a finite number of pixels"));
  }
  CHECK(message(0, -HUGE_VAL, true) == "flow[0, 0, 1] is -inf, expected a finite number of pixels");
  Flow flow = rightwards({HUGE_VAL, -HUGE_VAL, 3, 4});
  CHECK(oracle::error_of([&] { return flow_cost(exec::Seq{}, masks, flow.view(), Subsets{{0}}); }) ==
        "flow[0, 0, 0] is inf, expected a finite number of pixels");
  flow = rightwards({1e308, 1e308, 3, 4});
  CHECK(oracle::error_of([&] {
          return flow_cost(exec::Seq{}, row_masks({"####"}), flow.view(), Subsets{{0}});
        }) == "flow adds up to inf, expected a finite sum");
}

TEST_CASE("bad input is refused") {
  const Masks masks = row_masks({"##..", ".##."});
  const Flow flow = rightwards({1, 2, 3, 4}), small = rightwards({1, 2});
  const auto message = [&](const Flow& of, const Subsets& subsets) {
    return oracle::error_of([&] { return flow_cost(exec::Seq{}, masks, of.view(), subsets); });
  };
  CHECK(message(flow, {{0, 1}, {}}) == "(no error)");
  CHECK(message(small, {{}}) == "flow has size 1 x 2, expected 1 x 4, that of the masks");
  CHECK(message(flow, {{0}, {2}}) == "subsets[1] has index 2, outside of [0, 2)");
  CHECK(message(flow, {{-1}}) == "subsets[0] has index -1, outside of [0, 2)");
  CHECK(message(flow, {{1, 0}}) == "subsets[0] has index 0 after 1, expected ascending indices");
  CHECK(message(flow, {{1, 1}}) == "subsets[0] has index 1 after 1, expected ascending indices");
  const oracle::Array<float, 3> array({1, 4, 3});
  CHECK(oracle::error_of([&] { return flow_field(array.view()); }) ==
        "flow has shape [1, 4, 3], expected [H, W, 2]: x and y of every pixel");
}

TEST_CASE("bad given flows are refused, but what lies outside of the masks may be anything") {
  const Masks chosen = row_masks({"##..", ".##."});
  const auto message = [&](const Flow& flow, const std::vector<Flow>& given) {
    std::vector<FlowField<double>> fields;
    for (const Flow& one : given) fields.push_back(one.view());
    return oracle::error_of([&] {
      return given_flow_cost(exec::Seq{}, chosen, flow.view(), std::span<const FlowField<double>>(fields));
    });
  };
  const Flow flow = rightwards({1, 2, 3, 4}), small = rightwards({1, 2});
  const Flow unknown = rightwards({1, 2, std::nan(""), 4});
  CHECK(message(flow, {flow, flow}) == "(no error)");
  CHECK(message(flow, {flow}) == "given has 1 flows, expected 2, one per foreground");
  CHECK(message(small, {flow, flow}) == "flow has size 1 x 2, expected 1 x 4, that of the masks");
  CHECK(message(flow, {flow, small}) == "given has size 1 x 2, expected 1 x 4, that of the masks");
  CHECK(message(flow, {unknown, flow}) == "(no error)");
  CHECK(message(flow, {flow, unknown}) == "given[0, 2, 0] is nan, expected a finite number of pixels");
  CHECK(message(unknown, {flow, flow}) == "flow[0, 2, 0] is nan, expected a finite number of pixels");
}

TEST_CASE("a flow whose y has another size than its x is refused") {
  const std::vector<double> large(64 * 64), small(1);
  const FlowField<double> flow{vislabel::pixels<const double, 2>(large.data(), {64, 64}),
                               vislabel::pixels<const double, 2>(small.data(), {1, 1})};
  const vislabel::Masks none({64, 64}, {});
  CHECK(oracle::error_of([&] { return flow_cost(vislabel::exec::Seq{}, none, flow, Subsets{{}}); }) ==
        "flow has size 1 x 1 in y, expected 64 x 64, that of the masks");
}
