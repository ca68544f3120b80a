#include "kernels/bfloat16_processor.hpp"

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace mriembed::kernels {

namespace {

// Intel SDM volume 2, CPUID leaf 7: bits of EDX.
constexpr unsigned amx_bf16_bit = 1U << 22U;
constexpr unsigned amx_tile_bit = 1U << 24U;

// Linux, arch/x86/include/uapi/asm/prctl.h.
constexpr int request_component_permission = 0x1023;
constexpr int tile_data_component = 18;

bool has_amx() {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (edx & amx_bf16_bit) != 0 &&
         (edx & amx_tile_bit) != 0 && syscall(SYS_arch_prctl, request_component_permission, tile_data_component) == 0;
}

Bfloat16Unit detect() {
  // __builtin_cpu_supports also asks whether the system saves the registers.
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512bf16");
  if (!avx512) {
    return Bfloat16Unit::none;
  }
  return has_amx() ? Bfloat16Unit::amx : Bfloat16Unit::avx512;
}

}  // namespace

Bfloat16Unit bfloat16_unit() {
  static const Bfloat16Unit unit = detect();
  return unit;
}

// Asks for the model of the processor and not for a feature that came with it: what hides tiles may hide that, too.
bool bfloat16_pays() {
  const bool slow_vectors = __builtin_cpu_is("intel") && !__builtin_cpu_is("cooperlake");
  return bfloat16_unit() == Bfloat16Unit::amx || (bfloat16_unit() == Bfloat16Unit::avx512 && !slow_vectors);
}

}  // namespace mriembed::kernels
