/// A strided view of a dense pixel-valued array, whoever owns it: NumPy, torch, xtensor, a plain vector. It
/// is the one way in for dense masks, so that no caller has to copy or transpose before a call.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vislabel/core/error.hpp>
#include <vislabel/core/size.hpp>

namespace vislabel {

/// A view of D axes, the last two of which are rows and columns. Strides are in bytes and may have any sign;
/// elements need not be aligned. `T` is const for input and not const for output.
///
/// *Shapes*: `shape` [.., H, W]; `strides` the same length.
template <class T, std::size_t D = 2>
  requires(D >= 2)
struct Pixels {
  using Bytes = std::conditional_t<std::is_const_v<T>, const std::byte, std::byte>;
  using Value = std::remove_const_t<T>;

  Bytes* data = nullptr;
  std::array<std::int64_t, D> shape{};
  std::array<std::ptrdiff_t, D> strides{};

  [[nodiscard]] Size size() const { return {shape[D - 2], shape[D - 1]}; }
  [[nodiscard]] std::ptrdiff_t row_stride() const { return strides[D - 2]; }
  [[nodiscard]] std::ptrdiff_t column_stride() const { return strides[D - 1]; }

  /// How many images there are: the product of the leading axes.
  [[nodiscard]] std::int64_t count() const {
    std::int64_t product = 1;
    for (std::size_t axis = 0; axis + 2 < D; ++axis) product *= shape[axis];
    return product;
  }

  /// Image `i` of `count()`, the leading axes taken in C order.
  [[nodiscard]] Pixels<T, 2> image(std::int64_t i) const {
    std::ptrdiff_t offset = 0;
    for (std::size_t axis = D - 2; axis-- > 0;) {
      offset += (i % shape[axis]) * strides[axis];
      i /= shape[axis];
    }
    return {data + offset, {shape[D - 2], shape[D - 1]}, {strides[D - 2], strides[D - 1]}};
  }

  [[nodiscard]] Bytes* row(std::int64_t y) const { return data + y * row_stride(); }

  [[nodiscard]] Value at(std::int64_t y, std::int64_t x) const {
    Value value;
    std::memcpy(&value, row(y) + x * column_stride(), sizeof(Value));
    return value;
  }
};

/// A view of a C-ordered array.
///
/// *Shapes*: `data` points to the product of `shape` elements.
template <class T, std::size_t D>
[[nodiscard]] Pixels<T, D> pixels(T* data, const std::array<std::int64_t, D>& shape) {
  Pixels<T, D> view;
  view.data = reinterpret_cast<typename Pixels<T, D>::Bytes*>(data);
  view.shape = shape;
  std::ptrdiff_t stride = sizeof(T);
  for (std::size_t axis = D; axis-- > 0;) {
    detail::require(shape[axis] >= 0, "pixels: shape[", axis, "] is ", shape[axis], ", expected at least 0");
    view.strides[axis] = stride;
    stride *= shape[axis];
  }
  return view;
}

}  // namespace vislabel
