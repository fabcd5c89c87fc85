# Makes a test of each suite of a gtest program, in `file`: a process for each case costs more than
# most cases do under the sanitizers. A suite that fails names its cases; those that pass are silent.
#
#   cmake -D program=… -D launcher=… -D prefix=… -D timeout=… -D environment=… -D file=… -P suites.cmake
separate_arguments(launcher)
execute_process(COMMAND ${launcher} ${program} --gtest_list_tests OUTPUT_VARIABLE listed
  COMMAND_ERROR_IS_FATAL ANY TIMEOUT 60)
string(REGEX MATCHALL "(^|\n)[A-Za-z0-9_/]+\\.[ \n]" suites "${listed}")
if(NOT suites)
  message(FATAL_ERROR "cannot make tests of '${program}': it lists no suites")
endif()
set(tests "")
foreach(line IN LISTS suites)
  string(REGEX MATCH "[A-Za-z0-9_/]+" suite "${line}")
  string(APPEND tests
    "add_test([=[${prefix}${suite}]=] ${launcher} [=[${program}]=] --gtest_filter=${suite}.* --gtest_brief=1)\n"
    "set_tests_properties([=[${prefix}${suite}]=] PROPERTIES LABELS unit TIMEOUT ${timeout}"
    " ENVIRONMENT [=[${environment}]=])\n")
endforeach()
file(WRITE "${file}" "${tests}")
