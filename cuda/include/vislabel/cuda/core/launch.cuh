/// The one way in which kernels are started.
#pragma once

#include <cstdint>
#include <string>
#include <vislabel/cuda/core/language.cuh>
#include <vislabel/cuda/core/stream.hpp>

namespace vislabel::cuda {

/// How many blocks, by up to three numbers, of which the last two are below 65536.
struct Grid {
  std::int64_t x, y = 1, z = 1;
};

/// Queues the kernel, unless there is nothing to do.
///
/// *Errors*: `DeviceError` with CUDA's own words, of this launch or of one that went wrong before.
template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), Grid grid, unsigned threads, Stream stream,
            Arguments... arguments) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
  const dim3 blocks(static_cast<unsigned>(grid.x), static_cast<unsigned>(grid.y),
                    static_cast<unsigned>(grid.z));
#if defined(__CUDACC__)
  kernel<<<blocks, threads, 0, stream>>>(Parameters(arguments)...);
  if (const cudaError_t error = cudaGetLastError(); error != cudaSuccess)
    throw DeviceError(std::string("vislabel: a kernel could not be started: ") + cudaGetErrorString(error));
#else
  static_cast<void>(stream);
  emulated::run(blocks, dim3(threads), [&] { kernel(Parameters(arguments)...); });
#endif
}

namespace detail {

/// Blocks of `threads` threads with `units` of work per mask, for so many masks.
[[nodiscard]] inline Grid grid_of(std::int64_t units, unsigned threads, std::int64_t masks) {
  constexpr std::int64_t most = 0xffff;
  return {(units + threads - 1) / threads, masks < most ? masks : most};
}

}  // namespace detail
}  // namespace vislabel::cuda
