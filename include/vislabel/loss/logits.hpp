/// What the losses share: maps of logits that may hold NaN, and boxes that some instances do not have.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vislabel/core/box.hpp>
#include <vislabel/core/error.hpp>
#include <vislabel/core/exec.hpp>
#include <vislabel/core/pixels.hpp>
#include <vislabel/core/rectangle.hpp>

namespace vislabel {

/// What NaN among the numbers of a network does.
enum class OnNaN {
  error,      ///< it is refused, by its place
  propagate,  ///< it makes the results NaN that depend on it, as torch would
};

/// A box, or none: the instance is not annotated there, and has no loss.
using BoxSlot = std::optional<Box>;

namespace detail {

template <std::floating_point T>
[[nodiscard]] bool has_nan(const Pixels<const T, 2>& map) {
  const auto look = [width = map.size().width](const std::byte* value, std::ptrdiff_t stride) {
    int found =
        0;  // an int of its own, which the compiler keeps in a vector: a bool takes three times as long
    for (std::int64_t x = 0; x < width; ++x) {
      T number;
      std::memcpy(&number, value + x * stride, sizeof(T));
      found |= number != number ? 1 : 0;
    }
    return found != 0;
  };
  constexpr std::ptrdiff_t element = sizeof(T);
  for (std::int64_t y = 0; y < map.size().height; ++y)
    if (map.column_stride() == element ? look(map.row(y), element) : look(map.row(y), map.column_stride()))
      return true;
  return false;
}

/// *Errors*: NaN in image `i`, by its place on all axes.
template <std::floating_point T, std::size_t D>
void refuse_nan(const Pixels<const T, D>& maps, std::int64_t i, const char* name) {
  const Pixels<const T, 2> map = maps.image(i);
  for (std::int64_t y = 0; y < map.size().height; ++y)
    for (std::int64_t x = 0; x < map.size().width; ++x) {
      if (!std::isnan(map.at(y, x))) continue;
      std::string place;
      for (std::size_t axis = D - 2; axis-- > 0; i /= maps.shape[axis])
        place.insert(0, text(i % maps.shape[axis], ", "));
      require(false, name, "[", place, y, ", ", x, "] is NaN, expected a number");
    }
}

/// Whether image `i` holds NaN. *Errors*: it does, and must not.
template <std::floating_point T, std::size_t D>
bool checked_nan(const Pixels<const T, D>& maps, std::int64_t i, const char* name, OnNaN nan) {
  if (!has_nan(maps.image(i))) return false;
  if (nan == OnNaN::error) refuse_nan(maps, i, name);
  return true;
}

/// One box or none per image of `logits`, each finite and of no negative side.
template <class T, std::size_t D>
void require_boxes(std::span<const BoxSlot> boxes, const Pixels<T, D>& logits) {
  require(static_cast<std::int64_t>(boxes.size()) == logits.count(), "boxes has ", boxes.size(),
          " boxes, expected one per map of logits (", logits.count(), ")");
  for (std::size_t n = 0; n < boxes.size(); ++n)
    if (const BoxSlot& box = boxes[n])
      require_box(*box, std::numeric_limits<double>::infinity(), "boxes[", n, "]");
}

/// *Errors*: another number of upstream gradients than boxes; an output of another shape than the logits.
template <class T, std::size_t D>
void require_gradient(std::span<const double> gradient, std::span<const BoxSlot> boxes,
                      const Pixels<const T, D>& logits, const Pixels<T, D>& out) {
  require(gradient.size() == boxes.size(), "gradient has ", gradient.size(),
          " numbers, expected one per box (", boxes.size(), ")");
  require(out.shape == logits.shape, "out has another shape than logits");
}

/// Writes one value everywhere.
template <class T>
void fill(const Pixels<T, 2>& out, T value) {
  constexpr auto element = static_cast<std::ptrdiff_t>(sizeof(T));
  const auto write = [&](std::byte* to, std::ptrdiff_t stride) {
    for (std::int64_t x = 0; x < out.size().width; ++x) std::memcpy(to + x * stride, &value, sizeof(T));
  };
  for (std::int64_t y = 0; y < out.size().height; ++y)
    out.column_stride() == element ? write(out.row(y), element) : write(out.row(y), out.column_stride());
}

/// Adds to one element.
template <class T>
void add_to(const Pixels<T, 2>& out, std::int64_t y, std::int64_t x, double value) {
  const T sum = static_cast<T>(static_cast<double>(out.at(y, x)) + value);
  std::memcpy(out.row(y) + x * out.column_stride(), &sum, sizeof(T));
}

}  // namespace detail
}  // namespace vislabel
