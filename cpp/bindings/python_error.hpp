// The Python exceptions of the library's errors.
#pragma once

#include <pybind11/pybind11.h>

#include "mriembed/error.hpp"

namespace mriembed::bindings {

// The class of mriembed.errors for the code, with the error's text, file and slice.
inline void set_python_error(const Error& error) {
  const char* name = "InternalError";
  switch (error.code()) {
    case ErrorCode::invalid_argument:
      name = "InvalidArgumentError";
      break;
    case ErrorCode::bad_model_file:
      name = "ModelFileError";
      break;
    case ErrorCode::bad_input:
      name = "BadInputError";
      break;
    case ErrorCode::device_not_available:
      name = "DeviceNotAvailableError";
      break;
    case ErrorCode::out_of_memory:
      name = "OutOfMemoryError";
      break;
    case ErrorCode::interrupted:
    case ErrorCode::internal:
      break;
  }
  namespace py = pybind11;
  const py::object type = py::module_::import("mriembed.errors").attr(name);
  const py::object exception = type(error.what());
  exception.attr("slice") = error.slice();
  if (!error.path().empty()) {
    exception.attr("path") = error.path();
  }
  PyErr_SetObject(type.ptr(), exception.ptr());
}

}  // namespace mriembed::bindings
