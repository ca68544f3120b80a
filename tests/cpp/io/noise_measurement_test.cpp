#include "noise_measurement.hpp"

#include <gtest/gtest.h>

namespace mriembed::io {
namespace {

TEST(NoiseMeasurement, is_n_n_h_over_n_minus_1_across_lines) {
  // Two coils, three samples in lines of two and of one.
  using Complex = std::complex<float>;
  const std::vector<Complex> first{{1, 1}, {2, 0}, {0, 1}, {1, -1}};
  const std::vector<Complex> second{{-1, 0}, {3, 2}};
  NoiseMeasurement measurement(2);
  measurement.add(first);
  measurement.add(second);
  EXPECT_EQ(measurement.samples(), 3);
  const auto covariance = measurement.covariance();
  ASSERT_TRUE(covariance.has_value());
  // n = [[1+i, 2, -1], [i, 1-i, 3+2i]]; n n^H / 2 by hand
  EXPECT_EQ(covariance->values[0], std::complex<double>(3.5, 0));
  EXPECT_EQ(covariance->values[3], std::complex<double>(8, 0));
  EXPECT_EQ(covariance->values[1], std::complex<double>(0, 1.5));
  EXPECT_EQ(covariance->values[2], std::complex<double>(0, -1.5));
}

TEST(NoiseMeasurement, gives_no_covariance_from_as_few_samples_as_coils) {
  NoiseMeasurement measurement(3);
  measurement.add(std::vector<std::complex<float>>(9, 1.0F));
  EXPECT_FALSE(measurement.covariance().has_value());
}

}  // namespace
}  // namespace mriembed::io
