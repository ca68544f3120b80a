// Turns whatever torch throws into mriembed::Error, so that no c10 type leaves the library.
#pragma once

#include <utility>

namespace mriembed::torchscript {

// To be called in a catch block only: rethrows the exception in flight as an Error.
// An error that the scripted preprocessing raises (ValueError, TypeError) is one about the samples: bad_input.
[[noreturn]] void rethrow_as_error();

// Runs `work` and lets nothing but mriembed::Error out.
template <typename Work>
auto translating_errors(Work&& work) -> decltype(std::forward<Work>(work)()) {
  try {
    return std::forward<Work>(work)();
  } catch (...) {
    rethrow_as_error();
  }
}

}  // namespace mriembed::torchscript
