/// Where a caller's work on the device is queued, and what goes wrong with it; for every compiler.
#pragma once

#include <stdexcept>

struct CUstream_st;

namespace vislabel::cuda {

/// A queue of work on the device: `cudaStream_t`. All functions put their work into the caller's and return.
using Stream = CUstream_st*;

/// CUDA refused something. (A bad argument is a `vislabel::Error`, as everywhere.)
class DeviceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace vislabel::cuda
