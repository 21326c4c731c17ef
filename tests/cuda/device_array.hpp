// Arrays on the emulated device: memory of their size exactly, so that sanitizers see its end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>
#include <vislabel/cuda/core/language.cuh>

template <class T>
class DeviceArray {
 public:
  // What is in it is anything but what the test expects.
  explicit DeviceArray(std::size_t count)
      : data_(static_cast<T*>(::operator new(count * sizeof(T)))), count_(count) {
    std::memset(static_cast<void*>(data_.get()), 0xa5, count * sizeof(T));
  }
  explicit DeviceArray(std::span<const T> values) : DeviceArray(values.size()) {
    copy(data(), values.data(), values.size());
  }
  explicit DeviceArray(const std::vector<T>& values) : DeviceArray(std::span<const T>(values)) {}

  [[nodiscard]] T* data() { return data_.get(); }
  [[nodiscard]] const T* data() const { return data_.get(); }
  [[nodiscard]] std::size_t size() const { return count_; }

  [[nodiscard]] std::vector<T> values() const {
    std::vector<T> values(count_);
    copy(values.data(), data(), count_);
    return values;
  }

 private:
  struct Free {
    void operator()(T* data) const { ::operator delete(data); }
  };
  static void copy(T* to, const T* from, std::size_t count) {
    if (count > 0) std::memcpy(to, from, count * sizeof(T));
  }

  std::unique_ptr<T, Free> data_;
  std::size_t count_;
};

// Runs `test` with the emulator's threads in several orders.
template <class Test>
void in_every_order(Test&& test) {
  for (const std::uint64_t seed : {0U, 1U, 2U, 3U}) {
    emulated::order = {seed};
    test();
  }
  emulated::order = {};
}
