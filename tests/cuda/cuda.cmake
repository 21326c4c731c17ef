# CUDA's kernels, run by an emulator: see emulator.hpp. The same for Python, as the module `_cuda_emulated`.
target_include_directories(cuda_test PRIVATE cuda ${PROJECT_SOURCE_DIR}/cuda/include)
target_compile_options(cuda_test PRIVATE -Wno-unknown-pragmas)
# Every fiber would get a stack of its own for returned frames.
set_tests_properties(cuda PROPERTIES ENVIRONMENT ASAN_OPTIONS=strict_init_order=1:detect_stack_use_after_return=0)

if(VISLABEL_SANITIZE)
  return()
endif()
include(${CMAKE_CURRENT_LIST_DIR}/emulated_module.cmake)
