/// Seeded masks and tracks for the benchmarks, as dense bytes and as run lengths, and the peer in C: a plain
/// merge of two masks' runs, which is what COCO's maskApi does.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>
#include <vislabel/vislabel.hpp>

namespace bench {

using vislabel::Rle;
using vislabel::Size;

inline constexpr Size hd{720, 1280};

/// The same numbers on every machine, unlike the standard distributions.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  /// In [low, high).
  double real(double low, double high) {
    return low + (high - low) * static_cast<double>(engine_() >> 11) * 0x1p-53;
  }
  bool one_in(std::uint64_t n) { return engine_() % n == 0; }

 private:
  std::mt19937_64 engine_;
};

/// A smooth object: an ellipse whose radius waves around it. `ragged` pixels of noise on its edge.
struct Shape {
  double x, y, radius, aspect, wave, phase, ragged;

  static Shape random(Random& random, double ragged = 0) {
    const double share = std::exp(random.real(std::log(0.005), std::log(0.2)));  // of the frame
    const double radius = std::sqrt(share * static_cast<double>(hd.pixels()) / 3.14159);
    const double x = random.real(0.6 * radius, static_cast<double>(hd.width) - 0.6 * radius);
    const double y = random.real(0.6 * radius, static_cast<double>(hd.height) - 0.6 * radius);
    return {x, y, radius, random.real(0.75, 1.4), random.real(0, 0.25), random.real(0, 6.28), ragged};
  }

  /// The same object a moment later.
  [[nodiscard]] Shape moved(Random& random, double step) const {
    Shape next = *this;
    next.x += random.real(-step, step) * radius, next.y += random.real(-step, step) * radius;
    next.radius *= 1 + random.real(-step, step) / 3, next.phase += random.real(-step, step);
    return next;
  }

  [[nodiscard]] std::vector<std::uint32_t> runs(Random& random) const {
    std::vector<std::uint32_t> counts{0};
    bool colour = false;
    const auto add = [&](bool set, std::int64_t pixels) {
      if (set != colour && pixels > 0) counts.push_back(0), colour = set;
      counts.back() += static_cast<std::uint32_t>(pixels);
    };
    const std::int64_t top = inside(y - reach * radius / aspect, hd.height);
    const std::int64_t bottom = inside(y + reach * radius / aspect, hd.height);
    const std::int64_t left = inside(x - reach * radius * aspect, hd.width);
    const std::int64_t right = inside(x + reach * radius * aspect, hd.width);
    add(false, left * hd.height);
    for (std::int64_t column = left; column < right; ++column) {
      add(false, top);
      for (std::int64_t row = top; row < bottom; ++row) add(set(column, row, random), 1);
      add(false, hd.height - bottom);
    }
    add(false, (hd.width - right) * hd.height);
    return counts;
  }

 private:
  static constexpr double reach = 1.3;  // waves and noise stay within

  static std::int64_t inside(double edge, std::int64_t most) {
    return static_cast<std::int64_t>(std::clamp(edge, 0.0, static_cast<double>(most)));
  }

  [[nodiscard]] bool set(std::int64_t column, std::int64_t row, Random& random) const {
    const double dx = (static_cast<double>(column) - x) / aspect,
                 dy = (static_cast<double>(row) - y) * aspect;
    const double distance = std::sqrt(dx * dx + dy * dy);
    if (ragged == 0 && std::abs(distance - radius) > wave * radius) return distance < radius;
    const double edge = radius * (1 + wave * std::cos(3 * std::atan2(dy, dx) + phase));
    return distance < edge + (ragged > 0 ? random.real(-ragged, ragged) : 0.0);
  }
};

/// `count` masks of 720 x 1280.
inline std::vector<Rle> masks(std::int64_t count, double ragged = 0, std::uint64_t seed = 1) {
  Random random(seed);
  std::vector<Rle> rles;
  for (std::int64_t n = 0; n < count; ++n)
    rles.push_back(Rle::from_counts<std::uint32_t>(hd, Shape::random(random, ragged).runs(random)));
  return rles;
}

/// Pixels set by a coin.
inline std::vector<Rle> noise(std::int64_t count) {
  Random random(2);
  std::vector<Rle> rles;
  for (std::int64_t n = 0; n < count; ++n) {
    std::vector<std::uint32_t> counts{0};
    for (std::int64_t i = 0, colour = 0; i < hd.pixels(); ++i) {
      if (random.one_in(2)) counts.push_back(0), colour = 1 - colour;
      ++counts.back();
    }
    rles.push_back(Rle::from_counts<std::uint32_t>(hd, counts));
  }
  return rles;
}

/// [N, H, W] bytes in C order, or every mask in Fortran order.
enum class Order { rows, columns };

struct Dense {
  std::vector<std::uint8_t> bytes;
  vislabel::Pixels<const std::uint8_t, 3> pixels;

  Dense(const std::vector<Rle>& rles, Order order)
      : bytes(rles.size() * static_cast<std::size_t>(hd.pixels())),
        pixels(vislabel::pixels(
            static_cast<const std::uint8_t*>(bytes.data()),
            std::array<std::int64_t, 3>{static_cast<std::int64_t>(rles.size()), hd.height, hd.width})) {
    if (order == Order::columns) pixels.strides = {hd.pixels(), 1, hd.height};
    auto out = vislabel::pixels(bytes.data(), pixels.shape);
    out.strides = pixels.strides;
    to_dense(vislabel::exec::Seq{}, pack(vislabel::exec::Seq{}, hd, rles), out);
  }
  Dense(const Dense&) = delete;
};

/// `count` tracks over `frames` frames: two in five see an earlier object again, one slot in ten is absent.
inline vislabel::Tracks tracks(std::int64_t count, std::int64_t frames) {
  Random random(3);
  std::vector<std::optional<Rle>> rles;
  std::vector<std::vector<Shape>> paths;
  for (std::int64_t n = 0; n < count; ++n) {
    const bool again = n % 5 >= 3;
    std::vector<Shape> path;
    for (std::int64_t t = 0; t < frames; ++t) {
      if (again)
        path.push_back(paths[paths.size() / 2][static_cast<std::size_t>(t)].moved(random, 0.2));
      else
        path.push_back(t == 0 ? Shape::random(random) : path.back().moved(random, 0.05));
      if (random.one_in(10))
        rles.emplace_back();
      else
        rles.emplace_back(Rle::from_counts<std::uint32_t>(hd, path.back().runs(random)));
    }
    paths.push_back(std::move(path));
  }
  return pack(vislabel::exec::Seq{}, hd, count, frames, rles);
}

/// Scores above the paper's threshold.
inline std::vector<double> scores(std::int64_t count) {
  Random random(4);
  std::vector<double> values;
  for (std::int64_t n = 0; n < count; ++n) values.push_back(random.real(0.25, 1));
  return values;
}

/// The peer: pixels in common by walking both masks' runs.
inline std::int64_t common_of_runs(const Rle& a, const Rle& b) {
  const auto p = a.counts(), q = b.counts();
  std::size_t i = 0, j = 0;
  std::int64_t rest_a = p[0], rest_b = q[0], common = 0;
  while (true) {
    const std::int64_t step = std::min(rest_a, rest_b);
    if (i % 2 == 1 && j % 2 == 1) common += step;
    if ((rest_a -= step) == 0) {
      if (++i == p.size()) return common;
      rest_a = p[i];
    }
    if ((rest_b -= step) == 0) {
      if (++j == q.size()) return common;
      rest_b = q[j];
    }
  }
}

}  // namespace bench
