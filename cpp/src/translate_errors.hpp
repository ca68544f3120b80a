// Turns what standard libraries throw into the library's Error.
#pragma once

#include <new>

#include "mriembed/error.hpp"

namespace mriembed {

// Runs `work`. Lets Error through, and throws Error out_of_memory or internal for everything else.
template <typename Work>
auto translating_errors(const Work& work) {
  try {
    return work();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::out_of_memory, "out of memory");
  } catch (const std::exception& error) {
    throw Error(ErrorCode::internal, error.what());
  } catch (...) {
    throw Error(ErrorCode::internal, "an exception of unknown type");
  }
}

}  // namespace mriembed
