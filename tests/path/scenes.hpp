/// Random frames of overlapping proposals with maps in every memory layout, and GBOpt's losses on dense
/// masks: slow, and as the paper writes them.
#pragma once

#include <cmath>
#include <map>
#include <numeric>
#include <oracle.hpp>
#include <vislabel/path/select_masks.hpp>

namespace oracle {

using vislabel::InsideFlow;
using vislabel::Pixels;
using vislabel::Reduction;
using Subset = std::vector<std::int64_t>;
using Subsets = std::vector<Subset>;

/// Equal but for the roundings of sums.
inline bool close(double a, double b) {
  return std::abs(a - b) <= 1e-11 * std::max({1.0, std::abs(a), std::abs(b)});
}

// --- maps ------------------------------------------------------------

/// How the elements lie in memory.
enum class Layout {
  rows,       ///< the last axis closest
  columns,    ///< the first axis closest
  backwards,  ///< strides are negative
  spread,     ///< between the elements there are others
};
inline const std::vector<Layout>& layouts() {
  static const std::vector<Layout> all{Layout::rows, Layout::columns, Layout::backwards, Layout::spread};
  return all;
}

/// A dense array; what lies between its elements is not finite.
template <class T, std::size_t D = 2>
class Array {
 public:
  using Shape = std::array<std::int64_t, D>;

  explicit Array(Shape shape = {}, Layout layout = Layout::rows) : shape_(shape) {
    std::int64_t step = layout == Layout::spread ? 3 : 1;
    for (std::size_t i = 0; i < D; ++i) {
      const std::size_t axis = layout == Layout::columns ? i : D - 1 - i;
      strides_[axis] = step, step *= shape[axis];
      if (layout != Layout::backwards) continue;
      start_ += std::max<std::int64_t>(0, shape[axis] - 1) * strides_[axis], strides_[axis] *= -1;
    }
    using Limits = std::numeric_limits<T>;
    memory_.assign(static_cast<std::size_t>(step + 1),
                   Limits::has_infinity ? Limits::infinity() : Limits::max());
    each([&](const Shape& at) { (*this)[at] = T{}; });
  }

  Array(Size size, Layout layout = Layout::rows)
    requires(D == 2)
      : Array(Shape{size.height, size.width}, layout) {}

  /// The same elements, elsewhere in memory.
  template <class U>
  Array(const Array<U, D>& other, Layout layout) : Array(other.shape(), layout) {
    each([&](const Shape& at) { (*this)[at] = static_cast<T>(other[at]); });
  }

  [[nodiscard]] T& operator[](const Shape& at) { return memory_[place(at)]; }
  [[nodiscard]] const T& operator[](const Shape& at) const { return memory_[place(at)]; }
  template <class... Index>
  [[nodiscard]] T& operator()(Index... at) {
    return (*this)[{static_cast<std::int64_t>(at)...}];
  }
  template <class... Index>
  [[nodiscard]] const T& operator()(Index... at) const {
    return (*this)[{static_cast<std::int64_t>(at)...}];
  }

  [[nodiscard]] const Shape& shape() const { return shape_; }
  [[nodiscard]] Size size() const { return {shape_[0], shape_[1]}; }
  [[nodiscard]] Pixels<const T, D> view() const { return view_of<const T>(memory_.data()); }
  [[nodiscard]] Pixels<T, D> out() { return view_of<T>(memory_.data()); }

  /// Calls `body` with every index.
  template <class Body>
  void each(Body&& body) const {
    for (const std::int64_t length : shape_)
      if (length == 0) return;
    for (Shape at{};;) {
      body(at);
      std::size_t axis = D;
      while (axis > 0 && ++at[axis - 1] == shape_[axis - 1]) at[--axis] = 0;
      if (axis == 0) return;
    }
  }

  friend bool operator==(const Array& a, const Array& b) {
    bool equal = a.shape_ == b.shape_;
    if (equal) a.each([&](const Shape& at) { equal = equal && a[at] == b[at]; });
    return equal;
  }

 private:
  [[nodiscard]] std::size_t place(const Shape& at) const {
    return static_cast<std::size_t>(std::inner_product(at.begin(), at.end(), strides_.begin(), start_));
  }

  template <class U, class Memory>
  [[nodiscard]] Pixels<U, D> view_of(Memory* memory) const {
    Pixels<U, D> view = vislabel::pixels(static_cast<U*>(memory + start_), shape_);
    for (std::size_t axis = 0; axis < D; ++axis)
      view.strides[axis] = strides_[axis] * static_cast<std::ptrdiff_t>(sizeof(T));
    return view;
  }

  Shape shape_{}, strides_{};
  std::int64_t start_ = 0;
  std::vector<T> memory_;
};

using Map = Array<double>;

/// Background probabilities of every kind.
inline Map random_background(Random& random, Size size) {
  Map map(size);
  const std::int64_t kind = random.below(5);
  const Dense object = random_mask(random, size, Content::blobs);
  map.each([&](const Map::Shape& at) {
    const double noise = random.real();
    if (kind == 0) map[at] = noise;
    if (kind == 1) map[at] = (object(at[0], at[1]) != 0 ? 0.1 : 0.8) + 0.1 * noise;
    if (kind == 2) map[at] = random.any_of(std::vector{0.0, 1.0, 0.5, 1e-9, 0.25});
    if (kind == 3) map[at] = object(at[0], at[1]) != 0 ? 0.25 : 0.75;
    if (kind == 4) map[at] = 0.3;
  });
  return map;
}

/// Both channels of a flow: a moving camera, an object that moves otherwise, noise.
struct Flow {
  Map x, y;

  [[nodiscard]] vislabel::FlowField<double> view() const { return {x.view(), y.view()}; }
};

inline Flow random_flow(Random& random, Size size) {
  Flow flow{Map(size), Map(size)};
  const Dense object = random_mask(random, size, Content::blobs);
  const double noise = random.one_in(3) ? 0 : 1;
  flow.x.each([&](const Map::Shape& at) {
    const bool moves = object(at[0], at[1]) != 0;
    flow.x[at] = (moves ? -7.5 : 1.25) + noise * random.real();
    flow.y[at] = (moves ? 2 : -0.5) - noise * random.real();
  });
  return flow;
}

// --- proposals ------------------------------------------------------------

/// Masks as a detector proposes them: objects, parts of them, several at once, the same ones again.
inline std::vector<Dense> random_proposals(Random& random, Size size, std::int64_t count) {
  std::vector<Dense> masks;
  for (std::int64_t n = 0; n < count; ++n) {
    Dense mask(size);
    if (size.pixels() > 0 && !random.one_in(10)) {
      const std::int64_t y = random.below(size.height), x = random.below(size.width);
      const std::int64_t most = random.one_in(3) ? 1 : 3;
      fill(mask, y, x, y + 1 + random.below(1 + size.height / most),
           x + 1 + random.below(1 + size.width / most));
    }
    if (n > 0 && random.one_in(3)) {
      const Dense& other = random.any_of(masks);
      if (random.one_in(4)) mask = other;
      for (std::size_t i = 0; i < mask.bytes.size(); ++i) mask.bytes[i] |= other.bytes[i];
    }
    masks.push_back(std::move(mask));
  }
  return masks;
}

inline Dense unpacked(Size size, const vislabel::PackedMask& mask) {
  Dense out(size);
  vislabel::detail::unpack(mask, vislabel::pixels(out.bytes.data(), std::array{size.height, size.width}));
  return out;
}

/// By the masks that cover it, every region of covered pixels.
inline std::map<Subset, Dense> regions(Size size, const std::vector<Dense>& masks) {
  std::map<Subset, Dense> found;
  for (std::size_t i = 0; i < static_cast<std::size_t>(size.pixels()); ++i) {
    Subset covering;
    for (std::size_t n = 0; n < masks.size(); ++n)
      if (masks[n].bytes[i] != 0) covering.push_back(static_cast<std::int64_t>(n));
    if (!covering.empty()) found.try_emplace(covering, size).first->second.bytes[i] = 1;
  }
  return found;
}

inline Dense foreground(Size size, const std::vector<Dense>& masks, const Subset& chosen) {
  Dense out(size);
  for (const std::int64_t n : chosen)
    for (std::size_t i = 0; i < out.bytes.size(); ++i)
      out.bytes[i] |= masks[static_cast<std::size_t>(n)].bytes[i];
  return out;
}

/// All subsets of N masks, 2^N of them.
inline Subsets all_subsets(std::size_t count) {
  Subsets out{{}};
  for (std::size_t n = 0; n < count; ++n)
    for (std::size_t i = 0, end = out.size(); i < end; ++i) {
      Subset with = out[i];
      with.push_back(static_cast<std::int64_t>(n));
      out.push_back(std::move(with));
    }
  return out;
}

// --- losses ------------------------------------------------------------

inline double reduced(double sum, Size size, Reduction reduction) {
  return reduction == Reduction::mean && size.pixels() > 0 ? sum / static_cast<double>(size.pixels()) : sum;
}

/// Eq. 3.
template <class T>
double background_loss(const Array<T>& background, const Dense& chosen,
                       Reduction reduction = Reduction::mean) {
  double sum = 0;
  background.each([&](const Map::Shape& at) {
    const double p = std::clamp(static_cast<double>(background[at]), 1e-6, 1 - 1e-6);
    sum -= std::log(chosen(at[0], at[1]) != 0 ? 1 - p : p);
  });
  return reduced(sum, background.size(), reduction);
}

/// The mean of a map over the pixels of a mask.
inline double mean(const Map& map, const Dense& mask) {
  double sum = 0;
  map.each([&](const Map::Shape& at) { sum += mask(at[0], at[1]) != 0 ? map[at] : 0; });
  return area(mask) > 0 ? sum / static_cast<double>(area(mask)) : 0;
}

/// Eq. 4, one channel, not divided: `given` is the flow inside, where that is what `inside` says.
inline double flow_loss(const Map& flow, const std::vector<Dense>& masks, const Subset& chosen,
                        InsideFlow inside, const Map& given) {
  Dense rest(flow.size());
  const Dense own = foreground(flow.size(), masks, chosen);
  for (std::size_t i = 0; i < rest.bytes.size(); ++i) rest.bytes[i] = own.bytes[i] ^ 1;
  Map synthetic(inside == InsideFlow::given ? given : flow);
  const double outside = mean(flow, rest);
  flow.each([&](const Map::Shape& at) {
    if (rest(at[0], at[1]) != 0) synthetic[at] = outside;
  });
  for (std::size_t i = chosen.size(); i-- > 0 && inside == InsideFlow::rigid;) {
    const Dense& mask = masks[static_cast<std::size_t>(chosen[i])];
    const double moves = mean(flow, mask);
    flow.each([&](const Map::Shape& at) {
      if (mask(at[0], at[1]) != 0) synthetic[at] = moves;  // the first mask comes last, and stays
    });
  }
  double sum = 0;
  flow.each([&](const Map::Shape& at) { sum += std::abs(flow[at] - synthetic[at]); });
  return sum;
}

inline double flow_loss(const Flow& flow, const std::vector<Dense>& masks, const Subset& chosen,
                        InsideFlow inside, const Flow& given, Reduction reduction = Reduction::mean) {
  return reduced(
      flow_loss(flow.x, masks, chosen, inside, given.x) + flow_loss(flow.y, masks, chosen, inside, given.y),
      flow.x.size(), reduction);
}

/// Eq. 5.
inline double consistency_loss(const Dense& a, const Dense& b) { return 0.0 - frame_iou(Slot(a), Slot(b)); }

}  // namespace oracle
