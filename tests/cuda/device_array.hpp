// Arrays on the device: memory of the host in emulation, of the card where there is one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>
#include <vislabel/cuda/core/language.cuh>
#include <vislabel/cuda/core/launch.cuh>

#if defined(__CUDACC__)
inline void require_success(cudaError_t error) {
  if (error != cudaSuccess) throw std::runtime_error(cudaGetErrorString(error));
}
#endif

template <class T>
class DeviceArray {
 public:
  // What is in it is anything but what the test expects.
  explicit DeviceArray(std::size_t count) : count_(count) {
#if defined(__CUDACC__)
    void* data = nullptr;
    require_success(cudaMalloc(&data, count * sizeof(T) + 1));
    require_success(cudaMemset(data, 0xa5, count * sizeof(T)));
    data_.reset(static_cast<T*>(data));
#else
    data_.reset(
        static_cast<T*>(::operator new(count * sizeof(T))));  // of that size exactly: sanitizers see its end
    std::memset(static_cast<void*>(data_.get()), 0xa5, count * sizeof(T));
#endif
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
#if defined(__CUDACC__)
  struct Free {
    void operator()(T* data) const { cudaFree(data); }
  };
  static void copy(T* to, const T* from, std::size_t count) {
    require_success(
        cudaMemcpy(to, from, count * sizeof(T), cudaMemcpyDefault));  // waits for the default stream
  }
#else
  struct Free {
    void operator()(T* data) const { ::operator delete(data); }
  };
  static void copy(T* to, const T* from, std::size_t count) {
    if (count > 0) std::memcpy(to, from, count * sizeof(T));
  }
#endif

  std::unique_ptr<T, Free> data_;
  std::size_t count_;
};

// Runs `test` with the emulator's threads in several orders; once on a card.
template <class Test>
void in_every_order(Test&& test) {
#if defined(__CUDACC__)
  test();
#else
  for (const std::uint64_t seed : {0U, 1U, 2U, 3U}) {
    emulated::order = {seed};
    test();
  }
  emulated::order = {};
#endif
}
