// The floating-point environment that the library computes in.
#pragma once

#include <xmmintrin.h>

namespace mriembed::threads {

// While it lives, the calling thread rounds to nearest, keeps subnormal numbers and traps no exception, as a C program
// does when it begins. Then it continues as before, with the exception flags of before. The threads of a call may have
// other settings than their caller: without this, an embedding would depend on who computed which part of it.
class DefaultFloatingPoint {
 public:
  DefaultFloatingPoint() : before_(_mm_getcsr()) { _mm_setcsr(at_program_start); }
  ~DefaultFloatingPoint() { _mm_setcsr(before_); }
  DefaultFloatingPoint(const DefaultFloatingPoint&) = delete;
  DefaultFloatingPoint& operator=(const DefaultFloatingPoint&) = delete;

 private:
  static constexpr unsigned at_program_start = 0x1F80;  // MXCSR, System V ABI for AMD64, 3.4.1

  unsigned before_;
};

}  // namespace mriembed::threads
