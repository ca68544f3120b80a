# Where things are installed. In a Python environment (pip) everything lies inside the package folder, the command
# line in the environment's scripts folder; with plain CMake the usual bin, lib, libexec and include under the prefix.
# Programs that only mriembed_cli runs are in LIBEXECDIR.
if(SKBUILD)
    set(MRIEMBED_INSTALL_LIBDIR "mriembed/lib")
    set(MRIEMBED_INSTALL_LIBEXECDIR "mriembed/libexec")
    set(MRIEMBED_INSTALL_INCLUDEDIR "mriembed/include")
    set(MRIEMBED_INSTALL_BINDIR "${SKBUILD_SCRIPTS_DIR}")
else()
    include(GNUInstallDirs)
    set(MRIEMBED_INSTALL_LIBDIR "${CMAKE_INSTALL_LIBDIR}")
    set(MRIEMBED_INSTALL_LIBEXECDIR "${CMAKE_INSTALL_LIBEXECDIR}/mriembed")
    set(MRIEMBED_INSTALL_INCLUDEDIR "${CMAKE_INSTALL_INCLUDEDIR}")
    set(MRIEMBED_INSTALL_BINDIR "${CMAKE_INSTALL_BINDIR}")
endif()
set(MRIEMBED_INSTALL_CMAKEDIR "${MRIEMBED_INSTALL_LIBDIR}/cmake/mriembed")

# mriembed_path_from_programs(RESULT FOLDER): one of the folders above, seen from that of mriembed_cli.
function(mriembed_path_from_programs result folder)
    if(SKBUILD)
        execute_process(
            COMMAND
                "${Python_EXECUTABLE}" -c
                "import os, sysconfig; print(os.path.relpath(sysconfig.get_path('platlib'), sysconfig.get_path('scripts')))"
            OUTPUT_VARIABLE packages
            OUTPUT_STRIP_TRAILING_WHITESPACE
            COMMAND_ERROR_IS_FATAL ANY
        )
        set(path "${packages}/${folder}")
    else()
        file(RELATIVE_PATH path "/${MRIEMBED_INSTALL_BINDIR}" "/${folder}")
    endif()
    set(${result} "${path}" PARENT_SCOPE)
endfunction()
