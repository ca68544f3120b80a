#include "echo_check.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

namespace mriembed::io {
namespace {

// (coils, height, width), the same for each coil.
std::vector<std::string> warnings(std::int64_t coils, std::int64_t height, std::int64_t width,
                                  const std::function<float(std::int64_t y, std::int64_t x)>& magnitude,
                                  const OtherCentres& likely = {}) {
  std::vector<std::complex<float>> volume;
  for (std::int64_t coil = 0; coil < coils; ++coil) {
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; x < width; ++x) {
        volume.emplace_back(magnitude(y, x), 0);
      }
    }
  }
  return warnings_of_echo(volume, coils, height, width, likely);
}

std::function<float(std::int64_t y, std::int64_t x)> peak_at(std::int64_t center_y, std::int64_t center_x) {
  return [=](std::int64_t y, std::int64_t x) {
    return 1.0F / (1.0F + static_cast<float>(std::hypot(y - center_y, x - center_x)));
  };
}

TEST(EchoCheck, bears_an_echo_that_a_background_phase_displaces) {
  EXPECT_TRUE(warnings(6, 64, 128, peak_at(32, 64)).empty());
  EXPECT_TRUE(warnings(6, 64, 128, peak_at(32 - 8, 64 + 8)).empty());
}

TEST(EchoCheck, warns_of_a_peak_where_partial_fourier_would_have_the_centre) {
  EXPECT_TRUE(warnings(6, 64, 128, peak_at(32 - 6, 64)).empty());
  EXPECT_TRUE(warnings(6, 64, 128, peak_at(32 - 6, 64), {.y = {20, 44}}).empty());
  EXPECT_EQ(warnings(6, 64, 128, peak_at(32 - 6, 64), {.y = {25, 39}}).size(), 1U);
  EXPECT_TRUE(warnings(6, 64, 128, peak_at(32 - 3, 64), {.y = {29, 35}}).empty());
  EXPECT_TRUE(warnings(6, 64, 128, peak_at(32, 64), {.y = {32, 48}}).empty());
  EXPECT_EQ(warnings(6, 64, 128, peak_at(32, 64 - 6), {.x = {57, 71}}).size(), 1U);
  EXPECT_TRUE(warnings(6, 64, 128, peak_at(32, 64 - 6), {.y = {57, 71}}).empty());
}

TEST(EchoCheck, warns_of_lines_that_all_pass_through_the_centre) {
  const auto spokes = warnings(6, 64, 128, [](std::int64_t /*y*/, std::int64_t x) {
    return 1.0F / (1.0F + static_cast<float>((x - 64) * (x - 64)));
  });
  ASSERT_EQ(spokes.size(), 1U);
  EXPECT_NE(spokes[0].find("every line passes through the centre of k-space"), std::string::npos);
}

TEST(EchoCheck, warns_of_a_peak_far_from_the_centre_along_its_axis) {
  const auto along_y = warnings(6, 64, 128, peak_at(16, 64));
  ASSERT_EQ(along_y.size(), 1U);
  EXPECT_NE(along_y[0].find("peaks 16 samples from the centre of k-space along y"), std::string::npos);
  const auto along_x = warnings(1, 64, 128, peak_at(32, 96));
  ASSERT_EQ(along_x.size(), 1U);
  EXPECT_NE(along_x[0].find("along x"), std::string::npos);
}

TEST(EchoCheck, says_nothing_of_noise) {
  std::mt19937 random(3);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same every time
  std::normal_distribution<float> noise;
  EXPECT_TRUE(warnings(4, 64, 64, [&](std::int64_t, std::int64_t) { return noise(random); }).empty());
  EXPECT_TRUE(warnings(4, 64, 64, [](std::int64_t, std::int64_t) { return 0.0F; }).empty());
}

}  // namespace
}  // namespace mriembed::io
