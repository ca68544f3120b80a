#include "partition_transform.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace mriembed::io {

namespace {

constexpr std::int64_t tile_pixels = 64;  // some cache lines of each partition, which lie far apart

}  // namespace

PartitionTransform::PartitionTransform(std::int64_t z) : z_(z), tile_(static_cast<std::size_t>(z * tile_pixels)) {
  transform_.prepare(std::array{z});
}

void PartitionTransform::apply(std::span<const std::complex<float>* const> kspace,
                               std::span<std::complex<float>* const> partitions, std::int64_t pixels) {
  for (std::int64_t first = 0; first < pixels; first += tile_pixels) {
    const std::int64_t count = std::min(tile_pixels, pixels - first);
    // In the tile, the centre is at the front, before and after.
    const auto in_tile = [&](std::size_t at) {
      return tile_.data() + (static_cast<std::int64_t>(at) - z_ / 2 + z_) % z_ * count;
    };
    for (std::size_t step = 0; step < kspace.size(); ++step) {
      if (kspace[step] != nullptr) {
        std::copy_n(kspace[step] + first, count, in_tile(step));
      } else {
        std::fill_n(in_tile(step), count, 0);
      }
    }
    transform_.run(tile_.data(), z_, count, {true, false}, kernels::Direction::inverse, memory_);
    for (std::size_t partition = 0; partition < partitions.size(); ++partition) {
      if (partitions[partition] != nullptr) {
        std::copy_n(in_tile(partition), count, partitions[partition] + first);
      }
    }
  }
}

void transform_partitions(std::vector<std::complex<float>>& volume, std::int64_t coils, std::int64_t z,
                          std::int64_t plane) {
  PartitionTransform transform(z);
  std::vector<std::complex<float>*> partitions(static_cast<std::size_t>(z));
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    for (std::int64_t partition = 0; partition < z; ++partition) {
      partitions[static_cast<std::size_t>(partition)] = volume.data() + (coil * z + partition) * plane;
    }
    const std::vector<const std::complex<float>*> kspace(partitions.begin(), partitions.end());
    transform.apply(kspace, partitions, plane);
  }
}

}  // namespace mriembed::io
