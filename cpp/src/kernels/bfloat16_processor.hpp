// What this processor can do with bfloat16 numbers (the upper half of a float's bits).
#pragma once

namespace mriembed::kernels {

enum class Bfloat16Unit {
  none,
  avx512,  // AVX512-BF16: vectors of products (Intel since Cooper Lake, AMD since Zen 4)
  amx,     // AMX-BF16, and AVX512-BF16 beside it: whole matrix tiles (Intel since Sapphire Rapids)
};

// The best unit of this processor that the system lets programs use. Linux gives a process the memory for tiles only
// when it asks: the first call asks, for the whole process, which costs its threads nothing until they use tiles.
Bfloat16Unit bfloat16_unit();

}  // namespace mriembed::kernels
