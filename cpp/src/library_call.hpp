// What every call of the library does, whatever it computes.
#pragma once

#include <new>

#include "mriembed/error.hpp"
#include "threads/default_floating_point.hpp"

namespace mriembed {

// Runs `work` in the default floating-point environment. Lets Error through, and throws Error out_of_memory or internal
// for everything else.
template <typename Work>
auto library_call(const Work& work) {
  const threads::DefaultFloatingPoint environment;
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
