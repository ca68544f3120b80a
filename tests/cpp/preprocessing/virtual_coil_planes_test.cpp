#include "preprocessing/virtual_coil_planes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/random_samples.hpp"

namespace mriembed {
namespace {

constexpr std::int64_t coils = 5;
constexpr std::int64_t virtual_coils = 3;
constexpr std::int64_t height = 50;
constexpr std::int64_t width = 41;

class VirtualCoilPlanesTest : public testing::TestWithParam<SampleWindow> {
 protected:
  VirtualCoilPlanesTest() { workspace.weights.assign(weights, coils); }

  [[nodiscard]] CoilSamples source() const { return {samples.data(), coils, height * width, height, width}; }

  [[nodiscard]] std::complex<double> sample(std::int64_t coil, std::int64_t y, std::int64_t x) const {
    return samples[static_cast<std::size_t>((coil * height + y) * width + x)];
  }

  std::vector<std::complex<float>> samples = kernels::random_samples(coils * height * width, 1);
  std::vector<std::complex<float>> weights = kernels::random_samples(virtual_coils * coils, 1, 3);
  SliceWorkspace workspace;
  threads::Executor executor{1, {}};
  SliceUnits units{workspace, executor, coils};
};

TEST_P(VirtualCoilPlanesTest, are_weighted_sums_with_the_centre_of_kspace_at_the_front) {
  const auto& [rows, columns] = GetParam();
  for (const bool kspace : {true, false}) {
    if (!kspace && (rows.length() != height || columns.length() != width)) {
      continue;
    }
    const Planes planes = sized(workspace.virtual_coils, virtual_coils, rows.length(), columns.length());
    compress_window({source(), kspace, GetParam(), 0.5F, workspace.weights, planes}, false, units);
    for (std::int64_t one = 0; one < virtual_coils; ++one) {
      for (std::int64_t y = 0; y < rows.length(); ++y) {
        for (std::int64_t x = 0; x < columns.length(); ++x) {
          std::complex<double> expected = 0;
          for (std::int64_t coil = 0; coil < coils; ++coil) {
            expected += 0.5 * std::complex<double>(weights[static_cast<std::size_t>(one * coils + coil)]) *
                        sample(coil, rows.begin + y, columns.begin + x);
          }
          // numpy.fft.ifftshift
          const std::int64_t to_y = kspace ? (y + (rows.length() + 1) / 2) % rows.length() : y;
          const std::int64_t to_x = kspace ? (x + (columns.length() + 1) / 2) % columns.length() : x;
          const std::complex<double> found = planes.at(one).samples[to_y * columns.length() + to_x];
          ASSERT_LT(std::abs(found - expected), 1e-5) << one << " " << y << " " << x << " " << kspace;
        }
      }
    }
  }
}

TEST_P(VirtualCoilPlanesTest, come_with_the_peak_of_the_window_or_of_the_whole_slice) {
  const auto& [rows, columns] = GetParam();
  double inside = 0;
  double whole = 0;
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; x < width; ++x) {
        const double size = std::max(std::abs(sample(coil, y, x).real()), std::abs(sample(coil, y, x).imag()));
        const bool within = y >= rows.begin && y < rows.end && x >= columns.begin && x < columns.end;
        inside = within ? std::max(inside, size) : inside;
        whole = std::max(whole, size);
      }
    }
  }
  const Planes planes = sized(workspace.virtual_coils, virtual_coils, rows.length(), columns.length());
  const VirtualCoilPlanes to{source(), true, GetParam(), 0.5F, workspace.weights, planes};
  EXPECT_EQ(std::bit_cast<float>(compress_window(to, false, units)), static_cast<float>(inside));
  EXPECT_EQ(std::bit_cast<float>(compress_window(to, true, units)), static_cast<float>(whole));
}

TEST_P(VirtualCoilPlanesTest, of_rows_that_are_zero_are_zero_and_not_looked_at) {
  const auto& [rows, columns] = GetParam();
  std::vector<std::uint8_t> measured(height, 0);
  for (std::int64_t y = 0; y < height; y += 3) {
    measured[static_cast<std::size_t>(y)] = 1;
  }
  const auto with = [&](std::complex<float> unmeasured, const Planes& planes, std::span<const std::uint8_t> known) {
    for (std::int64_t coil = 0; coil < coils; ++coil) {
      for (std::int64_t y = 0; y < height; ++y) {
        if (measured[static_cast<std::size_t>(y)] == 0) {
          std::fill_n(samples.begin() + (coil * height + y) * width, width, unmeasured);
        }
      }
    }
    std::fill_n(planes.samples, planes.count * planes.pixels(), std::complex<float>(9, 9));
    return compress_window({source(), true, GetParam(), 0.5F, workspace.weights, planes, known}, true, units);
  };
  const Planes found = sized(workspace.virtual_coils, virtual_coils, rows.length(), columns.length());
  const Planes expected = sized(workspace.cropped, virtual_coils, rows.length(), columns.length());
  const std::int32_t found_peak = with({1e9F, 1e9F}, found, measured);
  const std::int32_t expected_peak = with(0, expected, {});
  EXPECT_EQ(found_peak, expected_peak);
  EXPECT_TRUE(std::equal(found.samples, found.samples + found.count * found.pixels(), expected.samples));
}

INSTANTIATE_TEST_SUITE_P(Windows, VirtualCoilPlanesTest,
                         testing::Values(SampleWindow{{0, height}, {0, width}}, SampleWindow{{7, 30}, {0, width}},
                                         SampleWindow{{10, 33}, {5, 36}}, SampleWindow{{25, 26}, {20, 22}}));

}  // namespace
}  // namespace mriembed
