#include "preprocessing/plane_transforms.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <vector>

namespace mriembed {
namespace {

using kernels::Direction;
using Samples = std::vector<std::complex<float>>;

Samples wave(std::int64_t height, std::int64_t width, std::int64_t along_y, std::int64_t along_x) {
  Samples plane;
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      const double turns = static_cast<double>(y * along_y) / static_cast<double>(height) +
                           static_cast<double>(x * along_x) / static_cast<double>(width);
      plane.emplace_back(std::polar(1.0, 2 * std::numbers::pi * turns));
    }
  }
  return plane;
}

// A wave of whole turns is one sample of k-space, of the energy of all: whichever kernel serves the lengths.
TEST(PlaneTransforms, turn_a_wave_into_one_sample_along_axes_of_any_length) {
  for (const auto& [height, width] : {std::array<std::int64_t, 2>{12, 10}, {67, 10}, {12, 134}, {67, 71}, {1, 67}}) {
    PlaneTransforms transforms;
    transforms.prepare(std::array{height, width});
    PlaneTransforms::Memory memory;
    const std::int64_t y = height / 3;
    const std::int64_t x = width / 4;
    Samples plane = wave(height, width, y, x);
    transforms.run(plane.data(), height, width, {true, true}, Direction::forward, memory);
    const double energy = std::sqrt(static_cast<double>(height * width));
    for (std::int64_t at = 0; at < height * width; ++at) {
      EXPECT_NEAR(std::abs(plane[static_cast<std::size_t>(at)]), at == y * width + x ? energy : 0, 1e-5 * energy)
          << height << " x " << width << " at " << at;
    }
    transforms.run(plane.data(), height, width, {true, true}, Direction::inverse, memory);
    const Samples expected = wave(height, width, y, x);
    for (std::size_t at = 0; at < plane.size(); ++at) {
      EXPECT_NEAR(std::abs(plane[at] - expected[at]), 0, 1e-5);
    }
  }
}

TEST(PlaneTransforms, leave_the_axis_alone_that_is_not_asked_for) {
  PlaneTransforms transforms;
  transforms.prepare(std::array<std::int64_t, 2>{4, 67});
  PlaneTransforms::Memory memory;
  Samples plane = wave(4, 67, 0, 5);
  transforms.run(plane.data(), 4, 67, {false, true}, Direction::forward, memory);
  for (std::int64_t y = 0; y < 4; ++y) {
    EXPECT_NEAR(std::abs(plane[static_cast<std::size_t>(y * 67 + 5)]), std::sqrt(67.0), 1e-4);
  }
}

}  // namespace
}  // namespace mriembed
