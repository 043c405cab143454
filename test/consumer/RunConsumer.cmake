# Installs ITK and the module side by side, then configures, builds and runs the project in this folder against them.
#
# Variables: ITK_BUILD_DIR, MODULE_BUILD_DIR, WORK_DIR, GENERATOR, MAKE_PROGRAM, SHARED (whether ITK is).

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "failed: ${command}\n${output}")
  endif()
endfunction()

set(prefix "${WORK_DIR}/prefix")
file(REMOVE_RECURSE "${WORK_DIR}/build" "${prefix}")
set(components Development)
if(SHARED)
  list(APPEND components RuntimeLibraries)
endif()
foreach(component IN LISTS components)
  run("${CMAKE_COMMAND}" --install "${ITK_BUILD_DIR}" --prefix "${prefix}" --component ${component})
  run("${CMAKE_COMMAND}" --install "${MODULE_BUILD_DIR}" --prefix "${prefix}" --component ${component})
endforeach()
# ITK 5.4 installs some static third-party libraries in other components or in none. Asking for those would install parts
# of its Python package as well, outside the prefix.
file(GLOB third_party "${ITK_BUILD_DIR}/Modules/ThirdParty/*/cmake_install.cmake")
foreach(script IN LISTS third_party ITEMS "${ITK_BUILD_DIR}/ITKInternalEigen3-build/cmake_install.cmake")
  if(EXISTS "${script}")
    get_filename_component(folder "${script}" DIRECTORY)
    run("${CMAKE_COMMAND}" --install "${folder}" --prefix "${prefix}")
  endif()
endforeach()
run(
  "${CMAKE_COMMAND}"
  -S "${CMAKE_CURRENT_LIST_DIR}"
  -B "${WORK_DIR}/build"
  -G "${GENERATOR}"
  -D CMAKE_MAKE_PROGRAM=${MAKE_PROGRAM}
  -D CMAKE_PREFIX_PATH=${prefix}
)
run("${CMAKE_COMMAND}" --install "${MODULE_BUILD_DIR}" --prefix "${prefix}" --component Runtime)
run("${CMAKE_COMMAND}" --build "${WORK_DIR}/build")
run("${WORK_DIR}/build/consumer")
