# How every file of ours is compiled. Modules and tests get `project_warnings` by themselves
# (module() and the functions of Testing.cmake); a hand-made target links it PRIVATE.
# Headers of foreign libraries are system headers, so they are not warned about.

option(LIVESHELF_WERROR "warnings are errors" ON)

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
add_compile_definitions(_GNU_SOURCE)
# Paths in messages of MUST start at the project root, wherever it lies.
add_compile_options(-fno-omit-frame-pointer -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)

add_library(project_warnings INTERFACE)
target_compile_options(project_warnings INTERFACE
    -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
    -Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wformat=2
    $<$<BOOL:${LIVESHELF_WERROR}>:-Werror>)
