#include <vislabel/cuda/core/language.cuh>
#include <vislabel/cuda/operations.hpp>

#ifndef VISLABEL_CUDA_ARCHITECTURES
#define VISLABEL_CUDA_ARCHITECTURES "the host"
#endif

namespace vislabel::cuda::operations {

BuildInfo build_info() {
#if defined(__CUDACC__)
  return {"nvcc " + std::to_string(__CUDACC_VER_MAJOR__) + "." + std::to_string(__CUDACC_VER_MINOR__),
          VISLABEL_CUDA_ARCHITECTURES, false};
#else
  return {"emulator", VISLABEL_CUDA_ARCHITECTURES, true};
#endif
}

int device_count() {
#if defined(__CUDACC__)
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
#else
  return 1;
#endif
}

}  // namespace vislabel::cuda::operations
