#include "partition_transform.hpp"

#include "centred_fft.hpp"

namespace mriembed::io {

void transform_partitions(std::vector<std::complex<float>>& volume, std::int64_t coils, std::int64_t z,
                          std::int64_t plane) {
  CentredFft transform(z, CentredFft::Direction::to_image);
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    for (std::int64_t pixel = 0; pixel < plane; ++pixel) {
      transform.apply(volume.data() + coil * z * plane + pixel, plane);
    }
  }
}

}  // namespace mriembed::io
