// How many lines of an accelerated scan are left out.
#pragma once

#include <cstdint>

namespace mriembed::io {

// From one line to the next, outside the ACS lines. 1: every line is measured.
struct Acceleration {
  std::int64_t y = 1;
  std::int64_t z = 1;
};

}  // namespace mriembed::io
