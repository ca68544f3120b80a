// Whether the axis that an array is said to have for its coils is one.
#pragma once

#include <complex>
#include <cstdint>
#include <span>

namespace mriembed::io {

// Of k-space (coils, ...). A volume (z, y, x) of one coil that was not transformed along z has most of its energy in
// the planes in the middle of its first axis, hundreds of times that of others; coils differ less, in no such order.
bool is_phase_encoded(std::span<const std::complex<float>> samples, std::int64_t coils);

}  // namespace mriembed::io
