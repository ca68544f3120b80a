# Makes the target torch_libraries from the headers and libraries of a pip-installed torch (or of MRIEMBED_TORCH_DIR).
#
# torch's own find_package(Torch) is not used: with a CUDA wheel it demands nvcc of the matching version, and it
# exports compile options that are none of our business.
#
# Sets MRIEMBED_TORCH_VERSION and MRIEMBED_TORCH_LIBDIR.
set(torch_dir "${MRIEMBED_TORCH_DIR}")
if(NOT torch_dir)
    execute_process(
        COMMAND
            "${Python_EXECUTABLE}" -c
            "import importlib.util, pathlib; print(pathlib.Path(importlib.util.find_spec('torch').origin).parent)"
        OUTPUT_VARIABLE torch_dir
        OUTPUT_STRIP_TRAILING_WHITESPACE
        RESULT_VARIABLE python_failed
        ERROR_QUIET
    )
    if(python_failed)
        message(
            FATAL_ERROR
            "${Python_EXECUTABLE} has no torch: install it (pip install torch==2.13.0) "
            "or pass -DMRIEMBED_TORCH_DIR=<folder with torch's include and lib>"
        )
    endif()
endif()

set(version_header "${torch_dir}/include/torch/headeronly/version.h")
if(NOT EXISTS "${version_header}")
    message(
        FATAL_ERROR
        "${torch_dir} holds no torch of version 2.11 or newer (${version_header} is missing)"
    )
endif()
foreach(part MAJOR MINOR PATCH)
    file(STRINGS "${version_header}" line REGEX "#define TORCH_VERSION_${part} ")
    string(REGEX MATCH "[0-9]+$" ${part} "${line}")
endforeach()
set(MRIEMBED_TORCH_VERSION "${MAJOR}.${MINOR}.${PATCH}")
set(MRIEMBED_TORCH_LIBDIR "${torch_dir}/lib")
if(MRIEMBED_TORCH_VERSION VERSION_LESS 2.11 OR MRIEMBED_TORCH_VERSION VERSION_GREATER_EQUAL 3)
    message(
        FATAL_ERROR
        "torch ${MRIEMBED_TORCH_VERSION} in ${torch_dir} does not fit: 2.11 or newer, below 3, is needed"
    )
endif()
message(STATUS "torch ${MRIEMBED_TORCH_VERSION} in ${torch_dir}")

add_library(torch_libraries INTERFACE)
# The wheel's folders are system includes: its warnings are not ours.
target_include_directories(
    torch_libraries
    SYSTEM
    INTERFACE "${torch_dir}/include" "${torch_dir}/include/torch/csrc/api/include"
)
# Nothing refers to a symbol of torch_cuda directly; without --no-as-needed the linker drops it and no GPU is found.
target_link_options(torch_libraries INTERFACE "LINKER:--no-as-needed")
foreach(
    name
    torch
    torch_cpu
    c10
    torch_cuda
    c10_cuda
)
    set(file "${MRIEMBED_TORCH_LIBDIR}/lib${name}.so")
    if(EXISTS "${file}")
        target_link_libraries(torch_libraries INTERFACE "${file}")
    elseif(NOT name MATCHES "cuda")
        message(FATAL_ERROR "torch is incomplete: ${file} is missing")
    endif()
endforeach()

# The OpenMP library that torch itself runs on; a wheel brings its own. Two of them in one process would compete.
add_library(torch_openmp INTERFACE)
file(GLOB openmp_of_torch "${MRIEMBED_TORCH_LIBDIR}/libgomp*.so*")
if(openmp_of_torch)
    list(GET openmp_of_torch 0 openmp_of_torch)
    target_link_libraries(torch_openmp INTERFACE "${openmp_of_torch}")
else()
    find_package(OpenMP REQUIRED COMPONENTS CXX)
    target_link_libraries(torch_openmp INTERFACE OpenMP::OpenMP_CXX)
endif()

# A wheel of the other C++ ABI, or one that this compiler cannot use, shows here and not in the middle of the build.
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_INCLUDES "${torch_dir}/include")
set(CMAKE_REQUIRED_LIBRARIES "${MRIEMBED_TORCH_LIBDIR}/libc10.so")
set(CMAKE_REQUIRED_FLAGS "-std=c++20")
check_cxx_source_compiles(
    "#include <c10/core/Device.h>
    int main() { return static_cast<int>(c10::Device(std::string(\"cpu\")).index()); }"
    MRIEMBED_TORCH_LINKS_${MRIEMBED_TORCH_VERSION}
)
if(NOT MRIEMBED_TORCH_LINKS_${MRIEMBED_TORCH_VERSION})
    message(
        FATAL_ERROR
        "this compiler cannot build against torch ${MRIEMBED_TORCH_VERSION} in ${torch_dir}: other C++ ABI?"
    )
endif()
unset(CMAKE_REQUIRED_INCLUDES)
unset(CMAKE_REQUIRED_LIBRARIES)
unset(CMAKE_REQUIRED_FLAGS)
