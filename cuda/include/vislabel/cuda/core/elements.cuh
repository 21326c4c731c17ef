/// What the elements of dense masks can be on the device, and which of them are pixels of the mask: the same
/// answers as `mask/dense.hpp` gives on the host, and half precision, which only a device computes in.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>
#include <vislabel/core/threshold.hpp>
#include <vislabel/cuda/core/language.cuh>

namespace vislabel::cuda {

/// IEEE half precision, as it lies in memory.
struct Half {
  std::uint16_t bits;

  [[nodiscard]] constexpr float value() const {
    const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16, rest = bits & 0x7fffU;
    // The exponent is rebased by a multiplication, which treats numbers too small for a leading 1 right.
    const float magnitude = rest < 0x7c00U ? std::bit_cast<float>(rest << 13) * 0x1p112F
                                           : std::bit_cast<float>(0x7f800000U | rest << 13);
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
  }
};

/// The upper half of a float.
struct Bfloat16 {
  std::uint16_t bits;

  [[nodiscard]] constexpr float value() const {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }
};

/// The number that an element stands for; exact.
template <class T>
[[nodiscard]] constexpr auto value_of(T element) {
  if constexpr (std::is_arithmetic_v<T>)
    return element;
  else
    return element.value();
}

template <class T>
using ValueOf = decltype(value_of(T{}));

/// Pixels are the elements that are not 0.
struct NonZero {
  template <class T>
  [[nodiscard]] constexpr bool operator()(T element) const {
    return element != T{0};
  }
};

/// Pixels are the elements above a threshold, as compared in double.
template <class T>
struct Above {
  ValueOf<T> threshold;  ///< the largest number of the elements' type that is not above the real one

  explicit Above(double exact) : threshold(vislabel::detail::threshold_as<ValueOf<T>>(exact)) {}
  [[nodiscard]] constexpr bool operator()(T element) const { return value_of(element) > threshold; }
};

}  // namespace vislabel::cuda
