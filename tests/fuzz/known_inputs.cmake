# Fuzz targets as tests: ctest runs each of them once over its known inputs, the seeds and tests/fuzz/regressions.

# Of the objects that the libraries of this build are made of, those of these sources. No others, so that the lists of sources must
# be complete here, too.
function(mriembed_fuzzed_sources library)
    set(names ${ARGN})
    list(TRANSFORM names REPLACE "^(src|check|cli|server|text)/" "\\1/CMakeFiles/.*/")
    list(JOIN names "|" names)
    foreach(
        built
        mriembed_parts
        mriembed_text
        mriembed_check
        mriembed_cli_parts
        mriembed_server
    )
        set(objects "$<TARGET_OBJECTS:${built}>")
        target_sources(${library} PRIVATE "$<FILTER:${objects},INCLUDE,/cpp/(${names})[.]o$>")
    endforeach()
    set_target_properties(${library} PROPERTIES LINKER_LANGUAGE CXX)
endfunction()

# A header without a library, which Debian's libclang-rt-dev brings. Its folder is linked to, because the headers of clang around
# it are not for other compilers.
file(GLOB folders_of_clang /usr/lib/llvm-*/lib/clang/*/include /usr/lib/clang/*/include)
find_path(
    FUZZED_DATA_PROVIDER
    fuzzer/FuzzedDataProvider.h
    PATHS ${folders_of_clang}
    DOC "Folder with clang's fuzzer/FuzzedDataProvider.h"
    REQUIRED
)
set(fuzzed_data_provider "${CMAKE_CURRENT_BINARY_DIR}/of_clang")
file(MAKE_DIRECTORY "${fuzzed_data_provider}")
file(CREATE_LINK "${FUZZED_DATA_PROVIDER}/fuzzer" "${fuzzed_data_provider}/fuzzer" SYMBOLIC)

add_library(run_inputs OBJECT run_inputs.cpp)
mriembed_project_target(run_inputs)

set(corpora "${CMAKE_CURRENT_BINARY_DIR}/corpora")
add_test(
    NAME make_corpora
    COMMAND "${Python_EXECUTABLE}" "${CMAKE_CURRENT_SOURCE_DIR}/make_corpora.py" "${corpora}"
)
set_tests_properties(make_corpora PROPERTIES FIXTURES_SETUP corpora)
add_custom_target(mriembed_fuzz_targets)

function(mriembed_run_fuzz_target name)
    target_link_libraries(${name}_fuzz PRIVATE run_inputs)
    add_dependencies(mriembed_fuzz_targets ${name}_fuzz)
    file(GLOB regressions CONFIGURE_DEPENDS regressions/${name}/*)
    add_test(NAME ${name}_fuzz COMMAND ${name}_fuzz "${corpora}/${name}" ${regressions})
    set_tests_properties(${name}_fuzz PROPERTIES FIXTURES_REQUIRED corpora)
endfunction()
