// Masks and tracks of the tests on the device.
#pragma once

#include <array>
#include <cstdint>
#include <device_array.hpp>
#include <limits>
#include <oracle.hpp>
#include <vector>
#include <vislabel/cuda/mask/measure.cuh>
#include <vislabel/cuda/mask/pack.cuh>
#include <vislabel/cuda/mask/words.hpp>

inline constexpr double no_number = std::numeric_limits<double>::quiet_NaN();

// Packed there, and the memory that they lie in.
class OnDevice {
 public:
  OnDevice(vislabel::Size size, const std::vector<oracle::Dense>& masks)
      : layout_(size),
        words_(masks.size() * static_cast<std::size_t>(layout_.words())),
        areas_(masks.size()),
        boxes_(masks.size()) {
    std::vector<std::uint8_t> bytes;
    for (const oracle::Dense& mask : masks) bytes.insert(bytes.end(), mask.bytes.begin(), mask.bytes.end());
    const DeviceArray<std::uint8_t> dense(bytes);
    const std::array<std::int64_t, 4> shape{1, count(), size.height, size.width};
    vislabel::cuda::pack(vislabel::pixels(dense.data(), shape), vislabel::cuda::NonZero(), words_.data(),
                         nullptr);
    vislabel::cuda::measure(words_.data(), layout_, count(), areas_.data(), boxes_.data(), nullptr);
  }

  // Absent slots are masks without pixels there.
  explicit OnDevice(const oracle::DenseTracks& tracks) : OnDevice(tracks.size, present_or_empty(tracks)) {}

  [[nodiscard]] std::int64_t count() const { return static_cast<std::int64_t>(areas_.size()); }
  [[nodiscard]] vislabel::cuda::DeviceMasks masks() const {
    return {words_.data(), areas_.data(), boxes_.data(), count(), layout_};
  }
  [[nodiscard]] const DeviceArray<std::uint32_t>& words() const { return words_; }

 private:
  static std::vector<oracle::Dense> present_or_empty(const oracle::DenseTracks& tracks) {
    std::vector<oracle::Dense> masks;
    for (const auto& slot : tracks.slots) masks.push_back(slot.value_or(oracle::Dense(tracks.size)));
    return masks;
  }

  vislabel::cuda::Layout layout_;
  DeviceArray<std::uint32_t> words_;
  DeviceArray<std::int64_t> areas_;
  DeviceArray<vislabel::cuda::PixelBox> boxes_;
};
