/// What the library computes, slowly and obviously: dense bytes, one loop per definition, no blocks. Plus the
/// seeded random masks and tracks that the tests of all rooms share, and the policies they run under.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <boost/dynamic_bitset.hpp>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>
#include <vislabel/vislabel.hpp>

namespace oracle {

using vislabel::EmptyPair;
using vislabel::Masks;
using vislabel::OverTime;
using vislabel::Size;
using vislabel::Tracks;

// --- randomness ------------------------------------------------------------

/// The same numbers on every machine, unlike the standard distributions.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  /// In [0, n).
  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(n));
  }
  std::int64_t between(std::int64_t low, std::int64_t high) { return low + below(high - low + 1); }
  bool one_in(std::int64_t n) { return below(n) == 0; }
  double real() { return static_cast<double>(below(1 << 20)) / (1 << 20); }
  template <class T>
  T any_of(const std::vector<T>& choices) {
    return choices[static_cast<std::size_t>(below(static_cast<std::int64_t>(choices.size())))];
  }

 private:
  std::mt19937_64 engine_;
};

// --- dense masks ------------------------------------------------------------

/// Row-major bytes, 0 or 1.
struct Dense {
  Size size;
  std::vector<std::uint8_t> bytes;

  explicit Dense(Size s = {}) : size(s), bytes(static_cast<std::size_t>(s.pixels())) {}
  std::uint8_t& operator()(std::int64_t y, std::int64_t x) {
    return bytes[static_cast<std::size_t>(y * size.width + x)];
  }
  std::uint8_t operator()(std::int64_t y, std::int64_t x) const {
    return bytes[static_cast<std::size_t>(y * size.width + x)];
  }
  friend bool operator==(const Dense&, const Dense&) = default;
};

/// A dense mask drawn in text, one string per row, '#' is set.
inline Dense drawn(const std::vector<std::string>& rows) {
  Dense mask(
      {static_cast<std::int64_t>(rows.size()), rows.empty() ? 0 : static_cast<std::int64_t>(rows[0].size())});
  for (std::size_t y = 0; y < rows.size(); ++y)
    for (std::size_t x = 0; x < rows[y].size(); ++x)
      mask(static_cast<std::int64_t>(y), static_cast<std::int64_t>(x)) = rows[y][x] == '#' ? 1 : 0;
  return mask;
}

enum class Content {
  empty,
  sparse,
  half,
  dense,
  full,
  hole,
  blobs,
  checkerboard,
  columns,
  rows,
  corner,
  band
};

inline const std::vector<Content>& contents() {
  static const std::vector<Content> all{
      Content::empty, Content::sparse, Content::half,  Content::dense,        Content::full,
      Content::hole,  Content::blobs,  Content::blobs, Content::checkerboard, Content::columns,
      Content::rows,  Content::corner, Content::band};
  return all;
}

/// Sizes around the edges of blocks (32 x 16), of kernels (8, 64) and of occupancy words (1024 columns).
inline const std::vector<Size>& awkward_sizes() {
  static const std::vector<Size> all{{0, 0},    {0, 5},     {5, 0},     {1, 1},     {1, 31},   {31, 1},
                                     {1, 64},   {65, 1},    {7, 9},     {31, 33},   {32, 16},  {32, 32},
                                     {33, 17},  {63, 65},   {64, 64},   {65, 63},   {96, 48},  {1, 4096},
                                     {4096, 1}, {33, 1025}, {64, 1024}, {40, 2100}, {65, 4096}};
  return all;
}

inline void fill(Dense& mask, std::int64_t y0, std::int64_t x0, std::int64_t y1, std::int64_t x1) {
  for (std::int64_t y = std::max<std::int64_t>(0, y0); y < std::min(y1, mask.size.height); ++y)
    for (std::int64_t x = std::max<std::int64_t>(0, x0); x < std::min(x1, mask.size.width); ++x)
      mask(y, x) = 1;
}

inline Dense random_mask(Random& random, Size size, Content content) {
  Dense mask(size);
  if (size.pixels() == 0) return mask;
  const std::int64_t one_in = content == Content::sparse ? std::max<std::int64_t>(2, size.pixels() / 20) : 2;
  for (std::int64_t y = 0; y < size.height; ++y)
    for (std::int64_t x = 0; x < size.width; ++x) {
      std::uint8_t& pixel = mask(y, x);
      if (content == Content::sparse || content == Content::half) pixel = random.one_in(one_in) ? 1 : 0;
      if (content == Content::dense) pixel = random.one_in(50) ? 0 : 1;
      if (content == Content::full || content == Content::hole) pixel = 1;
      if (content == Content::checkerboard) pixel = (x + y) % 2 == 1 ? 1 : 0;
      if (content == Content::columns) pixel = x % 3 == 1 ? 1 : 0;
      if (content == Content::rows) pixel = y % 3 == 1 ? 1 : 0;
    }
  const std::int64_t y = random.below(size.height), x = random.below(size.width);
  if (content == Content::hole) mask(y, x) = 0;
  if (content == Content::corner)
    mask(random.one_in(2) ? 0 : size.height - 1, random.one_in(2) ? 0 : size.width - 1) = 1;
  if (content == Content::band) fill(mask, y, 0, y + 1 + size.height / 2, size.width);
  if (content == Content::blobs)
    for (int k = 0; k < 3; ++k) {
      const std::int64_t top = random.below(size.height), left = random.below(size.width);
      fill(mask, top, left, top + 1 + random.below(size.height), left + 1 + random.below(size.width));
    }
  return mask;
}

/// One mask of every content.
inline std::vector<Dense> assorted(Random& random, Size size) {
  std::vector<Dense> masks;
  for (const Content content : contents()) masks.push_back(random_mask(random, size, content));
  return masks;
}

/// `count` masks of random contents.
inline std::vector<Dense> random_masks(Random& random, Size size, std::int64_t count) {
  std::vector<Dense> masks;
  for (std::int64_t n = 0; n < count; ++n)
    masks.push_back(random_mask(random, size, random.any_of(contents())));
  return masks;
}

inline Masks packed(Size size, const std::vector<Dense>& masks) {
  std::vector<std::uint8_t> bytes;
  for (const Dense& mask : masks) bytes.insert(bytes.end(), mask.bytes.begin(), mask.bytes.end());
  const std::array<std::int64_t, 3> shape{static_cast<std::int64_t>(masks.size()), size.height, size.width};
  return pack(vislabel::exec::Seq{}, vislabel::pixels(static_cast<const std::uint8_t*>(bytes.data()), shape));
}

inline vislabel::PackedMask packed(const Dense& mask) { return packed(mask.size, {mask})[0]; }

/// Pixel (y, x) is bit y * width + x.
inline boost::dynamic_bitset<> bits(const Dense& mask) {
  boost::dynamic_bitset<> set(mask.bytes.size());
  for (std::size_t i = 0; i < mask.bytes.size(); ++i) set[i] = mask.bytes[i] != 0;
  return set;
}

inline Dense dense(Size size, const boost::dynamic_bitset<>& set) {
  Dense mask(size);
  for (std::size_t i = 0; i < mask.bytes.size(); ++i) mask.bytes[i] = set[i] ? 1 : 0;
  return mask;
}

inline std::int64_t area(const Dense& mask) {
  return std::count(mask.bytes.begin(), mask.bytes.end(), std::uint8_t{1});
}

inline vislabel::Box box(const Dense& mask) {
  std::int64_t x0 = mask.size.width, y0 = mask.size.height, x1 = -1, y1 = -1;
  for (std::int64_t y = 0; y < mask.size.height; ++y)
    for (std::int64_t x = 0; x < mask.size.width; ++x)
      if (mask(y, x) != 0)
        x0 = std::min(x0, x), x1 = std::max(x1, x), y0 = std::min(y0, y), y1 = std::max(y1, y);
  if (x1 < 0) return {};
  return {static_cast<double>(x0), static_cast<double>(y0), static_cast<double>(x1 - x0 + 1),
          static_cast<double>(y1 - y0 + 1)};
}

/// COCO's run lengths: down the columns, zeros first.
inline std::vector<std::uint32_t> runs(const Dense& mask) {
  std::vector<std::uint32_t> counts{0};
  std::uint8_t colour = 0;
  for (std::int64_t x = 0; x < mask.size.width; ++x)
    for (std::int64_t y = 0; y < mask.size.height; ++y) {
      if (mask(y, x) != colour) counts.push_back(0), colour = mask(y, x);
      ++counts.back();
    }
  return counts;
}

inline std::int64_t common(const Dense& a, const Dense& b) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < a.bytes.size(); ++i) sum += a.bytes[i] & b.bytes[i];
  return sum;
}

// --- tracks ------------------------------------------------------------

using Slot = std::optional<Dense>;

struct DenseTracks {
  Size size;
  std::int64_t count = 0, frames = 0;
  std::vector<Slot> slots;

  const Slot& operator()(std::int64_t n, std::int64_t t) const {
    return slots[static_cast<std::size_t>(n * frames + t)];
  }
};

inline Tracks packed(const DenseTracks& tracks) {
  std::vector<Tracks::Slot> slots;
  for (const Slot& slot : tracks.slots) slots.push_back(slot ? Tracks::Slot(packed(*slot)) : std::nullopt);
  return {tracks.size, tracks.count, tracks.frames, std::move(slots)};
}

/// Tracks drawn in text: [N][T], '#' is set, one row per mask; "absent" is absent.
inline DenseTracks drawn(std::int64_t width, const std::vector<std::vector<std::string>>& rows) {
  DenseTracks tracks{{1, width}, static_cast<std::int64_t>(rows.size()), 0, {}};
  for (const auto& row : rows) {
    tracks.frames = static_cast<std::int64_t>(row.size());
    for (const std::string& text : row)
      tracks.slots.push_back(text == "absent" ? Slot{} : Slot(drawn({text})));
  }
  return tracks;
}

/// Few pixels, so that IoUs tie and hit thresholds; about one slot in six absent, one in eight empty.
inline DenseTracks random_tracks(Random& random, Size size, std::int64_t count, std::int64_t frames) {
  DenseTracks tracks{size, count, frames, {}};
  for (std::int64_t i = 0; i < count * frames; ++i) {
    const Content content = random.one_in(8)   ? Content::empty
                            : random.one_in(2) ? Content::half
                                               : Content::blobs;
    tracks.slots.push_back(random.one_in(6) ? Slot{} : Slot(random_mask(random, size, content)));
  }
  return tracks;
}

/// Sizes of very few pixels: the IoUs of such masks are 0, 1/4, 1/3, 1/2, ..
inline DenseTracks tiny_tracks(Random& random, std::int64_t count, std::int64_t frames) {
  return random_tracks(random, random.any_of(std::vector<Size>{{1, 2}, {1, 3}, {2, 2}, {1, 4}, {2, 3}}),
                       count, frames);
}

struct Counts {
  std::int64_t common, together;
};

inline Counts counts(const Slot& a, const Slot& b) {
  const std::int64_t both = a && b ? common(*a, *b) : 0;
  return {both, (a ? area(*a) : 0) + (b ? area(*b) : 0) - both};
}

inline double quotient(Counts counts, EmptyPair empty_pair) {
  if (counts.together == 0) return empty_pair == EmptyPair::one ? 1 : 0;
  return static_cast<double>(counts.common) / static_cast<double>(counts.together);
}

inline double frame_iou(const Slot& a, const Slot& b, EmptyPair empty_pair = EmptyPair::zero) {
  return quotient(counts(a, b), empty_pair);
}

inline double track_iou(const DenseTracks& a, std::int64_t n, const DenseTracks& b, std::int64_t m,
                        OverTime over_time, EmptyPair empty_pair = EmptyPair::zero) {
  if (a.frames == 0) return quotient({0, 0}, empty_pair);
  double largest = 0, sum = 0;
  Counts volume{0, 0};
  for (std::int64_t t = 0; t < a.frames; ++t) {
    const Counts frame = counts(a(n, t), b(m, t));
    volume = {volume.common + frame.common, volume.together + frame.together};
    largest = std::max(largest, quotient(frame, empty_pair));
    sum += quotient(frame, empty_pair);
  }
  if (over_time == OverTime::volume) return quotient(volume, empty_pair);
  return over_time == OverTime::any_frame ? largest : sum / static_cast<double>(a.frames);
}

// --- running ------------------------------------------------------------

/// Calls `body` with every policy: its result must not depend on it.
template <class Body>
void under_every_policy(Body&& body) {
  body(vislabel::exec::Seq{});
  for (const int threads : {1, 2, 3}) body(vislabel::exec::Omp{threads});
}

/// The message of the vislabel::Error that `body` throws; any other exception passes through.
template <class Body>
std::string error_of(Body&& body) {
  try {
    static_cast<void>(body());
  } catch (const vislabel::Error& error) {
    return error.what();
  }
  return "(no error)";
}

}  // namespace oracle

namespace doctest {
template <>
struct StringMaker<vislabel::Box> {
  static String convert(const vislabel::Box& b) {
    return vislabel::detail::text("(", b.x, ", ", b.y, ", ", b.width, ", ", b.height, ")").c_str();
  }
};
template <class T>
struct StringMaker<std::vector<T>> {
  static String convert(const std::vector<T>& values) {
    String out = "[";
    for (const T& value : values) out += toString(value) + " ";
    return out + "]";
  }
};
}  // namespace doctest
