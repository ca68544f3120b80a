// The third dimension of 3D scans: k-space along z becomes partitions.
#pragma once

#include <complex>
#include <cstdint>
#include <span>
#include <vector>

#include "preprocessing/plane_transforms.hpp"

namespace mriembed::io {

// Centred orthonormal inverse FFT over z, of pixels that lie side by side; the same convention as the preprocessing's
// transform over y and x. No bit of a pixel depends on those beside it. One thread at a time may use it.
class PartitionTransform {
 public:
  explicit PartitionTransform(std::int64_t z);

  // Of `pixels` pixels. `kspace`: where those of each step along z lie; null: they are zero. `partitions`: where those
  // of each partition go; null: nowhere. Both may be the same.
  void apply(std::span<const std::complex<float>* const> kspace, std::span<std::complex<float>* const> partitions,
             std::int64_t pixels);

 private:
  std::int64_t z_;
  PlaneTransforms transform_;
  PlaneTransforms::Memory memory_;
  std::vector<std::complex<float>> tile_;
};

// The same in place, of a volume (coils, z, plane), row-major.
void transform_partitions(std::vector<std::complex<float>>& volume, std::int64_t coils, std::int64_t z,
                          std::int64_t plane);

}  // namespace mriembed::io
