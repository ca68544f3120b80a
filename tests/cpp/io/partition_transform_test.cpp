#include "partition_transform.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
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

std::uint64_t bits_of(const std::complex<float>& sample) { return std::bit_cast<std::uint64_t>(sample); }

std::vector<std::complex<float>> waves(std::int64_t count) {
  std::vector<std::complex<float>> values(static_cast<std::size_t>(count));
  for (std::size_t index = 0; index < values.size(); ++index) {
    values[index] = {std::sin(static_cast<float>(index)), std::cos(3.0F * static_cast<float>(index))};
  }
  return values;
}

class PartitionTransformTest : public testing::TestWithParam<std::int64_t> {};

TEST_P(PartitionTransformTest, agrees_with_its_definition) {
  const std::int64_t z = GetParam();
  constexpr std::int64_t coils = 2;
  constexpr std::int64_t plane = 3;
  const std::vector<std::complex<float>> before = waves(coils * z * plane);
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

TEST_P(PartitionTransformTest, gives_a_pixel_the_same_bits_whatever_lies_beside_it) {
  const std::int64_t z = GetParam();
  constexpr std::int64_t plane = 150;  // more than are transformed at once
  const std::vector<std::complex<float>> before = waves(z * plane);
  std::vector<std::complex<float>> together = before;
  transform_partitions(together, 1, z, plane);
  PartitionTransform transform(z);
  for (const std::int64_t pixel : {0, 1, 17, 64, 128, 149}) {
    std::vector<std::complex<float>> alone(static_cast<std::size_t>(z));
    std::vector<const std::complex<float>*> kspace;
    std::vector<std::complex<float>*> partitions;
    for (std::int64_t step = 0; step < z; ++step) {
      kspace.push_back(&before[static_cast<std::size_t>(step * plane + pixel)]);
      partitions.push_back(&alone[static_cast<std::size_t>(step)]);
    }
    transform.apply(kspace, partitions, 1);
    for (std::int64_t partition = 0; partition < z; ++partition) {
      EXPECT_EQ(bits_of(alone[static_cast<std::size_t>(partition)]),
                bits_of(together[static_cast<std::size_t>(partition * plane + pixel)]))
          << partition << ", " << pixel;
    }
  }
}

TEST_P(PartitionTransformTest, takes_what_is_not_there_as_zero_and_writes_what_is_wanted) {
  const std::int64_t z = GetParam();
  constexpr std::int64_t plane = 5;
  std::vector<std::complex<float>> before = waves(z * plane);
  std::fill_n(before.begin(), plane, 0);  // the first step
  std::vector<std::complex<float>> expected = before;
  transform_partitions(expected, 1, z, plane);
  std::vector<const std::complex<float>*> kspace{nullptr};
  for (std::int64_t step = 1; step < z; ++step) {
    kspace.push_back(before.data() + step * plane);
  }
  std::vector<std::complex<float>> last(plane);
  std::vector<std::complex<float>*> partitions(static_cast<std::size_t>(z));
  partitions.back() = last.data();
  PartitionTransform(z).apply(kspace, partitions, plane);
  for (std::int64_t pixel = 0; pixel < plane; ++pixel) {
    EXPECT_EQ(bits_of(last[static_cast<std::size_t>(pixel)]),
              bits_of(expected[static_cast<std::size_t>((z - 1) * plane + pixel)]));
  }
}

// 67 is a prime that FourierTransform does not serve.
INSTANTIATE_TEST_SUITE_P(OddAndEven, PartitionTransformTest, testing::Values(1, 2, 3, 8, 15, 24, 67));

}  // namespace
}  // namespace mriembed::io
