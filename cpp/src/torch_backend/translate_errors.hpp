// Turns whatever torch throws into mriembed::Error, so that no c10 type leaves the library.
#pragma once

#include <utility>

namespace mriembed::torch_backend {

// To be called in a catch block only: rethrows the exception in flight as an Error.
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

}  // namespace mriembed::torch_backend
