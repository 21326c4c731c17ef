#include <doctest/doctest.h>

#include <vislabel/core/xtensor.hpp>

#include "scenes.hpp"

using namespace vislabel;
using oracle::Map;

TEST_CASE("maps, flows and images come from xtensor as they are, and from its strided views") {
  oracle::Random random(451);
  const Size size{40, 50};
  const Map probabilities = oracle::random_background(random, size);
  const oracle::Flow flow = oracle::random_flow(random, size);
  const Masks masks = oracle::packed(size, oracle::random_proposals(random, size, 5));

  xt::xtensor<double, 2, xt::layout_type::column_major> background({40, 50});
  xt::xtensor<double, 3> flows({40, 100, 2});
  probabilities.each([&](const Map::Shape& at) {
    background(at[0], at[1]) = probabilities[at];
    flows(at[0], 2 * at[1], 0) = flow.x[at], flows(at[0], 2 * at[1], 1) = flow.y[at];
  });
  const auto& maps = background;
  const BackgroundCost expected = background_cost(masks, probabilities.view());
  CHECK(background_cost(masks, pixels<2>(maps)).per_mask == expected.per_mask);
  CHECK(background_cost(masks, pixels<2>(maps)).base == expected.base);
  CHECK(k_best(masks, pixels<2>(maps)).subsets == k_best(masks, probabilities.view()).subsets);

  const oracle::Subsets subsets{{}, {0}, {1, 2}};
  const auto every_other = xt::view(flows, xt::all(), xt::range(0, 100, 2), xt::all());
  CHECK(flow_cost(exec::Seq{}, masks, flow_field(pixels<3>(every_other)), subsets) ==
        flow_cost(exec::Seq{}, masks, flow.view(), subsets));

  const xt::xtensor<float, 3> frame = xt::ones<float>({40, 50, 1}), below = xt::zeros<float>({40, 50, 1});
  xt::xtensor<float, 3> out({40, 50, 1});
  compose_frame(pixels<3>(frame), masks, pixels<3>(below), pixels<3>(out));
  CHECK(xt::sum(out)() == static_cast<float>(unite_all(masks).area()));
}
