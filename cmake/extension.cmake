# vislabel_extension(NAME SOURCE..): an extension module of Python.
find_package(Python 3.10 REQUIRED COMPONENTS Interpreter Development.Module)
set(PYBIND11_FINDPYTHON ON)
execute_process(COMMAND ${Python_EXECUTABLE} -m pybind11 --cmakedir OUTPUT_VARIABLE pybind11_hint
                OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
find_package(pybind11 3 CONFIG QUIET HINTS ${pybind11_hint})
if(NOT pybind11_FOUND)  # on a machine with GPUs torch has the same headers
  execute_process(COMMAND ${Python_EXECUTABLE} -c "import torch; print(torch.__path__[0])"
                  OUTPUT_VARIABLE torch_dir OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  find_path(PYBIND11_HEADERS pybind11/pybind11.h HINTS ${torch_dir}/include REQUIRED)
endif()

function(vislabel_extension name)
  if(pybind11_FOUND)
    pybind11_add_module(${name} ${ARGN})
  else()
    Python_add_library(${name} MODULE WITH_SOABI ${ARGN})
    target_include_directories(${name} SYSTEM PRIVATE ${PYBIND11_HEADERS})
    target_compile_features(${name} PRIVATE cxx_std_20)
    set_target_properties(${name} PROPERTIES CXX_VISIBILITY_PRESET hidden)
  endif()
  set_target_properties(${name} PROPERTIES VISIBILITY_INLINES_HIDDEN ON)
endfunction()
