// Whether the lines of a plane of k-space are those of a scan that is not Cartesian.
#pragma once

#include <complex>
#include <cstdint>
#include <span>

namespace mriembed::io {

// Whether the lines of a plane (coils, lines, length) are the spokes of a radial scan or the interleaves of a spiral:
// each of them passes through the centre of k-space and shows its peak. Of a Cartesian plane few lines do; and noise
// has no peaks. Looks at every `coil_step`-th coil.
bool are_spokes(std::span<const std::complex<float>> samples, std::int64_t coils, std::int64_t lines,
                std::int64_t length, std::int64_t coil_step = 1);

}  // namespace mriembed::io
