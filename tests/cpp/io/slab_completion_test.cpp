#include "slab_completion.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstddef>
#include <numbers>
#include <random>
#include <vector>

namespace mriembed::io {
namespace {

using Sample = std::complex<float>;

constexpr std::int64_t depth = 24;
constexpr std::int64_t height = 32;
constexpr std::int64_t width = 20;

// Coils that are the object's k-space shifted by 0 or 1 line and 0 or 1 partition (SMASH, Sodickson and Manning 1997,
// doi:10.1002/mrm.1910380414), each as often as there are coils for it, times a factor: (coils, z, y, x).
std::vector<Sample> harmonic_slab(std::int64_t coils, float size) {
  std::mt19937 generator(3);
  std::normal_distribution<float> normal(0, size);
  std::vector<Sample> object(static_cast<std::size_t>((depth + 1) * (height + 1) * width));
  for (Sample& sample : object) {
    const float real = normal(generator);
    sample = {real, normal(generator)};
  }
  std::vector<Sample> slab;
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    const Sample factor = std::polar(1 + 0.1F * static_cast<float>(coil), static_cast<float>(coil));
    for (std::int64_t z = 0; z < depth; ++z) {
      for (std::int64_t y = 0; y < height; ++y) {
        for (std::int64_t x = 0; x < width; ++x) {
          const std::int64_t row = (z + coil / 2 % 2) * (height + 1) + y + coil % 2;
          slab.push_back(factor * object[static_cast<std::size_t>(row * width + x)]);
        }
      }
    }
  }
  return slab;
}

// Every second line of every second partition, and a box around the centre.
std::vector<bool> every_second() {
  std::vector<bool> measured;
  for (std::int64_t z = 0; z < depth; ++z) {
    for (std::int64_t y = 0; y < height; ++y) {
      const bool in_box = std::abs(z - depth / 2) < 6 && std::abs(y - height / 2) < 8;
      measured.push_back((z % 2 == 0 && y % 2 == 0) || in_box);
    }
  }
  return measured;
}

std::vector<Sample> without_missing(std::vector<Sample> slab, std::int64_t coils, const std::vector<bool>& measured) {
  for (std::int64_t row = 0; row < coils * depth * height; ++row) {
    if (!measured[static_cast<std::size_t>(row % (depth * height))]) {
      std::fill_n(slab.begin() + row * width, width, Sample(0));
    }
  }
  return slab;
}

class SlabCompletionOfCoils : public testing::TestWithParam<std::int64_t> {};

// Exact but for regularization. Also with more coils than there are virtual ones, which then hold all of the signal.
TEST_P(SlabCompletionOfCoils, gives_harmonic_coils_what_lies_between_measured_lines) {
  const std::int64_t coils = GetParam();
  for (const float size : {1e-12F, 1.0F, 1e9F}) {
    const std::vector<Sample> whole = harmonic_slab(coils, size);
    const SlabSampling sampling(every_second(), height, depth);
    const std::vector<Sample> given = without_missing(whole, coils, sampling.measured);
    std::vector<Sample> filled = given;
    SlabCompletion completion;
    completion.fill(filled, coils, width, sampling);
    for (std::int64_t row = 0; row < coils * depth * height; ++row) {
      const std::int64_t line = row % (depth * height);
      const bool measured = sampling.measured[static_cast<std::size_t>(line)];
      const bool last = line / height == depth - 1 || line % height == height - 1;  // nothing follows them
      for (std::int64_t x = 0; x < width; ++x) {
        const auto place = static_cast<std::size_t>(row * width + x);
        if (measured) {
          ASSERT_EQ(filled[place], given[place]) << "row " << row;
        } else if (!last) {
          ASSERT_LT(std::abs(filled[place] - whole[place]), 2e-2F * size) << "row " << row << ", size " << size;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Coils, SlabCompletionOfCoils, testing::Values(4, 5, 12, 20));

TEST(SlabCompletionTest, leaves_a_slab_alone_that_slices_complete) {
  std::vector<bool> measured(static_cast<std::size_t>(depth * height));
  for (std::size_t line = 0; line < measured.size(); ++line) {
    measured[line] = line % 2 == 0;
  }
  const std::vector<Sample> given = without_missing(harmonic_slab(2, 1), 2, measured);
  std::vector<Sample> filled = given;
  SlabCompletion completion;
  completion.fill(filled, 2, width, SlabSampling(measured, height, depth));
  EXPECT_EQ(filled, given);
}

}  // namespace
}  // namespace mriembed::io
