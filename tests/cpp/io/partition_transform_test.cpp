#include "partition_transform.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace mriembed::io {
namespace {

// The definition of the centred orthonormal inverse transform, in double precision.
std::complex<double> direct(const std::vector<std::complex<float>>& volume, std::int64_t coil, std::int64_t z,
                            std::int64_t plane, std::int64_t partition, std::int64_t pixel) {
  std::complex<double> sum = 0;
  for (std::int64_t k = 0; k < z; ++k) {
    const std::int64_t steps = (k - z / 2) * (partition - z / 2);
    const double turn = 2 * std::numbers::pi * static_cast<double>(steps) / static_cast<double>(z);
    sum +=
        std::polar(1.0, turn) * std::complex<double>(volume[static_cast<std::size_t>((coil * z + k) * plane + pixel)]);
  }
  return sum / std::sqrt(static_cast<double>(z));
}

class PartitionTransform : public testing::TestWithParam<std::int64_t> {};

TEST_P(PartitionTransform, agrees_with_its_definition) {
  const std::int64_t z = GetParam();
  constexpr std::int64_t coils = 2;
  constexpr std::int64_t plane = 3;
  std::vector<std::complex<float>> before(static_cast<std::size_t>(coils * z * plane));
  for (std::size_t index = 0; index < before.size(); ++index) {
    before[index] = {std::sin(static_cast<float>(index)), std::cos(3.0F * static_cast<float>(index))};
  }
  std::vector<std::complex<float>> after = before;
  transform_partitions(after, coils, z, plane);
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    for (std::int64_t partition = 0; partition < z; ++partition) {
      for (std::int64_t pixel = 0; pixel < plane; ++pixel) {
        const std::complex<double> result = after[static_cast<std::size_t>((coil * z + partition) * plane + pixel)];
        EXPECT_LT(std::abs(result - direct(before, coil, z, plane, partition, pixel)), 1e-5);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(OddAndEven, PartitionTransform, testing::Values(1, 2, 3, 8, 15));

}  // namespace
}  // namespace mriembed::io
