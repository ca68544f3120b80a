#include "kernels/bfloat16_processor.hpp"

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace mriembed::kernels {

namespace {

// Intel SDM volume 2, CPUID leaf 7: bits of EDX.
constexpr unsigned amx_bf16_bit = 1U << 22U;
constexpr unsigned avx512_fp16_bit = 1U << 23U;
constexpr unsigned amx_tile_bit = 1U << 24U;

// Linux, arch/x86/include/uapi/asm/prctl.h.
constexpr int request_component_permission = 0x1023;
constexpr int tile_data_component = 18;

bool has_features(unsigned bits) {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (edx & bits) == bits;
}

bool has_amx() {
  return has_features(amx_bf16_bit | amx_tile_bit) &&
         syscall(SYS_arch_prctl, request_component_permission, tile_data_component) == 0;
}

// Those made for tiles came with AVX512-FP16.
bool is_intel_after_cooper_lake() { return __builtin_cpu_is("intel") && has_features(avx512_fp16_bit); }

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

bool bfloat16_pays() {
  const Bfloat16Unit unit = bfloat16_unit();
  return unit == Bfloat16Unit::amx || (unit == Bfloat16Unit::avx512 && !is_intel_after_cooper_lake());
}

}  // namespace mriembed::kernels
