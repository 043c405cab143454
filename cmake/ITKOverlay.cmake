# Keeps an external module out of the ITK build tree it is compiled against.
#
# ITKModuleExternal.cmake and ITK's wrapping write below ITK_DIR: the module's description, its interface files, its
# Python files. Two checkouts that share one ITK would overwrite each other, and an installed ITK may be read-only. So
# after find_package(ITK) this file points ITK_DIR, for this project only, at a folder of its own that forwards to the
# real one, which stays in ITK_BUILD_DIR and, as given by the user, in the cache.

set(ITK_OVERLAY_DIR "${CMAKE_CURRENT_BINARY_DIR}/ITK")
set(_itk_overlay_package "lib/cmake/ITK-${ITK_VERSION_MAJOR}.${ITK_VERSION_MINOR}/Modules")

if(ITK_DIR STREQUAL ITK_OVERLAY_DIR)
  message(FATAL_ERROR "ITK_DIR is ${ITK_DIR}, this module's own overlay; give an ITK build or installation instead.")
endif()

if(NOT ITK_DIR STREQUAL ITK_OVERLAY_OF)
  file(REMOVE_RECURSE "${ITK_OVERLAY_DIR}")
  set(ITK_OVERLAY_OF "${ITK_DIR}" CACHE INTERNAL "The ITK that the overlay forwards to.")
endif()
file(MAKE_DIRECTORY "${ITK_OVERLAY_DIR}/${_itk_overlay_package}")
file(
  WRITE
  "${ITK_OVERLAY_DIR}/ITKConfig.cmake"
  "# Forwards to the ITK this module was built against, and adds the module.
include(\"${ITK_OVERLAY_DIR}/${_itk_overlay_package}/${PROJECT_NAME}.cmake\" OPTIONAL)
if(EXISTS \"\${${PROJECT_NAME}_TARGETS_FILE}\" AND NOT TARGET ${PROJECT_NAME})
  include(\"\${${PROJECT_NAME}_TARGETS_FILE}\")
endif()
include(\"${ITK_DIR}/ITKConfig.cmake\")
set(ITK_MODULES_DIR \"${ITK_OVERLAY_DIR}/${_itk_overlay_package}\")
"
)
file(WRITE "${ITK_OVERLAY_DIR}/ITKConfigVersion.cmake" "include(\"${ITK_DIR}/ITKConfigVersion.cmake\")\n")

if(ITK_WRAP_PYTHON AND EXISTS "${ITK_DIR}/Wrapping/Typedefs")
  # The interface files of ITK's own modules, which castxml, igenerator and SWIG read beside this module's.
  file(GLOB_RECURSE _itk_overlay_files RELATIVE "${ITK_DIR}" "${ITK_DIR}/Wrapping/Typedefs/*")
  file(MAKE_DIRECTORY "${ITK_OVERLAY_DIR}/Wrapping/Typedefs/python")
  foreach(_itk_overlay_file IN LISTS _itk_overlay_files)
    if(NOT EXISTS "${ITK_OVERLAY_DIR}/${_itk_overlay_file}")
      file(CREATE_LINK "${ITK_DIR}/${_itk_overlay_file}" "${ITK_OVERLAY_DIR}/${_itk_overlay_file}" SYMBOLIC)
    endif()
  endforeach()

  # ITKConfig.cmake does not tell which tools ITK was wrapped with, and the defaults are to download others.
  if(EXISTS "${ITK_DIR}/CMakeCache.txt")
    set(
      _itk_overlay_options
      ITK_USE_PYTHON_LIMITED_API
      ITK_USE_SYSTEM_CASTXML
      ITK_USE_SYSTEM_SWIG
      CASTXML_EXECUTABLE
      SWIG_DIR
      SWIG_EXECUTABLE
    )
    load_cache("${ITK_DIR}" READ_WITH_PREFIX _itk_overlay_ ${_itk_overlay_options})
    foreach(_itk_overlay_option IN LISTS _itk_overlay_options)
      if(DEFINED _itk_overlay_${_itk_overlay_option})
        set(
          ${_itk_overlay_option}
          "${_itk_overlay_${_itk_overlay_option}}"
          CACHE STRING
          "As in the ITK build this module is compiled against."
        )
        mark_as_advanced(${_itk_overlay_option})
      endif()
    endforeach()
  endif()
endif()

set(ITK_BUILD_DIR "${ITK_DIR}")
set(ITK_DIR "${ITK_OVERLAY_DIR}")
