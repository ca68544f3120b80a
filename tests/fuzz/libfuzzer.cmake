# Fuzz targets with libFuzzer: the libraries that they test, compiled with its counters.
if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(
        FATAL_ERROR
        "MRIEMBED_BUILD_FUZZERS needs clang++, whose libFuzzer it uses: -DCMAKE_CXX_COMPILER=clang++"
    )
endif()

find_package(Eigen3 3.3 REQUIRED NO_MODULE)
find_package(HDF5 REQUIRED COMPONENTS C)
find_package(HWY 1.0 REQUIRED)
find_package(ISMRMRD REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(kissfft REQUIRED IMPORTED_TARGET kissfft-float)
pkg_check_modules(pugixml REQUIRED IMPORTED_TARGET pugixml)
find_package(nlohmann_json 3.9 REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Threads REQUIRED)

add_compile_options(
    -g
    -O1
    -fno-omit-frame-pointer
    -fno-sanitize-recover=all
    -fsanitize=fuzzer-no-link,address,undefined
)
add_link_options(-fsanitize=address,undefined)
add_subdirectory("${PROJECT_SOURCE_DIR}/cpp/src/kernels" "${CMAKE_CURRENT_BINARY_DIR}/kernels")
add_subdirectory("${PROJECT_SOURCE_DIR}/cpp/io" "${CMAKE_CURRENT_BINARY_DIR}/io")

function(mriembed_fuzzed_sources library)
    set(sources ${ARGN})
    list(TRANSFORM sources PREPEND "${PROJECT_SOURCE_DIR}/cpp/")
    target_sources(${library} PRIVATE ${sources})
endfunction()

# scripts/fuzz runs them.
function(mriembed_run_fuzz_target name)
    target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
endfunction()
