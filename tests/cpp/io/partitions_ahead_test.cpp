#include "partitions_ahead.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <random>
#include <vector>

namespace mriembed::io {
namespace {

using Added = PartitionsAhead::Added;
using Samples = PartitionsAhead::Samples;

constexpr std::int64_t coils = 2, depth = 6, height = 3, width = 5;

PartitionsAhead::Slab slab() { return {coils, depth, height, width, {0, depth}, {0, depth}}; }

Samples noise() {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  Samples samples(static_cast<std::size_t>(coils * depth * height * width));
  for (std::complex<float>& sample : samples) {
    sample = {normal(random), normal(random)};
  }
  return samples;
}

std::size_t place_of(std::int64_t coil, std::int64_t z, std::int64_t y, std::int64_t x) {
  return static_cast<std::size_t>(((coil * depth + z) * height + y) * width + x);
}

// The definition of the centred orthonormal inverse transform along z, in double precision, of the steps from `first`.
std::complex<double> direct(const Samples& volume, std::int64_t coil, std::int64_t partition, std::int64_t y,
                            std::int64_t x, std::int64_t first = 0) {
  std::complex<double> sum = 0;
  for (std::int64_t k = first; k < depth; ++k) {
    const std::int64_t steps = (k - depth / 2) * (partition - depth / 2);
    sum += std::polar(1.0, 2 * std::numbers::pi * static_cast<double>(steps) / static_cast<double>(depth)) *
           std::complex<double>(volume[place_of(coil, k, y, x)]);
  }
  return sum / std::sqrt(static_cast<double>(depth));
}

std::complex<double> sample(const PartitionsAhead& ahead, std::int64_t partition, std::int64_t coil, std::int64_t y,
                            std::int64_t x) {
  return ahead.samples(partition)[(coil * height + y) * width + x];
}

void expect_row(const PartitionsAhead& ahead, const Samples& volume, std::int64_t y, std::int64_t first_step = 0,
                std::int64_t first_partition = 0) {
  for (std::int64_t partition = 0; partition < ahead.count(); ++partition) {
    for (std::int64_t coil = 0; coil < coils; ++coil) {
      for (std::int64_t x = 0; x < width; ++x) {
        const std::complex<double> expected = direct(volume, coil, first_partition + partition, y, x, first_step);
        EXPECT_LT(std::abs(sample(ahead, partition, coil, y, x) - expected), 1e-5);
      }
    }
  }
}

TEST(PartitionsAhead, makes_a_row_of_all_partitions_with_its_last_line) {
  const Samples volume = noise();
  PartitionsAhead ahead(slab());
  for (const std::int64_t z : {3, 0, 5, 1, 2}) {
    EXPECT_EQ(ahead.add(z * height + 1, volume), Added::nothing);
  }
  EXPECT_EQ(ahead.add(4 * height + 2, volume), Added::nothing);  // of another row
  EXPECT_EQ(sample(ahead, 2, 1, 1, 3), 0.0);
  EXPECT_EQ(ahead.add(4 * height + 1, volume), Added::row);
  expect_row(ahead, volume, 1);
  EXPECT_EQ(sample(ahead, 2, 1, 2, 3), 0.0);
}

TEST(PartitionsAhead, expects_the_measured_steps_alone_and_takes_the_others_as_zero) {
  const Samples volume = noise();
  PartitionsAhead::Slab partial = slab();
  partial.measured = {2, depth};
  PartitionsAhead ahead(partial);
  for (const std::int64_t z : {2, 3, 4}) {
    EXPECT_EQ(ahead.add(z * height, volume), Added::nothing);
  }
  EXPECT_EQ(ahead.add(5 * height, volume), Added::row);
  expect_row(ahead, volume, 0, 2);
}

TEST(PartitionsAhead, keeps_the_partitions_that_are_wanted) {
  const Samples volume = noise();
  PartitionsAhead::Slab oversampled = slab();
  oversampled.kept = {1, 5};
  PartitionsAhead ahead(oversampled);
  EXPECT_EQ(ahead.count(), 4);
  for (std::int64_t z = 0; z < depth; ++z) {
    ahead.add(z * height + 2, volume);
  }
  expect_row(ahead, volume, 2, 0, 1);
}

TEST(PartitionsAhead, leaves_nothing_of_what_was_in_memory_before) {
  const Samples volume = noise();
  PartitionsAhead::Slab oversampled = slab();
  oversampled.kept = {1, 5};
  PartitionsAhead ahead(oversampled, std::vector<Samples>(7, Samples(1000, {5, 7})));
  EXPECT_EQ(ahead.count(), 4);
  EXPECT_EQ(ahead.partitions().size(), 4U);
  for (std::int64_t z = 0; z < depth; ++z) {
    ahead.add(z * height, volume);
  }
  expect_row(ahead, volume, 0, 0, 1);
  EXPECT_EQ(sample(ahead, 3, 1, 2, 4), 0.0);
}

TEST(PartitionsAhead, says_that_a_line_comes_too_late_for_its_row) {
  const Samples volume = noise();
  PartitionsAhead::Slab partial = slab();
  partial.measured = {2, depth};
  PartitionsAhead ahead(partial);
  EXPECT_EQ(ahead.add(1 * height, volume), Added::nothing);  // not expected, and taken
  for (std::int64_t z = 2; z < depth; ++z) {
    ahead.add(z * height, volume);
  }
  expect_row(ahead, volume, 0, 1);
  EXPECT_EQ(ahead.add(0, volume), Added::too_late);
}

TEST(PartitionsAhead, makes_rows_of_what_is_there_when_no_line_follows) {
  const Samples volume = noise();
  PartitionsAhead ahead(slab());
  for (std::int64_t z = 0; z < depth; ++z) {
    ahead.add(z * height, volume);
    if (z >= 3) {
      ahead.add(z * height + 2, volume);
    }
  }
  EXPECT_EQ(ahead.finish(volume), (std::vector<std::int64_t>{2}));
  expect_row(ahead, volume, 0);
  expect_row(ahead, volume, 2, 3);
  EXPECT_EQ(sample(ahead, 2, 1, 1, 3), 0.0);
}

}  // namespace
}  // namespace mriembed::io
