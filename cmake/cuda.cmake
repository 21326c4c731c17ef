# The CUDA backend: a compiled library vislabel::cuda for programs of which no part is compiled by nvcc.
#   VISLABEL_CUDA  AUTO (ON where there is nvcc, in this project's own builds), ON or OFF
# nvcc is looked for in PATH, at its usual places and among Python's packages; CMAKE_CUDA_COMPILER and
# CMAKE_CUDA_ARCHITECTURES decide, where they are set.
set(VISLABEL_CUDA AUTO CACHE STRING "The CUDA backend: AUTO, ON or OFF")
set_property(CACHE VISLABEL_CUDA PROPERTY STRINGS AUTO ON OFF)
if(NOT VISLABEL_CUDA OR (VISLABEL_CUDA STREQUAL "AUTO" AND NOT PROJECT_IS_TOP_LEVEL))
  return()
endif()

if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
  find_package(Python 3.10 QUIET COMPONENTS Interpreter)
  find_program(VISLABEL_NVCC nvcc HINTS ENV CUDA_HOME ENV CUDA_PATH ${Python_SITELIB}/nvidia/cu13 /usr/local/cuda
               PATH_SUFFIXES bin)
  if(VISLABEL_NVCC)
    set(CMAKE_CUDA_COMPILER ${VISLABEL_NVCC})
  endif()
endif()
if(NOT CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES 75-real 80-real 86-real 89-real 90-real 100-real 120)  # 120: PTX for later ones
endif()
include(CheckLanguage)
check_language(CUDA)
if(NOT CMAKE_CUDA_COMPILER)
  if(VISLABEL_CUDA STREQUAL "AUTO")
    return()
  endif()
  message(FATAL_ERROR "VISLABEL_CUDA is ON, but no nvcc was found: set CMAKE_CUDA_COMPILER, or install "
                      "the CUDA Toolkit (pip install 'vislabel[nvcc]' has it, too)")
endif()
get_filename_component(toolkit ${CMAKE_CUDA_COMPILER}/../.. ABSOLUTE)
if(EXISTS ${toolkit}/lib/libcudart_static.a AND NOT EXISTS ${toolkit}/lib64)  # Python's packages of 13.0 look in lib64
  set(ENV{NVCC_APPEND_FLAGS} "-L${toolkit}/lib")
endif()
enable_language(CUDA)

file(GLOB cuda_sources CONFIGURE_DEPENDS cuda/src/*.cu)
add_library(vislabel_cuda STATIC ${cuda_sources})
add_library(vislabel::cuda ALIAS vislabel_cuda)
target_link_libraries(vislabel_cuda PUBLIC vislabel::cuda_headers)
set_target_properties(vislabel_cuda PROPERTIES POSITION_INDEPENDENT_CODE ON CUDA_RUNTIME_LIBRARY Static
                                               CXX_VISIBILITY_PRESET hidden EXPORT_NAME cuda)
if(NOT SKBUILD)
  install(TARGETS vislabel_cuda EXPORT vislabel ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
set(architectures "${CMAKE_CUDA_ARCHITECTURES}")
if(architectures STREQUAL "native")
  set(architectures "${CMAKE_CUDA_ARCHITECTURES_NATIVE}")
endif()
string(REPLACE ";" " " architectures "${architectures}")
string(REPLACE "-real" "" architectures "${architectures}")
target_compile_definitions(vislabel_cuda PRIVATE VISLABEL_CUDA_ARCHITECTURES="${architectures}")
if(VISLABEL_WARNINGS_AS_ERRORS)
  target_compile_options(vislabel_cuda PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:-Werror all-warnings
                                               -Xptxas -warn-spills>)
endif()
