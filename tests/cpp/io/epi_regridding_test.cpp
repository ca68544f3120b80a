#include "epi_regridding.hpp"

#include <gtest/gtest.h>
#include <ismrmrd/ismrmrd.h>

#include <cmath>
#include <numbers>

#include "mriembed/error.hpp"

namespace mriembed::io {
namespace {

using Complex = std::complex<float>;

constexpr EpiReadout ramps{100, 200, 100, 0, 5, 64};

Acquisition line_of(std::uint16_t samples, bool reversed = false) {
  Acquisition line;
  line.samples = samples;
  line.coils = 1;
  line.center_sample = samples / 2;
  if (reversed) {
    line.flags = std::uint64_t{1} << (ISMRMRD::ISMRMRD_ACQ_IS_REVERSE - 1);
  }
  return line;
}

TEST(EpiRegridding, takes_a_sample_where_the_area_under_the_gradient_says) {
  // 64 samples of 5 us in the middle of 400 us: from 40 to 360 us, of which 60 us lie on each ramp.
  const EpiRegridding regridding(ramps, 32, 32);
  const std::vector<double> positions = regridding.positions(line_of(64));
  const double whole = 300 - 2 * 40.0 * 40.0 / 200;  // the area without what lies before and after the readout
  const auto area = [](double time) {                // by hand: a quarter of a parabola, then a straight line
    return time < 100 ? time * time / 200 : 50 + (time - 100);
  };
  for (const int sample : {0, 5, 20, 32}) {
    const double expected = (area(40 + 5 * (sample + 0.5)) - area(40 + 5 * 32.5)) / whole * 32;
    EXPECT_NEAR(positions[static_cast<std::size_t>(sample)], expected, 1e-9) << sample;
  }
  EXPECT_NEAR(regridding.positions(line_of(64, true))[20], -positions[20], 1e-9);
}

TEST(EpiRegridding, leaves_out_discarded_samples) {
  const EpiRegridding regridding(ramps, 32, 32);
  Acquisition line = line_of(64);
  const std::vector<double> all = regridding.positions(line);
  line.discard_pre = 3;
  line.discard_post = 2;
  EXPECT_EQ(regridding.positions(line), std::vector<double>(all.begin() + 3, all.end() - 2));
}

TEST(EpiRegridding, is_not_needed_where_the_gradient_is_flat_and_each_sample_is_one_of_the_matrix) {
  EXPECT_TRUE(EpiRegridding::needed(ramps, 64));
  EXPECT_FALSE(EpiRegridding::needed({100, 320, 100, 0, 5, 64}, 64));
  EXPECT_FALSE(EpiRegridding::needed({0, 320, 0, 0, 5, 64}, 64));
  EXPECT_TRUE(EpiRegridding::needed({0, 320, 0, 0, 5, 64}, 32));
}

TEST(EpiRegridding, gives_what_an_evenly_spaced_line_would_have_measured) {
  // Points inside the image half of the encoded field of view; both directions.
  EpiRegridding regridding(ramps, 32, 16);
  const auto signal = [](double k) {
    std::complex<double> sum = 0;
    for (const double place : {-0.2, -0.05, 0.0, 0.11, 0.19}) {
      sum += std::polar(1.0 + place, -2 * std::numbers::pi * k * place);
    }
    return sum;
  };
  for (const bool reversed : {false, true}) {
    const Acquisition line = line_of(64, reversed);
    std::vector<Complex> samples;
    for (const double k : regridding.positions(line)) {
      samples.emplace_back(signal(k));
    }
    std::vector<Complex> regridded;
    regridding.regrid(line, 0, samples, regridded);
    ASSERT_EQ(regridded.size(), 32U);
    for (int step = 1; step < 31; ++step) {
      EXPECT_LT(std::abs(std::complex<double>(regridded[static_cast<std::size_t>(step)]) - signal(step - 16)), 0.02)
          << step;
    }
  }
}

TEST(EpiRegridding, refuses_readouts_that_the_header_does_not_describe) {
  EpiRegridding regridding(ramps, 32, 32);
  std::vector<Complex> regridded;
  const auto refusal = [&](const Acquisition& line) -> std::string {
    const std::vector<Complex> samples(line.samples);
    try {
      regridding.regrid(line, 7, samples, regridded);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_NE(refusal(line_of(60)).find("acquisition 7 keeps 60 of 60 samples, where the header's EPI readout has 64"),
            std::string::npos);
  Acquisition line = line_of(64);
  line.discard_pre = 63;
  EXPECT_NE(refusal(line).find("keeps 1 of 64"), std::string::npos);
  for (std::uint16_t discarded = 0; discarded < 16; ++discarded) {
    line.discard_pre = discarded;
    EXPECT_EQ(refusal(line), "accepted");
  }
  line.discard_pre = 16;
  EXPECT_NE(refusal(line).find("more than 16 kinds"), std::string::npos);
}

}  // namespace
}  // namespace mriembed::io
