# One interface target per dependency, so that a program pays for what it includes:
#   vislabel::core      core, mask, track                 nothing but C++20
#   vislabel::eigen     + iou, fuse, loss, evaluate       Eigen
#   vislabel::boost     + path, select                    Boost (Dynamic_bitset), Eigen
#   vislabel::xtensor   + core/xtensor.hpp                xtensor
#   vislabel::openmp    exec::Omp on several threads      OpenMP, where there is one
#   vislabel::vislabel  everything but xtensor
#   vislabel::cuda_headers  kernels and what launches them, for .cu files (cmake/cuda.cmake: the compiled library)

# Dependencies come from the surrounding project, from CMake packages, or, for header-only ones without a package
# file, from the include path.
find_package(Eigen3 3.3 CONFIG QUIET)
find_package(Boost 1.71 CONFIG QUIET)
find_package(xtensor CONFIG QUIET)
find_package(OpenMP QUIET COMPONENTS CXX)

file(GLOB_RECURSE core_headers CONFIGURE_DEPENDS include/vislabel/core/*.hpp include/vislabel/mask/*.hpp
     include/vislabel/track/*.hpp)
list(FILTER core_headers EXCLUDE REGEX "core/xtensor.hpp$")
list(APPEND core_headers ${PROJECT_SOURCE_DIR}/include/vislabel/version.hpp)
file(GLOB eigen_headers CONFIGURE_DEPENDS include/vislabel/iou/*.hpp include/vislabel/fuse/*.hpp
     include/vislabel/loss/*.hpp include/vislabel/evaluate/*.hpp)
file(GLOB boost_headers CONFIGURE_DEPENDS include/vislabel/path/*.hpp include/vislabel/select/*.hpp)

# vislabel_component(NAME [BASE FOLDER] HEADERS .. LINKS ..): an interface target with its own part of the headers.
function(vislabel_component name)
  cmake_parse_arguments(PARSE_ARGV 1 part "" "BASE" "HEADERS;LINKS")
  if(NOT part_BASE)
    set(part_BASE ${PROJECT_SOURCE_DIR}/include)
  endif()
  if(name STREQUAL "vislabel")
    set(target vislabel)
  else()
    set(target vislabel_${name})
  endif()
  add_library(${target} INTERFACE)
  add_library(vislabel::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(${target} INTERFACE cxx_std_20)
  target_sources(${target} INTERFACE FILE_SET HEADERS BASE_DIRS ${part_BASE} FILES ${part_HEADERS})
  target_link_libraries(${target} INTERFACE ${part_LINKS})
  set_property(GLOBAL APPEND PROPERTY VISLABEL_TARGETS ${target})
endfunction()

vislabel_component(core HEADERS ${core_headers})
# The same bits on every machine: no products and sums in one where the processor has that. Who uses the headers without
# CMake and compiles for such a processor says so himself.
target_compile_options(vislabel_core INTERFACE
                       $<$<COMPILE_LANG_AND_ID:CXX,GNU,Clang,AppleClang>:-ffp-contract=off>
                       $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-ffp-contract=off>)
vislabel_component(eigen HEADERS ${eigen_headers} LINKS vislabel::core $<TARGET_NAME_IF_EXISTS:Eigen3::Eigen>)
vislabel_component(boost HEADERS ${boost_headers} LINKS vislabel::eigen $<TARGET_NAME_IF_EXISTS:Boost::headers>)
vislabel_component(xtensor HEADERS ${PROJECT_SOURCE_DIR}/include/vislabel/core/xtensor.hpp
                   LINKS vislabel::core $<TARGET_NAME_IF_EXISTS:xtensor>)
vislabel_component(openmp LINKS vislabel::core $<TARGET_NAME_IF_EXISTS:OpenMP::OpenMP_CXX>)
vislabel_component(vislabel HEADERS ${PROJECT_SOURCE_DIR}/include/vislabel/vislabel.hpp
                   LINKS vislabel::boost vislabel::openmp)

file(GLOB_RECURSE cuda_headers CONFIGURE_DEPENDS cuda/include/*.cuh cuda/include/*.hpp)
vislabel_component(cuda_headers BASE ${PROJECT_SOURCE_DIR}/cuda/include HEADERS ${cuda_headers} LINKS vislabel::core)
set_target_properties(vislabel_cuda_headers PROPERTIES VERIFY_INTERFACE_HEADER_SETS OFF)  # C++ compilers cannot
# Without fused multiplications: the host's bits. Functions shared with the host are constexpr.
target_compile_options(vislabel_cuda_headers INTERFACE
                       $<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr --fmad=false>)

if(((VISLABEL_BUILD_PYTHON AND NOT VISLABEL_CUDA STREQUAL "ON") OR VISLABEL_BUILD_TESTS OR VISLABEL_BUILD_FUZZ) AND NOT (TARGET Eigen3::Eigen AND TARGET Boost::headers))
  message(FATAL_ERROR "Eigen >= 3.3 and Boost >= 1.71 are needed to build vislabel "
                      "(Debian: apt install libeigen3-dev libboost-dev; conda: eigen libboost-headers)")
endif()
