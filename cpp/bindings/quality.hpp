// ScanQuality and what its figures say, in Python.
#pragma once

#include <pybind11/pybind11.h>

namespace mriembed::bindings {

void bind_quality(pybind11::module_& module);

}  // namespace mriembed::bindings
