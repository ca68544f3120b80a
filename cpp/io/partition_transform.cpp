#include "partition_transform.hpp"

#include <algorithm>

#include "centred_fft.hpp"

namespace mriembed::io {

namespace {

constexpr std::int64_t tile_pixels = 64;  // some cache lines of each partition, which lie far apart

}  // namespace

void transform_partitions(std::vector<std::complex<float>>& volume, std::int64_t coils, std::int64_t z,
                          std::int64_t plane) {
  CentredFft transform(z, CentredFft::Direction::to_image);
  std::vector<std::complex<float>> tile(static_cast<std::size_t>(z * tile_pixels));
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    std::complex<float>* const slab = volume.data() + coil * z * plane;
    for (std::int64_t first = 0; first < plane; first += tile_pixels) {
      const std::int64_t count = std::min(tile_pixels, plane - first);
      for (std::int64_t partition = 0; partition < z; ++partition) {
        std::copy_n(slab + partition * plane + first, count, tile.data() + partition * tile_pixels);
      }
      for (std::int64_t pixel = 0; pixel < count; ++pixel) {
        transform.apply(tile.data() + pixel, tile_pixels);
      }
      for (std::int64_t partition = 0; partition < z; ++partition) {
        std::copy_n(tile.data() + partition * tile_pixels, count, slab + partition * plane + first);
      }
    }
  }
}

}  // namespace mriembed::io
