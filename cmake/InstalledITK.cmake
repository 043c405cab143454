# Builds the module's library against an installed ITK, which does not hold the ITKModuleExternal.cmake that modules are
# built with against an ITK build tree. This is the part of it that a library and its headers need; the tests and the
# Python wrapping need the build tree. Installed in ITK's own prefix the module is a component of find_package(ITK).

if(BUILD_TESTING OR SKBUILD)
  message(
    FATAL_ERROR
    "ITK_DIR=${ITK_DIR} is an installation of ITK: tests and Python wrapping need a build tree of ITK."
  )
endif()

macro(itk_module name)
  cmake_parse_arguments(
    _module
    "ENABLE_SHARED;EXCLUDE_FROM_DEFAULT"
    "DESCRIPTION"
    "DEPENDS;COMPILE_DEPENDS;PRIVATE_DEPENDS;TEST_DEPENDS"
    ${ARGN}
  )
  set(itk-module ${name})
endmacro()

macro(itk_module_add_library name)
  add_library(${name} ${ITK_LIBRARY_BUILD_TYPE} ${ARGN})
  target_compile_features(${name} PUBLIC cxx_std_17)
  target_link_libraries(${name} PUBLIC ${_itk_LIBRARIES} PRIVATE ${_itk_private_LIBRARIES})
  set_target_properties(
    ${name}
    PROPERTIES
      OUTPUT_NAME
        itk${name}-${ITK_VERSION_MAJOR}.${ITK_VERSION_MINOR}
      POSITION_INDEPENDENT_CODE
        ON
  )
  generate_export_header(
    ${name}
    EXPORT_FILE_NAME
    "${PROJECT_BINARY_DIR}/include/${name}Export.h"
    EXPORT_MACRO_NAME
    ${name}_EXPORT
    NO_EXPORT_MACRO_NAME
    ${name}_HIDDEN
    STATIC_DEFINE
    ITK_STATIC
  )
endmacro()

include(GenerateExportHeader)
include("${PROJECT_SOURCE_DIR}/itk-module.cmake")
itk_module_config(_itk ${_module_DEPENDS} ${_module_COMPILE_DEPENDS})
itk_module_config(_itk_private ${_module_PRIVATE_DEPENDS})

# The layout of the installation, from its prefix.
file(RELATIVE_PATH ITK_INSTALL_PACKAGE_DIR "${ITK_INSTALL_PREFIX}" "${ITK_DIR}")
get_filename_component(_library_dir "${ITK_DIR}/../.." ABSOLUTE)
file(RELATIVE_PATH _library_dir "${ITK_INSTALL_PREFIX}" "${_library_dir}")
set(_include_dir "include/ITK-${ITK_VERSION_MAJOR}.${ITK_VERSION_MINOR}")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Type of the build." FORCE)
endif()
string(APPEND CMAKE_CXX_FLAGS " ${ITK_REQUIRED_CXX_FLAGS}")
include_directories(
  "${PROJECT_SOURCE_DIR}/include"
  "${PROJECT_BINARY_DIR}/include"
  ${_itk_INCLUDE_DIRS}
  ${_itk_private_INCLUDE_DIRS}
)
add_subdirectory(src)

set(_transitive_depends ${_module_DEPENDS} ${_module_COMPILE_DEPENDS})
set(_all_depends ${_transitive_depends} ${_module_PRIVATE_DEPENDS})
file(
  WRITE
  "${PROJECT_BINARY_DIR}/CMakeFiles/${itk-module}.cmake"
  "set(${itk-module}_LOADED 1)
set(${itk-module}_DEPENDS \"${_all_depends}\")
set(${itk-module}_PUBLIC_DEPENDS \"${_module_DEPENDS}\")
set(${itk-module}_TRANSITIVE_DEPENDS \"${_transitive_depends}\")
set(${itk-module}_PRIVATE_DEPENDS \"${_module_PRIVATE_DEPENDS}\")
set(${itk-module}_LIBRARIES \"${${itk-module}_LIBRARIES}\")
set(${itk-module}_INCLUDE_DIRS \"\${ITK_INSTALL_PREFIX}/${_include_dir}\")
set(${itk-module}_RUNTIME_LIBRARY_DIRS \"\${ITK_INSTALL_PREFIX}/${_library_dir}\")
set(${itk-module}_TARGETS_FILE \"\${CMAKE_CURRENT_LIST_DIR}/Targets/${itk-module}Targets.cmake\")
${${itk-module}_EXPORT_CODE_INSTALL}"
)
install(
  FILES
    "${PROJECT_BINARY_DIR}/CMakeFiles/${itk-module}.cmake"
  DESTINATION "${ITK_INSTALL_PACKAGE_DIR}/Modules"
  COMPONENT Development
)
install(
  DIRECTORY
    include/
    "${PROJECT_BINARY_DIR}/include/"
  DESTINATION "${_include_dir}"
  COMPONENT Development
)
install(
  TARGETS
    ${itk-module}
  EXPORT ${itk-module}Targets
  RUNTIME
    DESTINATION bin
    COMPONENT RuntimeLibraries
  LIBRARY
    DESTINATION "${_library_dir}"
    COMPONENT RuntimeLibraries
  ARCHIVE
    DESTINATION "${_library_dir}"
    COMPONENT Development
)
set(${itk-module}-targets ${itk-module}Targets)
