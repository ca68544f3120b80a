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
