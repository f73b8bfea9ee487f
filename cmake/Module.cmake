# module(NAME FLOOR n [SOURCES f.c...] [USES other_module...] [LIBRARIES PkgConfig::x...])
#
# One library per module (header-only without SOURCES). A module may use only modules of lower floors;
# configure fails otherwise. The target is named after the folder: inventory/redis -> inventory_redis.
# Each folder has its own CMakeLists.txt that calls this once, with SOURCES relative to that folder:
#
#   module(inventory_redis FLOOR 4 SOURCES link.c reply.c USES core_ports base LIBRARIES PkgConfig::hiredis)
#
# USES is passed on to whoever uses the module. LIBRARIES is linked but stays hidden: its headers cannot be
# included by others, a test that needs them names the library itself. Includes are written from the
# project root: #include "inventory/redis/link.h".
function(module name)
    cmake_parse_arguments(PARSE_ARGV 1 M "" "FLOOR" "SOURCES;USES;LIBRARIES")
    if(NOT DEFINED M_FLOOR OR M_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "module(${name}): no FLOOR, or unknown words: ${M_UNPARSED_ARGUMENTS}")
    endif()
    foreach(used IN LISTS M_USES)
        get_target_property(used_floor ${used} MODULE_FLOOR) # stops here if `used` is not declared yet
        if(NOT used_floor LESS M_FLOOR)
            message(FATAL_ERROR "${name} (floor ${M_FLOOR}) may not use ${used} (floor ${used_floor})")
        endif()
    endforeach()
    if(M_SOURCES)
        add_library(${name} STATIC ${M_SOURCES})
        target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
        target_link_libraries(${name} PUBLIC ${M_USES} PRIVATE project_warnings ${M_LIBRARIES})
    else()
        add_library(${name} INTERFACE)
        target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR})
        target_link_libraries(${name} INTERFACE ${M_USES} ${M_LIBRARIES})
    endif()
    set_target_properties(${name} PROPERTIES MODULE_FLOOR ${M_FLOOR})
endfunction()

# program(NAME SOURCES f.c... [USES module...] [LIBRARIES PkgConfig::x...])
#
# A binary users run, placed at the root of the build folder: build/<preset>/NAME. Floors do not bind it;
# which folders may call it is checked by tests/check_floors.py.
function(program name)
    cmake_parse_arguments(PARSE_ARGV 1 P "" "" "SOURCES;USES;LIBRARIES")
    if(NOT P_SOURCES OR P_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "program(${name}): no SOURCES, or unknown words: ${P_UNPARSED_ARGUMENTS}")
    endif()
    add_executable(${name} ${P_SOURCES})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} PRIVATE project_warnings ${P_USES} ${P_LIBRARIES})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
endfunction()

# embed_file(TARGET FILE SYMBOL)
#
# Compiles FILE (relative to the current folder) into TARGET as `const char SYMBOL[]`, with a NUL behind
# it, and `const size_t SYMBOL_len` without the NUL. Declare both `extern` where they are used. An edit of
# FILE rebuilds it.
function(embed_file target file symbol)
    set(source ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.c)
    add_custom_command(OUTPUT ${source}
        COMMAND ${CMAKE_COMMAND} -D FROM=${CMAKE_CURRENT_SOURCE_DIR}/${file} -D TO=${source} -D SYMBOL=${symbol}
                -P ${PROJECT_SOURCE_DIR}/cmake/EmbedFile.cmake
        DEPENDS ${file} ${PROJECT_SOURCE_DIR}/cmake/EmbedFile.cmake
        VERBATIM)
    target_sources(${target} PRIVATE ${source})
endfunction()
