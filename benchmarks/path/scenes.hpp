/// Frames of 480 x 854 for the room `path`: people as ellipses, each proposed several times, whole or in
/// parts; a map of background probabilities and a flow that agree with most of them.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>
#include <vislabel/path/select_masks.hpp>

#include "../bench_masks.hpp"

namespace bench {

inline constexpr Size sd{480, 854};

/// Half axes `across` and `up`, and the rows that are seen of it.
struct Ellipse {
  double x, y, across, up, top = -1, bottom = 1;

  [[nodiscard]] bool holds(std::int64_t row, std::int64_t column) const {
    const double u = (static_cast<double>(column) - x) / across, v = (static_cast<double>(row) - y) / up;
    return u * u + v * v < 1 && v >= top && v < bottom;
  }

  /// The same object as another detection sees it, or a moment later.
  [[nodiscard]] Ellipse moved(Random& random, double step) const {
    Ellipse next = *this;
    next.x += random.real(-step, step) * across, next.y += random.real(-step, step) * up;
    next.across *= 1 + random.real(-step, step), next.up *= 1 + random.real(-step, step);
    return next;
  }

  template <class F>
  void for_each_pixel(F f) const {
    const auto inside = [](double edge, std::int64_t most) {
      return static_cast<std::int64_t>(std::clamp(edge, 0.0, static_cast<double>(most)));
    };
    for (std::int64_t row = inside(y - up, sd.height); row < inside(y + up + 1, sd.height); ++row)
      for (std::int64_t column = inside(x - across, sd.width); column < inside(x + across + 1, sd.width);
           ++column)
        if (holds(row, column)) f(static_cast<std::size_t>(row * sd.width + column));
  }
};

/// `count` people in two rows, clear of each other.
inline std::vector<Ellipse> people(Random& random, std::int64_t count) {
  std::vector<Ellipse> out;
  const std::int64_t columns = (count + 1) / 2;
  const double width = static_cast<double>(sd.width) / static_cast<double>(columns);
  for (std::int64_t n = 0; n < count; ++n)
    out.push_back({(static_cast<double>(n / 2) + random.real(0.45, 0.55)) * width,
                   (static_cast<double>(n % 2) + random.real(0.45, 0.55)) * 240, std::min(0.3 * width, 50.0),
                   90});
  return out;
}

/// Dense proposals, and the maps that they are judged by.
struct Scene {
  std::int64_t count;
  std::vector<std::uint8_t> dense;  // [N, H, W]
  std::vector<float> background;    // [H, W]
  std::vector<float> flow;          // [H, W, 2]

  /// `count` proposals of some people; every third one sees an upper or a lower body, if `parts`.
  Scene(Random& random, const std::vector<Ellipse>& people, std::int64_t proposals, bool parts)
      : count(proposals),
        dense(static_cast<std::size_t>(proposals * sd.pixels()), 0),
        background(static_cast<std::size_t>(sd.pixels())),
        flow(static_cast<std::size_t>(2 * sd.pixels())) {
    for (float& p : background) p = static_cast<float>(random.real(0.85, 0.98));
    for (float& v : flow) v = static_cast<float>(random.real(-0.2, 0.2));
    for (const Ellipse& person : people) {
      const double seen = random.real(0.3, 0.9), dx = random.real(-6, 6), dy = random.real(-2, 2);
      person.for_each_pixel([&](std::size_t i) {
        background[i] -= static_cast<float>(seen - random.real(-0.05, 0.05));
        background[i] = std::clamp(background[i], 0.01F, 0.99F);
        flow[2 * i] += static_cast<float>(dx), flow[2 * i + 1] += static_cast<float>(dy);
      });
    }
    for (std::int64_t n = 0; n < count; ++n) {
      Ellipse mask =
          people[static_cast<std::size_t>(n) % people.size()].moved(random, random.real(0.03, 0.2));
      if (parts && n % 3 == 2) (random.one_in(2) ? mask.bottom : mask.top) = -0.3;
      std::uint8_t* const own = dense.data() + n * sd.pixels();
      mask.for_each_pixel([&](std::size_t i) { own[i] = 1; });
    }
  }

  [[nodiscard]] vislabel::Masks packed() const {
    return pack(vislabel::exec::Seq{},
                vislabel::pixels(dense.data(), std::array<std::int64_t, 3>{count, sd.height, sd.width}));
  }
  [[nodiscard]] vislabel::Pixels<const float, 2> background_map() const {
    return vislabel::pixels(background.data(), std::array<std::int64_t, 2>{sd.height, sd.width});
  }
  [[nodiscard]] vislabel::FlowField<float> flow_map() const {
    return vislabel::flow_field(
        vislabel::pixels(flow.data(), std::array<std::int64_t, 3>{sd.height, sd.width, 2}));
  }
};

/// A frame as GBOpt's own are: 15 proposals of five people, some in parts.
inline Scene scene(std::uint64_t seed) {
  Random random(seed);
  const auto someone = people(random, 5);
  return {random, someone, 15, true};
}

}  // namespace bench
