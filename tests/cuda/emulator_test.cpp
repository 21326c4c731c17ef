#include <doctest/doctest.h>

#include <device_array.hpp>
#include <numeric>
#include <string>
#include <vector>
#include <vislabel/cuda/core/launch.cuh>
#include <vislabel/cuda/core/reduce.cuh>

using namespace vislabel::cuda;

namespace {

// Every thread writes its number; its right neighbour's goes out.
template <bool WithBarrier>
__global__ void neighbours_of_block(int* out) {
  VISLABEL_SHARED(int, numbers, 64);
  const unsigned thread = threadIdx.x;
  numbers[thread] = static_cast<int>(thread);
  if (WithBarrier) __syncthreads();
  out[blockIdx.x * 64 + thread] = numbers[(thread + 1) % 64];
}

template <bool WithBarrier>
__global__ void neighbours_of_warp(int* out) {
  VISLABEL_SHARED(int, numbers, 32);
  const unsigned thread = threadIdx.x;
  numbers[thread] = static_cast<int>(thread);
  if (WithBarrier) __syncwarp();
  out[thread] = numbers[(thread + 1) % 32];
}

// The second round overwrites what the first one still reads.
template <bool WithBarrier>
__global__ void two_rounds(int* out) {
  VISLABEL_SHARED(int, number, 1);
  for (int round = 0; round < 2; ++round) {
    if (WithBarrier) __syncthreads();
    if (threadIdx.x == 0) number[0] = round;
    __syncthreads();
    out[threadIdx.x] = number[0];
  }
}

__global__ void early_return(int*) {
  if (threadIdx.x == 5) return;
  __syncthreads();
}
__global__ void two_barriers(int*) {
  if (threadIdx.x < 32)
    __syncthreads();
  else
    __syncthreads();
}
__global__ void half_a_warp(int*) {
  if (threadIdx.x % 2 == 0) static_cast<void>(__shfl_sync(all_lanes, 1, 0));
}
__global__ void nobody_wrote(int* out) {
  VISLABEL_SHARED(int, number, 1);
  out[threadIdx.x] = number[0];
}
__global__ void beyond(int*) {
  VISLABEL_SHARED(int, numbers, 4);
  numbers[threadIdx.x] = 1;
}
__global__ void too_much(int*) {
  VISLABEL_SHARED(double, numbers, 6145);
  numbers[0] = 1;
}

__global__ void sums(int* out) {
  const unsigned thread = threadIdx.x;
  unsigned values[8];
  for (unsigned i = 0; i < 8; ++i) values[i] = thread * i;
  const unsigned own = each_over_warp(values, Plus());
  out[thread] = static_cast<int>(own);
  const int all = over_block<64>(static_cast<int>(thread), 0, Plus());
  const int most = over_block<64>(static_cast<int>(thread), 0, Most());
  if (thread == 0) out[64] = all, out[65] = most;
}

__global__ void count(int* out) {
  VISLABEL_SHARED(int, all, 1);
  if (threadIdx.x == 0) all[0] = 0;
  __syncthreads();
  atomicAdd(&all[0], 1);
  __syncthreads();
  if (threadIdx.x == 0) atomicAdd(out, static_cast<int>(all[0]));
}

template <class Kernel>
std::string defect_of(Kernel kernel, unsigned threads = 64) {
  DeviceArray<int> out(128);
  try {
    launch(kernel, {1}, threads, nullptr, out.data());
  } catch (const emulated::Defect& defect) {
    return defect.what();
  }
  return "none";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("threads see what others wrote before a barrier, in every order") {
  in_every_order([] {
    DeviceArray<int> out(128);
    launch(neighbours_of_block<true>, {2}, 64, nullptr, out.data());
    for (std::size_t i = 0; i < 128; ++i) CHECK(out.values()[i] == static_cast<int>((i % 64 + 1) % 64));
    launch(neighbours_of_warp<true>, {1}, 32, nullptr, out.data());
    CHECK(out.values()[31] == 0);
    launch(two_rounds<true>, {1}, 64, nullptr, out.data());
    CHECK(out.values()[63] == 1);
  });
}

TEST_CASE("a missing barrier is a race, or a read of nothing, whatever the order") {
  in_every_order([] {
    CHECK(has(defect_of(neighbours_of_block<false>), "numbers["));
    CHECK(has(defect_of(neighbours_of_warp<false>, 32), "numbers["));
    CHECK(has(defect_of(two_rounds<false>), "race: number[0]"));
  });
}

TEST_CASE("barriers that not all threads come to are reported") {
  CHECK(has(defect_of(early_return), "divergent barrier: thread 0 waits for the block at "));
  CHECK(has(defect_of(early_return), "but thread 5 has returned"));
  CHECK(has(defect_of(two_barriers), "but thread 32 waits for the block at "));
  CHECK(has(defect_of(half_a_warp), "thread 0 waits for its warp at "));
}

TEST_CASE("shared memory is neither read before it is written, nor left, nor more than there is") {
  CHECK(has(defect_of(nobody_wrote), "number[0] of "));
  CHECK(has(defect_of(nobody_wrote), "is read before anything was written there"));
  CHECK(has(defect_of(beyond), "has 4 elements"));
  CHECK(has(defect_of(too_much), "shared memory of 49160 bytes, expected at most 48 KiB"));
}

TEST_CASE("grids and blocks that a device refuses are refused") {
  CHECK(has(defect_of(sums, 48), "a block of 48 threads, expected whole warps"));
  CHECK(has(defect_of(sums, 2048), "a block of 2048 threads"));
  DeviceArray<int> out(1);
  CHECK_THROWS_AS(launch(count, {1, 70000}, 32, nullptr, out.data()), emulated::Defect);
  launch(count, {0}, 32, nullptr, out.data());  // nothing to do
}

TEST_CASE("sums over warps and blocks, and atomics, count everything once") {
  in_every_order([] {
    DeviceArray<int> out(66);
    launch(sums, {1}, 64, nullptr, out.data());
    const std::vector<int> found = out.values();
    for (int thread = 0; thread < 64; ++thread) {
      const int base = thread / 32 * 32;  // sums of thread * i over the warp
      CHECK(found[static_cast<std::size_t>(thread)] == thread % 8 * (32 * base + 31 * 16));
    }
    CHECK(found[64] == 63 * 32);
    CHECK(found[65] == 63);
    const std::vector<int> zero{0};
    DeviceArray<int> all(zero);
    launch(count, {3}, 64, nullptr, all.data());
    CHECK(all.values()[0] == 192);
  });
}

TEST_CASE("a defect leaves the emulator as it was") {
  for (int i = 0; i < 3; ++i) CHECK(has(defect_of(early_return), "divergent barrier"));
  DeviceArray<int> out(128);
  launch(neighbours_of_block<true>, {2}, 64, nullptr, out.data());
  CHECK(out.values()[63] == 0);
}
