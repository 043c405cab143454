#[=======================================================================[.rst:
FindLibTorch
------------

Finds the C++ libraries of PyTorch and defines the imported target
``LibTorch::LibTorch``.

``find_package(Torch)``, the package that PyTorch itself provides, needs a CUDA
toolkit as soon as PyTorch was built with CUDA. This module needs none: it links
the device-neutral libraries alone, and these load CUDA's at run time.

Searched in this order:

* ``LibTorch_ROOT``, ``Torch_ROOT`` (variables or environment): the folder with
  ``include/`` and ``lib/``;
* ``Torch_DIR``, ``TORCH_DIR`` (variables or environment): the same folder, or
  ``share/cmake/Torch`` in it;
* the ``torch`` package of ``Python3_EXECUTABLE``, else of the first ``python3``;
* ``LibTorch_HINT``: where it was when the module was built.

Result variables: ``LibTorch_FOUND``, ``LibTorch_VERSION``,
``LibTorch_PREFIX``, ``LibTorch_LIBRARY_DIR``.
#]=======================================================================]

# A build folder outlives the Python environment of an isolated build: forget what is gone.
if(LibTorch_LIBRARY AND NOT EXISTS "${LibTorch_LIBRARY}")
  foreach(_LibTorch_name IN ITEMS INCLUDE_DIR LIBRARY CPU_LIBRARY C10_LIBRARY PYTHON)
    unset(LibTorch_${_LibTorch_name} CACHE)
  endforeach()
endif()

set(_LibTorch_candidates)
foreach(_LibTorch_name IN ITEMS LibTorch_ROOT Torch_ROOT Torch_DIR TORCH_DIR)
  foreach(_LibTorch_value IN ITEMS "${${_LibTorch_name}}" "$ENV{${_LibTorch_name}}")
    if(_LibTorch_value)
      list(APPEND _LibTorch_candidates "${_LibTorch_value}" "${_LibTorch_value}/../../..")
    endif()
  endforeach()
endforeach()

if(NOT _LibTorch_candidates AND NOT LibTorch_LIBRARY)
  set(_LibTorch_python "${Python3_EXECUTABLE}")
  if(NOT _LibTorch_python)
    find_program(LibTorch_PYTHON NAMES python3 python)
    mark_as_advanced(LibTorch_PYTHON)
    set(_LibTorch_python "${LibTorch_PYTHON}")
  endif()
  if(_LibTorch_python)
    execute_process(
      COMMAND
        "${_LibTorch_python}" -c
        "import importlib.util; print(next(iter(importlib.util.find_spec('torch').submodule_search_locations)))"
      OUTPUT_VARIABLE _LibTorch_package
      OUTPUT_STRIP_TRAILING_WHITESPACE
      ERROR_QUIET
      RESULT_VARIABLE _LibTorch_result
    )
    if(_LibTorch_result EQUAL 0)
      file(TO_CMAKE_PATH "${_LibTorch_package}" _LibTorch_package)
      list(APPEND _LibTorch_candidates "${_LibTorch_package}")
    endif()
  endif()
endif()
if(LibTorch_HINT)
  list(APPEND _LibTorch_candidates "${LibTorch_HINT}")
endif()

find_path(LibTorch_INCLUDE_DIR NAMES ATen/ATen.h HINTS ${_LibTorch_candidates} PATH_SUFFIXES include)
find_library(LibTorch_LIBRARY NAMES torch HINTS ${_LibTorch_candidates} PATH_SUFFIXES lib)
find_library(LibTorch_CPU_LIBRARY NAMES torch_cpu HINTS ${_LibTorch_candidates} PATH_SUFFIXES lib)
find_library(LibTorch_C10_LIBRARY NAMES c10 HINTS ${_LibTorch_candidates} PATH_SUFFIXES lib)
mark_as_advanced(LibTorch_INCLUDE_DIR LibTorch_LIBRARY LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY)

if(LibTorch_INCLUDE_DIR AND EXISTS "${LibTorch_INCLUDE_DIR}/torch/headeronly/version.h")
  file(
    STRINGS
    "${LibTorch_INCLUDE_DIR}/torch/headeronly/version.h"
    _LibTorch_lines
    REGEX "^#define TORCH_VERSION_(MAJOR|MINOR|PATCH) [0-9]+"
  )
  string(REGEX REPLACE "[^0-9;]" "" LibTorch_VERSION "${_LibTorch_lines}")
  list(JOIN LibTorch_VERSION "." LibTorch_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  LibTorch
  REQUIRED_VARS
    LibTorch_LIBRARY
    LibTorch_CPU_LIBRARY
    LibTorch_C10_LIBRARY
    LibTorch_INCLUDE_DIR
  VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE
    "install PyTorch for the Python in use (pip install torch) or set LibTorch_ROOT to the folder with its include and lib folders"
)

if(LibTorch_FOUND)
  get_filename_component(LibTorch_LIBRARY_DIR "${LibTorch_LIBRARY}" DIRECTORY)
  get_filename_component(LibTorch_PREFIX "${LibTorch_LIBRARY_DIR}" DIRECTORY)
  if(NOT TARGET LibTorch::LibTorch)
    # Nothing of libtorch is called directly: it is there to load the CUDA libraries, so the linker must not drop it.
    if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
      set(_LibTorch_torch "-Wl,--push-state,--no-as-needed,\"${LibTorch_LIBRARY}\",--pop-state")
    else()
      set(_LibTorch_torch "${LibTorch_LIBRARY}")
    endif()
    add_library(LibTorch::LibTorch INTERFACE IMPORTED)
    set_target_properties(
      LibTorch::LibTorch
      PROPERTIES
        INTERFACE_INCLUDE_DIRECTORIES
          "${LibTorch_INCLUDE_DIR};${LibTorch_INCLUDE_DIR}/torch/csrc/api/include"
        INTERFACE_SYSTEM_INCLUDE_DIRECTORIES
          "${LibTorch_INCLUDE_DIR};${LibTorch_INCLUDE_DIR}/torch/csrc/api/include"
        INTERFACE_LINK_LIBRARIES
          "${_LibTorch_torch};${LibTorch_CPU_LIBRARY};${LibTorch_C10_LIBRARY}"
    )
  endif()
endif()
