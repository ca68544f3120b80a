// What every function of the C interface does: no exception leaves it, and failures become a status.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <new>
#include <string>

#include "mriembed/error.hpp"
#include "mriembed/mriembed.h"

namespace mriembed::c_interface {

inline mriembed_status report(mriembed_error* error, ErrorCode code, const char* message,
                              std::int64_t slice = -1) noexcept {
  const auto status = static_cast<mriembed_status>(code);
  if (error != nullptr) {
    error->code = status;
    error->slice = slice;
    const std::size_t length = std::min(std::strlen(message), sizeof(error->message) - 1);
    std::memcpy(error->message, message, length);
    error->message[length] = '\0';
  }
  return status;
}

// Runs `work` and turns every exception into a status.
template <typename Work>
mriembed_status guarded(mriembed_error* error, const Work& work) noexcept {
  try {
    work();
    if (error != nullptr) {
      error->code = MRIEMBED_OK;
      error->slice = -1;
      error->message[0] = '\0';
    }
    return MRIEMBED_OK;
  } catch (const Error& caught) {
    return report(error, caught.code(), caught.what(), caught.slice().value_or(-1));
  } catch (const std::bad_alloc&) {
    return report(error, ErrorCode::out_of_memory, "out of memory");
  } catch (const std::exception& caught) {
    return report(error, ErrorCode::internal, caught.what());
  } catch (...) {
    return report(error, ErrorCode::internal, "an exception of unknown type");
  }
}

template <typename T>
void require(const T* pointer, const char* name) {
  if (pointer == nullptr) {
    throw Error(ErrorCode::invalid_argument, std::string(name) + " must not be NULL");
  }
}

// A struct of an older header is shorter: members beyond its size keep their defaults.
template <typename Options>
Options options_of(const Options* given, void (*init)(Options*)) {
  Options options;
  init(&options);
  if (given != nullptr) {
    if (given->struct_size < sizeof(std::size_t) || given->struct_size > sizeof(Options)) {
      throw Error(ErrorCode::invalid_argument,
                  "options were not filled by their init function, or by one of a newer libmriembed");
    }
    std::memcpy(&options, given, given->struct_size);
  }
  return options;
}

}  // namespace mriembed::c_interface
