#include "preprocessing/calibration_region.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <complex>
#include <vector>

#include "kernels/random_samples.hpp"
#include "preprocessing/centred_dft.hpp"

namespace mriembed {
namespace {

constexpr std::int64_t coils = 5;
constexpr std::int64_t height = 21;
constexpr std::int64_t width = 20;
constexpr std::int64_t lines = 6;

class CalibrationRegionTest : public testing::Test {
 protected:
  CalibrationRegionTest() { workspace.transforms.prepare(std::array{height, width}); }

  [[nodiscard]] CoilSamples source() const { return {samples.data(), coils, height * width, height, width}; }

  [[nodiscard]] ExactPlane exact(std::int64_t coil) const {
    ExactPlane plane(height, width);
    std::ranges::copy(std::span(samples).subspan(static_cast<std::size_t>(coil * height * width), plane.samples.size()),
                      plane.samples.begin());
    return plane;
  }

  // Compares the Gram matrix with that of these planes (coils, y, x) in float64.
  void expect_gram_of(const std::vector<ExactPlane>& planes) {
    for (std::size_t i = 0; i < coils; ++i) {
      for (std::size_t j = 0; j < coils; ++j) {
        std::complex<double> expected = 0;
        for (std::size_t pixel = 0; pixel < planes[i].samples.size(); ++pixel) {
          expected += planes[i].samples[pixel] * std::conj(planes[j].samples[pixel]);
        }
        EXPECT_LT(std::abs(workspace.gram[i * coils + j] - expected), 1e-4) << i << " " << j;
      }
    }
  }

  std::vector<std::complex<float>> samples = kernels::random_samples(coils * height * width, 1);
  SliceWorkspace workspace;
  threads::Executor executor{1, {}};
  SliceUnits units{workspace, executor, coils};
};

ExactPlane central_lines(const ExactPlane& plane) {
  ExactPlane central(lines, plane.width);
  std::copy_n(plane.samples.begin() + (plane.height / 2 - lines / 2) * plane.width, central.samples.size(),
              central.samples.begin());
  return central;
}

double energy_of(const std::vector<ExactPlane>& planes) {
  double energy = 0;
  for (const ExactPlane& plane : planes) {
    for (const std::complex<double>& sample : plane.samples) {
      energy += std::norm(sample);
    }
  }
  return energy;
}

TEST_F(CalibrationRegionTest, is_the_central_lines_of_kspace) {
  std::vector<ExactPlane> expected;
  expected.reserve(coils);
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    expected.push_back(central_lines(exact(coil)));
  }
  const CalibrationFigures figures = gather_coil_gram(source(), {lines, width, true}, 1, units);
  expect_gram_of(expected);
  double largest = 0;
  for (const ExactPlane& plane : expected) {
    for (const std::complex<double>& sample : plane.samples) {
      largest = std::max({largest, std::abs(sample.real()), std::abs(sample.imag())});
    }
  }
  EXPECT_EQ(std::bit_cast<float>(figures.peak_bits), static_cast<float>(largest));

  const CalibrationFigures scaled = gather_coil_gram(source(), {lines, width, true}, 0.25F, units);
  for (ExactPlane& plane : expected) {
    std::ranges::transform(plane.samples, plane.samples.begin(), [](const auto& sample) { return 0.25 * sample; });
  }
  expect_gram_of(expected);
  EXPECT_EQ(std::bit_cast<float>(scaled.peak_bits), static_cast<float>(0.25 * largest));
}

TEST_F(CalibrationRegionTest, of_an_oversampled_readout_is_cropped_in_the_image) {
  constexpr std::int64_t kept = 9;
  std::vector<ExactPlane> whole;
  std::vector<ExactPlane> cropped;
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    ExactPlane plane = central_lines(exact(coil));
    centred_dft_along_x(plane, 1);
    ExactPlane part(lines, kept);
    for (std::int64_t y = 0; y < lines; ++y) {
      for (std::int64_t x = 0; x < kept; ++x) {
        part.at(y, x) = plane.at(y, x + width / 2 - kept / 2);
      }
    }
    whole.push_back(plane);
    cropped.push_back(part);
  }
  const CalibrationFigures figures = gather_coil_gram(source(), {lines, kept, true}, 1, units);
  expect_gram_of(cropped);
  EXPECT_NEAR(figures.energy_before, energy_of(whole), 1e-5 * energy_of(whole));
  EXPECT_NEAR(figures.energy, energy_of(cropped), 1e-5 * energy_of(cropped));
}

TEST_F(CalibrationRegionTest, of_images_is_that_of_their_transform) {
  std::vector<ExactPlane> expected;
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    ExactPlane plane = exact(coil);
    centred_dft_along_y(plane, -1);
    expected.push_back(central_lines(plane));
  }
  gather_coil_gram(source(), {lines, width, false}, 1, units);
  expect_gram_of(expected);
}

}  // namespace
}  // namespace mriembed
