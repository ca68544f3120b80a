// The third dimension of 3D scans: k-space along z becomes partitions.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

namespace mriembed::io {

// Centred orthonormal inverse FFT over z, in place, of a volume (coils, z, plane), row-major; the same convention
// as the preprocessing's transform over y and x.
void transform_partitions(std::vector<std::complex<float>>& volume, std::int64_t coils, std::int64_t z,
                          std::int64_t plane);

}  // namespace mriembed::io
