#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <limits>
#include <loss/maps.hpp>
#include <on_device.hpp>
#include <vislabel/cuda/loss/drop_loss.cuh>
#include <vislabel/cuda/loss/pairwise_affinity.cuh>
#include <vislabel/cuda/loss/projection.cuh>
#include <vislabel/loss/drop_loss.hpp>
#include <vislabel/loss/pairwise_affinity.hpp>
#include <vislabel/loss/projection.hpp>

using namespace vislabel;
using oracle::Maps;

namespace {

/// The same bits, or both NaN.
template <class T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](T x, T y) {
    return std::bit_cast<Bits>(x) == std::bit_cast<Bits>(y) || (x != x && y != y);
  });
}

template <class T>
Pixels<const T, 4> view_of(const DeviceArray<T>& values, std::int64_t count, std::int64_t per, Size size) {
  return pixels(values.data(), std::array{count, per, size.height, size.width});
}

std::vector<Box> device_boxes(const std::vector<BoxSlot>& slots) {
  std::vector<Box> boxes;
  for (const BoxSlot& slot : slots)
    boxes.push_back(slot.value_or(Box{no_number, no_number, no_number, no_number}));
  return boxes;
}

/// Logits of several kinds: ties, zeros of both signs, infinities, sometimes NaN.
template <class T>
Maps<T> some_logits(oracle::Random& random, std::int64_t count, Size size) {
  Maps<T> maps = oracle::random_logits<T>(random, count, size, random.one_in(2) ? 3 : 400);
  for (T& value : maps.values) {
    if (random.one_in(9)) value = random.one_in(2) ? T{0} : -T{0};
    if (random.one_in(60)) value = std::numeric_limits<T>::infinity() * (random.one_in(2) ? 1 : -1);
  }
  if (!maps.values.empty() && random.one_in(3))
    maps.values[static_cast<std::size_t>(random.below(std::ssize(maps.values)))] = static_cast<T>(no_number);
  return maps;
}

class ProjectionMemory {
 public:
  ProjectionMemory(std::int64_t count, Size size)
      : rows_(n(count * size.height)),
        columns_(n(count * size.width)),
        first_of_row_(n(count * size.height)),
        first_of_column_(n(count * size.width)),
        nan_(n(count)),
        row_slopes_(n(count * size.height)),
        column_slopes_(n(count * size.width)) {}

  [[nodiscard]] cuda::ProjectionWork work() {
    return {rows_.data(),         columns_.data(),         nan_.data(),
            first_of_row_.data(), first_of_column_.data(), row_slopes_.data(),
            column_slopes_.data()};
  }

 private:
  static std::size_t n(std::int64_t count) { return static_cast<std::size_t>(count); }
  DeviceArray<std::uint64_t> rows_, columns_;
  DeviceArray<std::uint32_t> first_of_row_, first_of_column_, nan_;
  DeviceArray<double> row_slopes_, column_slopes_;
};

template <class T>
void check_projection(std::uint64_t seed) {
  oracle::Random random(seed);
  for (const Size size : {Size{1, 1}, {1, 40}, {40, 1}, {33, 20}, {16, 65}, {70, 300}, {300, 5}}) {
    const std::int64_t count = random.between(1, 4);
    const Maps<T> logits = some_logits<T>(random, count, size);
    const std::vector<BoxSlot> boxes = oracle::random_boxes(random, count, size);
    std::vector<double> upstream;
    for (std::int64_t n = 0; n < count; ++n) upstream.push_back(random.real() - 0.5);
    const ProjectionOptions options{OnNaN::propagate};
    const DeviceArray<T> values(logits.values);
    const DeviceArray<Box> on_boxes(device_boxes(boxes));
    const DeviceArray<double> on_upstream(upstream);
    ProjectionMemory memory(count, size);
    DeviceArray<double> losses(boxes.size());
    DeviceArray<T> out(logits.values.size());
    const auto view = view_of(values, count, 1, size);
    cuda::projection_loss(view, on_boxes.data(), memory.work(), losses.data(), nullptr);
    REQUIRE(same(losses.values(), projection_loss(exec::Seq{}, logits.view(), boxes, options)));
    Maps<T> gradient(count, size);
    projection_loss_backward(exec::Seq{}, upstream, logits.view(), boxes, gradient.out(), options);
    cuda::projection_loss_backward(on_upstream.data(), view, on_boxes.data(), memory.work(),
                                   pixels(out.data(), view.shape), nullptr);
    REQUIRE(same(out.values(), gradient.values));
  }
}

template <class T>
void check_affinity(std::uint64_t seed) {
  oracle::Random random(seed);
  for (const Size size : {Size{1, 1}, {2, 7}, {9, 33}, {17, 31}, {70, 40}, {8, 300}}) {
    const std::int64_t count = random.between(1, 4), images = random.between(1, 3);
    const Maps<T> logits = some_logits<T>(random, count, size);
    Maps<T> lab = oracle::random_colours<T>(random, images, size);
    if (random.one_in(4)) lab.values[0] = static_cast<T>(no_number);
    const std::vector<BoxSlot> boxes = oracle::random_boxes(random, count, size);
    const bool by_order = random.one_in(3);
    std::vector<std::int64_t> image;
    std::vector<double> upstream;
    for (std::int64_t n = 0; n < count; ++n)
      image.push_back(by_order ? n % images : random.below(images)), upstream.push_back(random.real() - 0.5);
    const auto slots = static_cast<std::size_t>(count);
    const DeviceArray<T> values(logits.values), colours(lab.values);
    const DeviceArray<Box> on_boxes(device_boxes(boxes));
    const DeviceArray<std::int64_t> on_image(image);
    const DeviceArray<double> on_upstream(upstream);
    DeviceArray<std::uint8_t> alike(static_cast<std::size_t>(images * size.pixels()));
    DeviceArray<std::uint32_t> unknown(slots);
    DeviceArray<double> tiles(slots * static_cast<std::size_t>(cuda::affinity_tiles(size))), loss(slots);
    DeviceArray<std::int64_t> pairs(slots);
    DeviceArray<T> out(logits.values.size());
    const cuda::AffinityInput input{on_boxes.data(), by_order ? nullptr : on_image.data(), 0, alike.data(),
                                    unknown.data()};
    for (const Rule rule : {Rule::paper, Rule::reference}) {
      const PairwiseAffinityOptions options{rule, std::nullopt, 2, OnNaN::propagate};
      const auto view = view_of(values, count, 1, size);
      const auto colour = view_of(colours, images, 3, size);
      cuda::pairwise_affinity_loss(view, colour, input, {rule}, {tiles.data(), loss.data(), pairs.data()},
                                   nullptr);
      const PairwiseAffinity expected =
          pairwise_affinity_loss(exec::Seq{}, logits.view(), lab.images(), image, boxes, options);
      REQUIRE(same(loss.values(), expected.loss));
      REQUIRE(pairs.values() == expected.pairs);
      Maps<T> gradient(count, size);
      pairwise_affinity_loss_backward(exec::Seq{}, upstream, logits.view(), lab.images(), image, boxes,
                                      gradient.out(), options);
      cuda::pairwise_affinity_loss_backward(on_upstream.data(), view, colour, input, {rule},
                                            pixels(out.data(), view.shape), nullptr);
      REQUIRE(same(out.values(), gradient.values));
    }
  }
}

}  // namespace

TEST_CASE("projection losses and their gradients are the host's, bit by bit") {
  in_every_order([] {
    check_projection<float>(1);
    check_projection<double>(2);
  });
}

TEST_CASE("pairwise affinity losses and their gradients are the host's, bit by bit") {
  in_every_order([] {
    check_affinity<float>(3);
    check_affinity<double>(4);
  });
}

TEST_CASE("what the host refuses makes the loss and the gradient NaN: boxes, images") {
  const Size size{4, 5};
  const std::vector<Box> boxes{
      {0, 0, -1, 2}, {0, 0, 2, std::numeric_limits<double>::infinity()}, {1, 1, 2, 2}};
  const DeviceArray<Box> on_boxes(boxes);
  const DeviceArray<float> logits(std::vector<float>(60)), lab(std::vector<float>(60));
  const DeviceArray<std::int64_t> image(std::vector<std::int64_t>{0, 0, 1});
  const DeviceArray<double> upstream(std::vector<double>{1, 1, 1});
  const auto view = view_of(logits, 3, 1, size);
  ProjectionMemory memory(3, size);
  DeviceArray<double> losses(3), tiles(3);
  DeviceArray<float> out(60);
  cuda::projection_loss(view, on_boxes.data(), memory.work(), losses.data(), nullptr);
  CHECK(std::isnan(losses.values()[0]));
  CHECK(std::isnan(losses.values()[1]));
  CHECK(losses.values()[2] > 0);
  cuda::projection_loss_backward(upstream.data(), view, on_boxes.data(), memory.work(),
                                 pixels(out.data(), view.shape), nullptr);
  CHECK(std::isnan(out.values()[0]));
  CHECK_FALSE(std::isnan(out.values()[59]));
  DeviceArray<std::uint8_t> alike(20);
  DeviceArray<std::uint32_t> unknown(3);
  DeviceArray<std::int64_t> pairs(3);
  const cuda::AffinityInput input{on_boxes.data(), image.data(), 0, alike.data(), unknown.data()};
  const auto colours = view_of(lab, 1, 3, size);
  cuda::pairwise_affinity_loss(view, colours, input, {}, {tiles.data(), losses.data(), pairs.data()},
                               nullptr);
  for (const double loss : losses.values()) CHECK(std::isnan(loss));
  cuda::pairwise_affinity_loss_backward(upstream.data(), view, colours, input, {},
                                        pixels(out.data(), view.shape), nullptr);
  for (const float value : out.values()) CHECK(std::isnan(value));
  CHECK_THROWS_WITH_AS(cuda::pairwise_affinity_loss(view, colours, input, {Rule::paper, 2.0},
                                                    {tiles.data(), losses.data(), pairs.data()}, nullptr),
                       "threshold is 2, expected 0 to 1", Error);
}

TEST_CASE("DropLoss of sampled points is the host's") {
  in_every_order([] {
    oracle::Random random(5);
    for (const std::int64_t points : {0, 1, 255, 256, 257, 1000}) {
      const std::int64_t rows = random.between(1, 5);
      const Maps<float> logits = some_logits<float>(random, 1, {rows, points});
      Maps<float> labels(1, {rows, points});
      for (float& label : labels.values) label = static_cast<float>(random.below(2)) * 0.75F;
      const DeviceArray<float> on_logits(logits.values), on_labels(labels.values);
      DeviceArray<double> weights(static_cast<std::size_t>(rows));
      const std::array shape{rows, points};
      const double threshold = random.real() / 2;
      cuda::drop_loss_of_points<float>(pixels(on_logits.data(), shape), pixels(on_labels.data(), shape),
                                       threshold, weights.data(), nullptr);
      const auto host = [&](const Maps<float>& maps) { return pixels(maps.values.data(), shape); };
      const Pixels<const float, 2> a = host(logits), b = host(labels);
      REQUIRE(same(weights.values(), drop_loss_weights(exec::Seq{}, a, b, {threshold, OnNaN::propagate})));
    }
  });
}
