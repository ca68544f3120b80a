#include "coil_axis.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

constexpr std::int64_t height = 6;
constexpr std::int64_t width = 8;

// (planes, height, width), each plane of so large samples.
std::vector<Complex> array(std::int64_t planes, const std::function<double(std::int64_t plane)>& magnitude) {
  std::vector<Complex> samples;
  for (std::int64_t plane = 0; plane < planes; ++plane) {
    samples.insert(samples.end(), height * width, Complex(0, static_cast<float>(magnitude(plane))));
  }
  return samples;
}

// Of a line of k-space through a body.
std::function<double(std::int64_t)> echo_at(std::int64_t middle) {
  return [=](std::int64_t plane) { return 1 / (1 + std::abs(static_cast<double>(plane - middle))); };
}

std::function<double(std::int64_t)> coils_of_which_one_is_near(std::int64_t near) {
  return [=](std::int64_t coil) { return coil == near ? 5.0 : 1 + 0.5 * std::sin(static_cast<double>(coil)); };
}

TEST(CoilAxis, of_a_volume_in_kspace_is_a_phase_encoding) {
  for (const std::int64_t planes : {17, 32, 70}) {
    EXPECT_TRUE(is_phase_encoded(array(planes, echo_at(planes / 2)), planes));
  }
}

TEST(CoilAxis, of_coils_is_none) {
  for (const std::int64_t near : {0, 15, 16, 17}) {
    EXPECT_FALSE(is_phase_encoded(array(32, coils_of_which_one_is_near(near)), 32));
  }
  EXPECT_FALSE(is_phase_encoded(array(32, echo_at(8)), 32)) << "a row of coils, the body beside";
  EXPECT_FALSE(is_phase_encoded(array(15, echo_at(7)), 15)) << "too few to tell";
  EXPECT_FALSE(is_phase_encoded(array(32, [](std::int64_t) { return 0; }), 32));
}

TEST(CoilAxis, that_is_a_phase_encoding_is_warned_of) {
  const auto warnings = [](const std::vector<Complex>& samples) {
    return open_scan(written(".npy", npy_bytes("<c8", false, "32, 6, 8", bytes_of(samples))), {})->summary().warnings;
  };
  const auto found = warnings(array(32, echo_at(16)));
  ASSERT_FALSE(found.empty());
  EXPECT_NE(found.front().find("the first axis, which is taken for coils, looks like partitions in k-space"),
            std::string::npos);
  for (const std::string& warning : warnings(array(32, coils_of_which_one_is_near(16)))) {
    EXPECT_EQ(warning.find("taken for coils"), std::string::npos);
  }
}

}  // namespace
}  // namespace mriembed::io::testing_files
