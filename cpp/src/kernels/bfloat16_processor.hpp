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

// Whether a network takes less time on this unit than on the float32 kernels. Matrix tiles always do. Vectors of
// products do where they are as quick as float32's multiply-add, of which they do twice the work: so, by their makers'
// word, on AMD and on Intel's Cooper Lake. Intel's later cores, made for tiles, are slower at them than at float32:
// where such a processor's tiles are out of reach, as in some virtual machines, the float32 kernels take half the time.
bool bfloat16_pays();

}  // namespace mriembed::kernels
