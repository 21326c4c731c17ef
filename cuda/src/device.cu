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

#if defined(__CUDACC__)
namespace {

void require_done(cudaError_t error, int device) {
  if (error != cudaSuccess)
    throw DeviceError("vislabel: device " + std::to_string(device) +
                      " cannot be used: " + cudaGetErrorString(error));
}

}  // namespace

OnDevice::OnDevice(int device) : device_(device) {
  require_done(cudaGetDevice(&before_), device);
  if (before_ != device) require_done(cudaSetDevice(device), device);
}

OnDevice::~OnDevice() {
  if (before_ != device_) static_cast<void>(cudaSetDevice(before_));
}
#else
OnDevice::OnDevice(int device) : device_(device) {
  if (device != 0) throw DeviceError("vislabel: device " + std::to_string(device) + " is not emulated");
}

OnDevice::~OnDevice() = default;
#endif

}  // namespace vislabel::cuda::operations
