/// From the elements that an array is said to have to the type of a kernel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vislabel/core/error.hpp>
#include <vislabel/core/pixels.hpp>
#include <vislabel/cuda/core/elements.cuh>
#include <vislabel/cuda/operations.hpp>

namespace vislabel::cuda::operations {

template <class T>
[[nodiscard]] Pixels<const T, 4> pixels_of(const Dense& dense) {
  return {static_cast<const std::byte*>(dense.data), dense.shape, dense.strides};
}

/// An output, which is described as inputs are.
template <class T>
[[nodiscard]] Pixels<T, 4> output_of(const Dense& dense) {
  return {static_cast<std::byte*>(const_cast<void*>(dense.data)), dense.shape, dense.strides};
}

/// Calls `use(pixels)`.
template <class Use>
void with_integers(const Dense& dense, Use&& use) {
  switch (dense.element) {
    case Element::bits8:
      return use(pixels_of<std::uint8_t>(dense));
    case Element::bits16:
      return use(pixels_of<std::uint16_t>(dense));
    case Element::bits32:
      return use(pixels_of<std::uint32_t>(dense));
    case Element::bits64:
      return use(pixels_of<std::uint64_t>(dense));
    default:
      vislabel::detail::fail("floats need a threshold, set where x > threshold");
  }
}

/// Calls `use(pixels)`.
template <class Use>
void with_floats(const Dense& dense, Use&& use) {
  switch (dense.element) {
    case Element::float16:
      return use(pixels_of<Half>(dense));
    case Element::bfloat16:
      return use(pixels_of<Bfloat16>(dense));
    case Element::float32:
      return use(pixels_of<float>(dense));
    case Element::float64:
      return use(pixels_of<double>(dense));
    default:
      vislabel::detail::fail("integers have no threshold here, expected floats");
  }
}

/// Calls `use(pixels)`: what losses compute with, which is not half precision.
template <class Use>
void with_numbers(const Dense& dense, Use&& use) {
  if (dense.element == Element::float32) return use(pixels_of<float>(dense));
  vislabel::detail::require(dense.element == Element::float64, "expected float32 or float64");
  use(pixels_of<double>(dense));
}

}  // namespace vislabel::cuda::operations
