# Tests are CTests; each function below makes one. USES names modules, LIBRARIES foreign libraries.
#
#   unit_test(NAME SOURCES f.c... [USES m...] [LIBRARIES l...])       cmocka; CTest unit_NAME
#   sim_test(NAME SOURCES f.c... [USES m...] [LIBRARIES l...])        cmocka; CTest sim_NAME
#   contract_test(NAME SOURCES f.c... [USES m...] [LIBRARIES l...])   cmocka; CTest contract_NAME
#   fuzz_target(NAME SOURCES f.c... [USES m...] [LIBRARIES l...])     CTest fuzz_NAME, see below
#   script_test(NAME COMMAND word... [LABEL word])                    any command, from the project root; CTest NAME
#   e2e_test(NAME COMMAND word...)                                    script_test with label e2e, CTest e2e_NAME
#
# All take [TIMEOUT seconds] (default 60; e2e 120) and [SERIAL], for a test that must run alone: it then has
# the label `serial` as well. Exit code 77 means skipped. cmocka comes with "tests/unit/unit.h". The programs lie in
# build/<preset>/tests/bin.
#
# e2e tests find the binaries in the folder named by the environment variable LIVESHELF_BIN_DIR: the build
# folder itself, or build/release under the asan preset (cache variable LIVESHELF_E2E_DIR).
#
# A fuzz target defines `int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)`. Under the fuzz
# preset it is a libFuzzer program (./dev fuzz NAME); in every other build a small main gives it each file
# of tests/fuzz/corpus/NAME/, and the empty input, as a plain test.

set(LIVESHELF_E2E_DIR ${PROJECT_BINARY_DIR} CACHE PATH "where e2e tests find the binaries")
option(LIVESHELF_FUZZ "link fuzz targets with libFuzzer (clang only)" OFF)

# Sets ret_missing to the first module of the list that was not configured. That is an error unless it was
# left out on purpose.
function(test_find_missing name ret_missing)
    set(${ret_missing} "" PARENT_SCOPE)
    foreach(used IN LISTS ARGN)
        if(NOT TARGET ${used})
            if(NOT LIVESHELF_FOLDERS)
                message(FATAL_ERROR "${name} uses ${used}, which does not exist")
            endif()
            message(STATUS "test ${name} is skipped: it uses ${used}")
            set(${ret_missing} ${used} PARENT_SCOPE)
            return()
        endif()
    endforeach()
endfunction()

function(test_register name label timeout serial)
    set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT ${timeout} SKIP_RETURN_CODE 77)
    if(serial)
        set_tests_properties(${name} PROPERTIES LABELS "${label};serial" RUN_SERIAL ON)
    endif()
endfunction()

# The common part of all tests written in C.
function(test_program kind name)
    cmake_parse_arguments(PARSE_ARGV 2 T "SERIAL" "TIMEOUT" "SOURCES;USES;LIBRARIES;ARGUMENTS")
    if(NOT T_SOURCES OR T_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "${kind}_test(${name}): no SOURCES, or unknown words: ${T_UNPARSED_ARGUMENTS}")
    endif()
    if(NOT T_TIMEOUT)
        set(T_TIMEOUT 60)
    endif()
    set(target ${kind}_${name})
    test_find_missing(${target} missing ${T_USES} ${T_LIBRARIES})
    if(missing)
        return()
    endif()
    add_executable(${target} ${T_SOURCES})
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${target} PRIVATE project_warnings ${T_USES} ${T_LIBRARIES})
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/bin)
    add_test(NAME ${target} COMMAND ${target} ${T_ARGUMENTS} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    test_register(${target} ${kind} ${T_TIMEOUT} ${T_SERIAL})
endfunction()

function(unit_test name)
    test_program(unit ${name} ${ARGN} LIBRARIES PkgConfig::cmocka)
endfunction()

function(sim_test name)
    test_program(sim ${name} ${ARGN} LIBRARIES PkgConfig::cmocka)
endfunction()

function(contract_test name)
    test_program(contract ${name} ${ARGN} LIBRARIES PkgConfig::cmocka)
endfunction()

function(fuzz_target name)
    set(corpus ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
    if(LIVESHELF_FUZZ)
        test_program(fuzz ${name} ${ARGN} ARGUMENTS -runs=0 ${corpus})
        if(TARGET fuzz_${name})
            target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
        endif()
    else()
        test_program(fuzz ${name} ${ARGN} SOURCES ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.c ARGUMENTS ${corpus})
    endif()
endfunction()

function(script_test name)
    cmake_parse_arguments(PARSE_ARGV 1 T "SERIAL" "TIMEOUT;LABEL" "COMMAND")
    if(NOT T_COMMAND OR T_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "script_test(${name}): no COMMAND, or unknown words: ${T_UNPARSED_ARGUMENTS}")
    endif()
    if(NOT T_TIMEOUT)
        set(T_TIMEOUT 60)
    endif()
    if(NOT T_LABEL)
        set(T_LABEL script)
    endif()
    add_test(NAME ${name} COMMAND ${T_COMMAND} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    test_register(${name} ${T_LABEL} ${T_TIMEOUT} ${T_SERIAL})
endfunction()

function(e2e_test name)
    cmake_parse_arguments(PARSE_ARGV 1 T "SERIAL" "TIMEOUT" "COMMAND")
    set(options)
    if(T_SERIAL)
        list(APPEND options SERIAL)
    endif()
    if(NOT T_TIMEOUT)
        set(T_TIMEOUT 120)
    endif()
    script_test(e2e_${name} COMMAND ${T_COMMAND} LABEL e2e TIMEOUT ${T_TIMEOUT} ${options})
    set_tests_properties(e2e_${name} PROPERTIES ENVIRONMENT LIVESHELF_BIN_DIR=${LIVESHELF_E2E_DIR})
endfunction()
