// The refusal of slices of which a step of the preprocessing leaves nothing.
#pragma once

#include <cstdint>
#include <string>

#include "mriembed/error.hpp"

namespace mriembed {

// Throws Error bad_input.
[[noreturn]] inline void refuse_without_signal(std::int64_t slice, const char* where) {
  throw Error(ErrorCode::bad_input, slice, "has no signal left inside the " + std::string(where));
}

}  // namespace mriembed
