# mriembed_project_target(TARGET): what every target of this project has in common: C++20, hidden symbols, warnings.
# Public headers stay C++17, which tests/consume proves. Warnings are errors for developers only: CI and
# the presets but `default` set CMAKE_COMPILE_WARNING_AS_ERROR.
#
# MRIEMBED_SANITIZERS: for the presets of scripts/sanitize, what -fsanitize= takes. A finding ends the program.
set(MRIEMBED_SANITIZERS "" CACHE STRING "Sanitizers to build with: thread, or address,undefined")
#
# MRIEMBED_SKIPPED_TARGETS: of presets that only look for faults. Kernels are compiled once for each instruction set;
# where the vectors of two have one size, the same faults show in both.
set(MRIEMBED_SKIPPED_TARGETS
    ""
    CACHE STRING
    "Instruction sets that kernels are not compiled for, as Highway names them: HWY_SSSE3|HWY_SSE4"
)
function(mriembed_project_target target)
    set_target_properties(
        ${target}
        PROPERTIES
            CXX_STANDARD 20
            CXX_STANDARD_REQUIRED ON
            CXX_EXTENSIONS OFF
            CXX_VISIBILITY_PRESET hidden
            VISIBILITY_INLINES_HIDDEN ON
            POSITION_INDEPENDENT_CODE ON
    )
    target_compile_options(
        ${target}
        PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
    )
    if(MRIEMBED_SKIPPED_TARGETS)
        target_compile_definitions(
            ${target}
            PRIVATE "HWY_DISABLED_TARGETS=(${MRIEMBED_SKIPPED_TARGETS})"
        )
    endif()
    if(MRIEMBED_SANITIZERS)
        # With -fsanitize, GCC warns of uninitialized variables where there are none; its manual says so.
        target_compile_options(
            ${target}
            PRIVATE
                "-fsanitize=${MRIEMBED_SANITIZERS}"
                -fno-sanitize-recover=all
                -fno-omit-frame-pointer
                -g1
                $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
        )
        target_link_options(${target} PRIVATE "-fsanitize=${MRIEMBED_SANITIZERS}")
    endif()
    # GCC 12 warns of overlapping copies inside std::string where there are none (GCC bug 105651).
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
        target_compile_options(${target} PRIVATE -Wno-restrict)
    endif()
endfunction()

# mriembed_leave_nothing_undefined(TARGET): for shared libraries. Clang's sanitizers are in the programs alone.
function(mriembed_leave_nothing_undefined target)
    if(NOT MRIEMBED_SANITIZERS)
        target_link_options(${target} PRIVATE "LINKER:--no-undefined")
    endif()
endfunction()

# mriembed_optimize_sanitized(TARGET): for targets whose arithmetic would take minutes with sanitizers and without
# optimization. Above -O1 no more is found. Builds with sanitizers compile all others without, in two thirds of the time.
function(mriembed_optimize_sanitized target)
    if(MRIEMBED_SANITIZERS)
        target_compile_options(${target} PRIVATE -O1)
    endif()
endfunction()

# mriembed_compile_quickly(SOURCE...): sources of the current folder in which nothing takes time, but whose templates (of
# CLI11, JSON, pybind11) take the compiler's at high optimization. Builds with sanitizers do not optimize them at all.
function(mriembed_compile_quickly)
    if(MRIEMBED_SANITIZERS)
        set(optimization -O0)
    else()
        set(optimization "$<$<CONFIG:Release>:-O1>")
    endif()
    # A precompiled header is of one optimization.
    set_source_files_properties(
        ${ARGN}
        PROPERTIES COMPILE_OPTIONS "${optimization}" SKIP_PRECOMPILE_HEADERS ON
    )
endfunction()

# mriembed_precompile_headers(TARGET): for libraries of many sources, of which each would read the same headers of the
# standard library anew. Sources name what they use all the same: clang-tidy reads them without.
function(mriembed_precompile_headers target)
    target_precompile_headers(
        ${target}
        PRIVATE
            <algorithm>
            <array>
            <complex>
            <filesystem>
            <functional>
            <map>
            <memory>
            <optional>
            <span>
            <string>
            <vector>
    )
endfunction()

# mriembed_test_program(TARGET): what every program of GoogleTest has in common. Its own sources are compiled without
# optimization, which would take most of the build's time: what they test is optimized. All take the precompiled header
# of mriembed_test_headers, the first of them.
function(mriembed_test_program target)
    mriembed_project_target(${target})
    target_compile_options(${target} PRIVATE -O0)
    target_link_libraries(${target} PRIVATE GTest::gtest_main)
    # For tests that do not go with one; compilers have names of their own for it.
    if(MRIEMBED_SANITIZERS MATCHES "address")
        target_compile_definitions(${target} PRIVATE MRIEMBED_ADDRESS_SANITIZER)
    elseif(MRIEMBED_SANITIZERS MATCHES "thread")
        target_compile_definitions(${target} PRIVATE MRIEMBED_THREAD_SANITIZER)
    endif()
    if(target STREQUAL "mriembed_test_headers")
        target_precompile_headers(
            ${target}
            PRIVATE <gtest/gtest.h> <algorithm> <complex> <random> <vector>
        )
    else()
        target_precompile_headers(${target} REUSE_FROM mriembed_test_headers)
    endif()
endfunction()
