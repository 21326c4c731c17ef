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
  bool aligned;               ///< whether every element lies where its type may lie

  /// *Errors*: 2^31 images, or pixels in one, or more: threads count them in 32 bits, whose division is no
  /// function call on a device.
  View(const Pixels<T, D>& pixels) : data(pixels.data) {  // NOLINT(google-explicit-constructor)
    constexpr std::int64_t most = std::int64_t{1} << 31;
    vislabel::detail::require(pixels.count() < most, pixels.count(), " maps, expected less than 2^31");
    vislabel::detail::require(pixels.size().pixels() < most, "maps of ", pixels.size(),
                              ", expected less than 2^31 pixels");
    auto places = reinterpret_cast<std::uintptr_t>(data);
    for (std::size_t axis = 0; axis < D; ++axis) {
      shape[axis] = pixels.shape[axis], strides[axis] = pixels.strides[axis];
      places |= static_cast<std::uintptr_t>(strides[axis]);
    }
    aligned = places % alignof(Value) == 0;
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

// A device cannot read a word at an odd address. That it may is said by the host, in `View::aligned`: of a
// test of the address nvcc 13.0 takes both branches for the same, and leaves the word.

/// The element at an address: in one piece, or byte by byte.
template <class T>
[[nodiscard]] __device__ T load(const std::byte* from, bool aligned) {
  if (aligned) return *reinterpret_cast<const T*>(from);
  T value;
  auto* const to = reinterpret_cast<unsigned char*>(&value);
  const auto* const bytes = reinterpret_cast<const volatile unsigned char*>(from);
  for (std::size_t i = 0; i < sizeof(T); ++i) to[i] = bytes[i];
  return value;
}

template <class T>
__device__ void store(std::byte* to, T value, bool aligned) {
  if (aligned) {
    *reinterpret_cast<T*>(to) = value;
    return;
  }
  const auto* const from = reinterpret_cast<const unsigned char*>(&value);
  auto* const bytes = reinterpret_cast<volatile unsigned char*>(to);
  for (std::size_t i = 0; i < sizeof(T); ++i) bytes[i] = from[i];
}

/// Up to 32 elements, `stride` bytes apart; the last of `count` stands for those behind it. All are asked for
/// before the first is needed: a load in a branch would wait for the one before.
template <class T>
__device__ void load_column(const std::byte* from, std::ptrdiff_t stride, std::int32_t count, bool aligned,
                            T (&values)[32]) {  // NOLINT(*-avoid-c-arrays)
  const auto row = [&](int r) { return from + (r < count ? r : count - 1) * stride; };
  if (aligned) {
#pragma unroll
    for (int r = 0; r < 32; ++r) values[r] = *reinterpret_cast<const T*>(row(r));
  } else {
    for (int r = 0; r < 32; ++r) values[r] = load<T>(row(r), false);
  }
}

}  // namespace vislabel::cuda
