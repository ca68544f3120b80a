#include "kernels/coil_gram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "every_target.hpp"
#include "random_samples.hpp"

namespace mriembed::kernels {
namespace {

class AddToGram : public EveryTarget {};

// The sum of a b^*, in float64. In real numbers: tests are not optimized.
std::complex<double> product(const std::complex<float>* a, const std::complex<float>* b, std::int64_t pixels) {
  double real = 0;
  double imaginary = 0;
  for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
    const double a_real = a[pixel].real();
    const double a_imaginary = a[pixel].imag();
    const double b_real = b[pixel].real();
    const double b_imaginary = b[pixel].imag();
    real += a_real * b_real + a_imaginary * b_imaginary;
    imaginary += a_imaginary * b_real - a_real * b_imaginary;
  }
  return {real, imaginary};
}

// Largest difference to V V^H in float64, relative to its trace.
double relative_error(std::int64_t coils, std::int64_t pixels, std::int64_t block_pixels, float size) {
  const auto samples = random_samples(coils * pixels, size);
  CoilBlock block;
  block.resize(coils);
  CoilGram gram;
  gram.reset(coils);
  for (std::int64_t first = 0; first < pixels; first += block_pixels) {
    block.read(samples.data() + first, pixels, std::min(block_pixels, pixels - first), 1);
    gram.add(block);
  }
  std::vector<std::complex<double>> matrix(static_cast<std::size_t>(coils * coils));
  gram.write(matrix.data());

  double worst = 0;
  double trace = 0;
  for (std::int64_t i = 0; i < coils; ++i) {
    for (std::int64_t j = 0; j < coils; ++j) {
      const std::complex<double> expected = product(samples.data() + i * pixels, samples.data() + j * pixels, pixels);
      trace += i == j ? expected.real() : 0;
      worst = std::max(worst, std::abs(matrix[static_cast<std::size_t>(i * coils + j)] - expected));
    }
  }
  return worst / trace;
}

TEST_P(AddToGram, agrees_with_float64_for_every_number_of_coils) {
  for (std::int64_t coils = 1; coils <= 33; ++coils) {
    EXPECT_LT(relative_error(coils, 333, 100, 1), 2e-7) << coils << " coils";
  }
}

TEST_P(AddToGram, agrees_with_float64_for_every_number_of_pixels) {
  for (std::int64_t pixels = 1; pixels <= 40; ++pixels) {
    EXPECT_LT(relative_error(5, pixels, 256, 1), 2e-7) << pixels << " pixels";
  }
}

TEST_P(AddToGram, is_within_1e_minus_8_for_whole_slices) { EXPECT_LT(relative_error(4, 65536, 256, 1), 1e-8); }

TEST_P(AddToGram, keeps_its_relative_precision_for_large_and_small_samples) {
  EXPECT_LT(relative_error(7, 1000, 256, 1e9F), 2e-7);
  EXPECT_LT(relative_error(7, 1000, 256, 1e-9F), 2e-7);
}

INSTANTIATE_TEST_SUITE_P(Kernels, AddToGram, testing::ValuesIn(targets_here()), name_of_target);

}  // namespace
}  // namespace mriembed::kernels
