# Installs ITK and the module side by side, then configures, builds and runs the project in this folder against them.
#
#   cmake -DITK_BUILD_DIR=... -DMODULE_BUILD_DIR=... -DWORK_DIR=... -DGENERATOR=... -DMAKE_PROGRAM=... -DSHARED=... -P RunConsumer.cmake

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "failed: ${command}")
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
