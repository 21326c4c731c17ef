/// Strided views of arrays that lie on the device: what kernels take, by value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vislabel/core/error.hpp>
#include <vislabel/core/pixels.hpp>
#include <vislabel/cuda/core/language.cuh>

namespace vislabel::cuda {

/// The same as `Pixels`, in a form that device code can read: no member of the standard library.
template <class T, std::size_t D>
struct View {
  using Bytes = std::conditional_t<std::is_const_v<T>, const std::byte, std::byte>;
  using Value = std::remove_const_t<T>;

  Bytes* data;
  std::int64_t shape[D];      // NOLINT(*-avoid-c-arrays)
  std::ptrdiff_t strides[D];  // NOLINT(*-avoid-c-arrays)

  /// *Errors*: 2^31 images, or pixels in one, or more: threads count them in 32 bits, whose division is no
  /// function call on a device.
  View(const Pixels<T, D>& pixels) : data(pixels.data) {  // NOLINT(google-explicit-constructor)
    constexpr std::int64_t most = std::int64_t{1} << 31;
    vislabel::detail::require(pixels.count() < most, pixels.count(), " maps, expected less than 2^31");
    vislabel::detail::require(pixels.size().pixels() < most, "maps of ", pixels.size(),
                              ", expected less than 2^31 pixels");
    for (std::size_t axis = 0; axis < D; ++axis)
      shape[axis] = pixels.shape[axis], strides[axis] = pixels.strides[axis];
  }
};

/// Where image `i` of a view begins, the leading axes taken in C order.
template <class T, std::size_t D>
[[nodiscard]] __device__ auto image(const View<T, D>& view, std::int64_t i) {
  std::ptrdiff_t offset = 0;
  auto rest = static_cast<unsigned>(i);
  for (std::size_t axis = D - 2; axis-- > 0;) {
    const auto length = static_cast<unsigned>(view.shape[axis]);
    offset += static_cast<std::ptrdiff_t>(rest % length) * view.strides[axis];
    rest /= length;
  }
  return view.data + offset;
}

/// The element at an address of any alignment.
template <class T>
[[nodiscard]] __device__ T load(const std::byte* from) {
  if (reinterpret_cast<std::uintptr_t>(from) % alignof(T) == 0) return *reinterpret_cast<const T*>(from);
  T value;
  memcpy(&value, from, sizeof(T));
  return value;
}

template <class T>
__device__ void store(std::byte* to, T value) {
  if (reinterpret_cast<std::uintptr_t>(to) % alignof(T) == 0)
    *reinterpret_cast<T*>(to) = value;
  else
    memcpy(to, &value, sizeof(T));
}

}  // namespace vislabel::cuda
