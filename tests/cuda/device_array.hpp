// Arrays on the device. Emulated, they are memory of their size exactly, so that sanitizers see its end;
// compiled by nvcc, the same tests run on a real one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>
#include <vislabel/cuda/core/language.cuh>

#if defined(__CUDACC__)
#include <cuda_runtime.h>

#include <stdexcept>

namespace memory_of_device {

inline void require_done(cudaError_t error) {
  if (error != cudaSuccess) throw std::runtime_error(cudaGetErrorString(error));
}
inline void* allocate(std::size_t bytes) {
  void* data = nullptr;
  require_done(cudaMalloc(&data, bytes == 0 ? 1 : bytes));
  return data;
}
inline void release(void* data) { cudaFree(data); }
inline void fill(void* data, std::size_t bytes) { require_done(cudaMemset(data, 0xa5, bytes)); }
inline void copy(void* to, const void* from,
                 std::size_t bytes) {  // waits for the device, and says what went wrong
  require_done(cudaMemcpy(to, from, bytes, cudaMemcpyDefault));
}

}  // namespace memory_of_device
#else
namespace memory_of_device {

inline void* allocate(std::size_t bytes) { return ::operator new(bytes); }
inline void release(void* data) { ::operator delete(data); }
inline void fill(void* data, std::size_t bytes) { std::memset(data, 0xa5, bytes); }
inline void copy(void* to, const void* from, std::size_t bytes) { std::memcpy(to, from, bytes); }

}  // namespace memory_of_device
#endif

template <class T>
class DeviceArray {
 public:
  // What is in it is anything but what the test expects.
  explicit DeviceArray(std::size_t count)
      : data_(static_cast<T*>(memory_of_device::allocate(count * sizeof(T)))), count_(count) {
    memory_of_device::fill(data_.get(), count * sizeof(T));
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
    void operator()(T* data) const { memory_of_device::release(data); }
  };
  static void copy(T* to, const T* from, std::size_t count) {
    if (count > 0) memory_of_device::copy(to, from, count * sizeof(T));
  }

  std::unique_ptr<T, Free> data_;
  std::size_t count_;
};

// Runs `test` with the emulator's threads in several orders.
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
