/// The language that kernels are written in: CUDA's, compiled by nvcc; or the host's, with CUDA's words from
/// an emulator (`tests/cuda/emulator.hpp`), which runs the very same kernels under sanitizers where there is
/// no GPU.
///
/// Kernels keep to what both know: blocks of whole warps, `__syncthreads` and `__syncwarp`, shuffles and
/// votes of whole warps, shared memory by VISLABEL_SHARED, and no dynamic shared memory.
#pragma once

#if defined(__CUDACC__)
#include <cuda_runtime.h>

/// An array in the block's shared memory.
#define VISLABEL_SHARED(type, name, count) __shared__ type name[count]  // NOLINT(*-avoid-c-arrays)

#else
#include <emulator.hpp>
#endif
