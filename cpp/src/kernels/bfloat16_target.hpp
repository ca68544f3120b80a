// Marks functions that use AVX512-BF16: compiled for it whatever the rest of the library is compiled for.
//
// Not by Google Highway as the float32 kernels: the releases that distributions carry know neither these instructions
// nor matrix tiles, and without them bfloat16 gains nothing over float32.
#pragma once

#define MRIEMBED_AVX512_BF16 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
#define MRIEMBED_AVX512_BF16_INLINE \
  __attribute__((always_inline, target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16"))) inline
#define MRIEMBED_AMX __attribute__((target("amx-tile,amx-bf16")))
