# ctest runs of a whole day; include this file where one is needed.

# titip_day_test(NAME DEPENDS gateway-target ARGUMENTS …): the day must pass with this gateway.
function(titip_day_test name)
  cmake_parse_arguments(T "" "DEPENDS" "ARGUMENTS" ${ARGN})
  titip_script_test(${name} LABELS integration TIMEOUT 240 DEPENDS ${T_DEPENDS} pcare_sim titip_day
    COMMAND ${PROJECT_BINARY_DIR}/titip_day --titip ${PROJECT_BINARY_DIR}/${T_DEPENDS} ${T_ARGUMENTS})
endfunction()

# titip_day_control(NAME DEPENDS faulty-gateway-target ARGUMENTS …): the day must be caught by the checker.
function(titip_day_control name)
  cmake_parse_arguments(T "" "DEPENDS" "ARGUMENTS" ${ARGN})
  titip_script_test(${name} LABELS controls TIMEOUT 240 DEPENDS ${T_DEPENDS} pcare_sim titip_day
    COMMAND ${PROJECT_BINARY_DIR}/titip_day --expect-violation --titip ${PROJECT_BINARY_DIR}/${T_DEPENDS} ${T_ARGUMENTS})
endfunction()
