#include "raw_noise.hpp"

#include <cmath>
#include <complex>
#include <functional>
#include <limits>

#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

TEST(RawNoise, measures_noise_from_noise_lines) {
  auto lines = full_scan();
  ISMRMRD::Acquisition noise(5, 2);
  noise.setFlag(ISMRMRD::ISMRMRD_ACQ_IS_NOISE_MEASUREMENT);
  for (std::uint16_t sample = 0; sample < 5; ++sample) {
    noise.data(sample, 0) = 1.0F;
    noise.data(sample, 1) = Complex(0, static_cast<float>(sample));
  }
  lines.insert(lines.begin(), noise);
  const auto scan = open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {});
  EXPECT_EQ(scan->summary().noise_samples, 5);
  ASSERT_TRUE(scan->noise_covariance().has_value());
  const auto& values = scan->noise_covariance()->values;
  EXPECT_DOUBLE_EQ(values[0].real(), 5.0 / 4);
  EXPECT_DOUBLE_EQ(values[3].real(), 30.0 / 4);
  EXPECT_DOUBLE_EQ(values[1].imag(), -10.0 / 4);
  expect_placed(read_slice(*scan, 0), {});
}

ISMRMRD::Acquisition noise_line(unsigned coils, unsigned samples,
                                const std::function<Complex(unsigned coil, unsigned sample)>& value) {
  ISMRMRD::Acquisition noise(static_cast<std::uint16_t>(samples), static_cast<std::uint16_t>(coils));
  noise.setFlag(ISMRMRD::ISMRMRD_ACQ_IS_NOISE_MEASUREMENT);
  for (unsigned coil = 0; coil < coils; ++coil) {
    for (unsigned sample = 0; sample < samples; ++sample) {
      noise.data(static_cast<std::uint16_t>(sample), static_cast<std::uint16_t>(coil)) = value(coil, sample);
    }
  }
  return noise;
}

TEST(RawNoise, leaves_out_noise_that_is_to_be_discarded_or_a_dummy) {
  auto lines = full_scan();
  // 1e6 in what does not count; else 1 in coil 0, and 2i and -2i in turn in coil 1.
  auto noise = noise_line(2, 12, [](unsigned coil, unsigned sample) {
    const bool counts = sample >= 3 && sample < 10;
    return !counts ? Complex(1e6F) : coil == 0 ? Complex(1) : Complex(0, sample % 2 == 0 ? 2.0F : -2.0F);
  });
  noise.discard_pre() = 3;
  noise.discard_post() = 2;
  auto dummy = noise_line(2, 12, [](unsigned /*coil*/, unsigned /*sample*/) { return Complex(1e6F); });
  dummy.setFlag(ISMRMRD::ISMRMRD_ACQ_IS_DUMMYSCAN_DATA);
  lines.push_back(dummy);
  lines.push_back(noise);
  const auto scan = open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {});
  EXPECT_EQ(scan->summary().noise_samples, 7);
  ASSERT_TRUE(scan->noise_covariance().has_value());
  EXPECT_DOUBLE_EQ(scan->noise_covariance()->values[0].real(), 7.0 / 6);
  EXPECT_DOUBLE_EQ(scan->noise_covariance()->values[3].real(), 28.0 / 6);
}

TEST(RawNoise, counts_noise_lines_of_any_bandwidth_as_of_one) {
  // White noise of half the dwell time has twice the power.
  auto lines = full_scan();
  for (const float dwell_time : {10.0F, 5.0F}) {
    auto noise = noise_line(2, 100, [&](unsigned coil, unsigned sample) {
      const float sign = (sample >> coil) % 2 == 0 ? 1.0F : -1.0F;
      return Complex(sign * std::sqrt(10.0F / dwell_time), 0);
    });
    ISMRMRD::AcquisitionHeader header = noise.getHead();  // packed: a reference to its member may be misaligned
    header.sample_time_us = dwell_time;
    noise.setHead(header);
    lines.push_back(noise);
  }
  const auto scan = open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {});
  EXPECT_NEAR(scan->noise_covariance()->values[0].real(), 200.0 / 199, 1e-6);
  EXPECT_NEAR(scan->noise_covariance()->values[3].real(), 200.0 / 199, 1e-6);
  EXPECT_NEAR(std::abs(scan->noise_covariance()->values[1]), 0, 1e-6);
  EXPECT_EQ(scan->noise_covariance()->sample_time_us, 10);
}

TEST(RawNoise, leaves_out_a_coil_that_is_dead_in_the_noise_measurement) {
  auto lines = full_scan(3);
  lines.push_back(noise_line(3, 40, [](unsigned coil, unsigned sample) {
    const float sign = (sample >> coil) % 2 == 0 ? 1.0F : -1.0F;
    return Complex(coil == 1 ? 0.0F : sign * static_cast<float>(coil + 1), 0);
  }));
  const auto scan = open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {});
  EXPECT_EQ(scan->summary().coils, 2);
  EXPECT_TRUE(warns(*scan, "coil 1 of 3"));
  ASSERT_TRUE(scan->noise_covariance().has_value());
  ASSERT_EQ(scan->noise_covariance()->coils, 2);
  EXPECT_NEAR(scan->noise_covariance()->values[3].real(), 9.0 * 40 / 39, 1e-6);
  const Slice slice = read_slice(*scan, 0);
  ASSERT_EQ(slice.channels, 2);
  EXPECT_EQ(slice.samples[0], sample_at(0, 0, 0, 0));
  EXPECT_EQ(slice.samples[32], sample_at(2, 0, 0, 0));
}

TEST(RawNoise, prewhitens_nothing_where_no_coil_has_noise) {
  auto lines = full_scan();
  lines.push_back(noise_line(2, 40, [](unsigned /*coil*/, unsigned /*sample*/) { return Complex(0); }));
  const auto scan = open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {});
  EXPECT_FALSE(scan->noise_covariance().has_value());
  EXPECT_EQ(scan->summary().coils, 2);
  EXPECT_TRUE(warns(*scan, "no prewhitening"));
}

TEST(RawNoise, prewhitens_nothing_by_noise_that_is_not_finite) {
  for (const float value : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    auto lines = full_scan();
    lines.push_back(noise_of_power(1));
    lines.back().data(5, 1) = value;
    const auto scan = open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {});
    EXPECT_FALSE(scan->noise_covariance().has_value());
    EXPECT_EQ(scan->summary().coils, 2);
    EXPECT_TRUE(warns(*scan, "NaN or infinite samples in its noise lines: no prewhitening"));
  }
}

TEST(RawNoise, prewhitens_nothing_by_noise_of_coils_that_repeat_others) {
  auto lines = full_scan(3);
  lines.push_back(noise_line(3, 40, [](unsigned coil, unsigned sample) {
    const float first = sample % 2 == 0 ? 1.0F : -1.0F;
    const float second = sample % 4 < 2 ? 0.3F : -0.3F;
    return Complex(coil == 0 ? first : second, coil == 2 ? first : 0.0F);
  }));
  lines.push_back(lines.back());
  for (std::uint16_t sample = 0; sample < 40; ++sample) {
    lines.back().data(sample, 2) *= -1.0F;
  }
  EXPECT_TRUE(open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {})->noise_covariance().has_value());
  lines.pop_back();
  for (std::uint16_t sample = 0; sample < 40; ++sample) {
    lines.back().data(sample, 2) = 0.7F * lines.back().data(sample, 0) - lines.back().data(sample, 1);
  }
  const auto scan = open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {});
  EXPECT_FALSE(scan->noise_covariance().has_value());
  EXPECT_EQ(scan->summary().coils, 3);
  EXPECT_TRUE(warns(*scan, "a combination of that of others in its noise lines: no prewhitening"));
}

TEST(RawNoise, measures_no_covariance_of_more_coils_than_noise_samples) {
  MrdMatrix matrix;
  matrix.x = matrix.recon_x = 2;
  matrix.y = 2;
  ISMRMRD::Acquisition noise = line(1024, 2, 0);
  noise.setFlag(ISMRMRD::ISMRMRD_ACQ_IS_NOISE_MEASUREMENT);
  const auto scan = open_scan(written_mrd(mrd_xml(matrix), {line(1024, 2, 0), line(1024, 2, 1), noise}), {});
  EXPECT_FALSE(scan->noise_covariance().has_value());
}

}  // namespace
}  // namespace mriembed::io::testing_files
