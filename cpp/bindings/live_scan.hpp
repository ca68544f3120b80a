// Scans while they are measured, in Python.
#pragma once

#include <pybind11/pybind11.h>

namespace mriembed::bindings {

void bind_live_scan(pybind11::module_& module);

}  // namespace mriembed::bindings
