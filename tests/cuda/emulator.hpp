// CUDA's words for a host compiler, and blocks that run as fibers of one thread: so that kernels are run, and
// looked at by sanitizers, where there is no GPU. A defect that a device would hide is an exception:
// `emulated::Defect`.
#pragma once

#include <bit>
#include <block.hpp>
#include <cstdint>
#include <random>
#include <shared_array.hpp>
#include <source_location>
#include <string>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __restrict__ __restrict

struct dim3 {
  unsigned x, y, z;
  explicit dim3(unsigned columns = 1, unsigned rows = 1, unsigned layers = 1)
      : x(columns), y(rows), z(layers) {}
};

struct alignas(8) uint2 {
  unsigned x, y;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};

inline thread_local emulated::Index blockIdx, gridDim, blockDim;

// Of the thread that runs, whichever that is.
struct EmulatedThreadIndex {
  struct X {
    operator unsigned() const { return emulated::running->thread(); }  // NOLINT(google-explicit-constructor)
  } x;
};
inline constexpr EmulatedThreadIndex threadIdx{};

namespace emulated {

// Runs all blocks. *Errors*: what a device refuses; `Defect`.
template <class Kernel>
void run(dim3 grid, dim3 threads, Kernel kernel) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.x > 0x7fffffff || grid.y > 0xffff || grid.z > 0xffff)
    throw Defect("a grid of " + std::to_string(grid.x) + " x " + std::to_string(grid.y) + " x " +
                 std::to_string(grid.z) + " blocks cannot be launched");
  if (threads.x == 0 || threads.x > 1024 || threads.x % warp_size != 0)
    throw Defect("a block of " + std::to_string(threads.x) +
                 " threads, expected whole warps, at most 1024 threads");
  gridDim = {grid.x, grid.y, grid.z}, blockDim = {threads.x, 1, 1};
  const std::uint64_t count = std::uint64_t{grid.x} * grid.y * grid.z;
  std::vector<std::uint64_t> turn(count);
  std::iota(turn.begin(), turn.end(), std::uint64_t{0});
  std::mt19937_64 generator(order.seed);
  if (order.seed == 1) std::reverse(turn.begin(), turn.end());
  if (order.seed > 1) std::shuffle(turn.begin(), turn.end(), generator);
  for (const std::uint64_t i : turn) {
    blockIdx = {static_cast<unsigned>(i % grid.x), static_cast<unsigned>(i / grid.x % grid.y),
                static_cast<unsigned>(i / grid.x / grid.y)};
    SharedMemory shared;
    Block own(threads.x, kernel, order.seed > 1 ? generator() | 2 : order.seed);
    own.use(shared);
    running = &own;
    own.run();
  }
  running = nullptr;
}

inline void require_whole(unsigned mask) {
  if (mask != 0xffffffffU) throw Defect("a warp operation of some lanes, expected 0xffffffff");
}

}  // namespace emulated

// --- barriers ---

inline void __syncthreads(std::source_location at = std::source_location::current()) {
  emulated::running->wait_for_block(emulated::site_of(at));
}

inline void __syncwarp(unsigned mask = 0xffffffffU,
                       std::source_location at = std::source_location::current()) {
  emulated::require_whole(mask);
  emulated::running->wait_for_warp(emulated::site_of(at));
}

// --- shuffles and votes ---

template <class T>
T __shfl_sync(unsigned mask, T value, unsigned lane,
              std::source_location at = std::source_location::current()) {
  emulated::require_whole(mask);
  return emulated::running->exchange(value, emulated::site_of(at))[lane % 32];
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, unsigned bits,
                  std::source_location at = std::source_location::current()) {
  return __shfl_sync(mask, value, emulated::running->lane() ^ bits, at);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned by,
                   std::source_location at = std::source_location::current()) {
  const unsigned lane = emulated::running->lane();
  return __shfl_sync(mask, value, lane + by < 32 ? lane + by : lane, at);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned by,
                 std::source_location at = std::source_location::current()) {
  const unsigned lane = emulated::running->lane();
  return __shfl_sync(mask, value, lane >= by ? lane - by : lane, at);
}
inline unsigned __ballot_sync(unsigned mask, bool vote,
                              std::source_location at = std::source_location::current()) {
  emulated::require_whole(mask);
  unsigned bits = 0, lane = 0;
  for (const bool own : emulated::running->exchange(vote, emulated::site_of(at)))
    bits |= unsigned{own} << lane++;
  return bits;
}
inline bool __any_sync(unsigned mask, bool vote, std::source_location at = std::source_location::current()) {
  return __ballot_sync(mask, vote, at) != 0;
}
inline bool __all_sync(unsigned mask, bool vote, std::source_location at = std::source_location::current()) {
  return __ballot_sync(mask, vote, at) == 0xffffffffU;
}

// --- bits ---

inline int __popc(unsigned x) { return std::popcount(x); }
inline int __popcll(unsigned long long x) { return std::popcount(x); }
inline int __ffs(int x) { return x == 0 ? 0 : std::countr_zero(static_cast<unsigned>(x)) + 1; }
inline int __clz(int x) { return std::countl_zero(static_cast<unsigned>(x)); }
inline unsigned __byte_perm(unsigned low, unsigned high, unsigned selector) {
  const std::uint64_t bytes = std::uint64_t{high} << 32 | low;
  unsigned out = 0;
  for (unsigned i = 0; i < 4; ++i) {
    const unsigned which = selector >> 4 * i & 0xf;
    const unsigned byte = static_cast<unsigned>(bytes >> 8 * (which & 7) & 0xff);
    out |= (which < 8 ? byte : (byte >> 7) * 0xff) << 8 * i;
  }
  return out;
}

// --- atomics, on global memory by pointer and on shared memory by its elements' addresses ---

namespace emulated {

template <class T, class Change>
T atomically(T* address, Change change) {
  const T before = *address;
  *address = change(before);
  return before;
}
template <class Address, class Change>
  requires requires(Address a) { a.array.touch(Access::atomic, a.index); }
auto atomically(Address address, Change change) {
  return atomically(&address.array.touch(Access::atomic, address.index), change);
}

}  // namespace emulated

template <class Address, class T>
auto atomicAdd(Address address, T value) {
  return emulated::atomically(address, [value](auto old) { return static_cast<decltype(old)>(old + value); });
}
template <class Address, class T>
auto atomicOr(Address address, T value) {
  return emulated::atomically(address, [value](auto old) { return static_cast<decltype(old)>(old | value); });
}
template <class Address, class T>
auto atomicMin(Address address, T value) {
  return emulated::atomically(address, [value](auto old) { return old < value ? old : value; });
}
template <class Address, class T>
auto atomicMax(Address address, T value) {
  return emulated::atomically(address, [value](auto old) { return old > value ? old : value; });
}
