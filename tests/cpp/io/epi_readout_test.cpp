#include "epi_readout.hpp"

#include <gtest/gtest.h>

#include "mriembed/error.hpp"

namespace mriembed::io {
namespace {

constexpr EpiReadout described{
    .ramp_up = 100, .flat_top = 300, .ramp_down = 100, .delay = 0, .dwell_time = 4, .samples = 100};

Acquisition line_of(std::uint16_t samples, float sample_time_us = 0) {
  Acquisition line;
  line.samples = samples;
  line.sample_time_us = sample_time_us;
  return line;
}

struct Answer {
  std::optional<EpiReadout> readout;
  std::vector<std::string> warnings;

  [[nodiscard]] double dwell_time() const { return readout.value().dwell_time; }
  [[nodiscard]] bool says(const std::string& part) const {
    return warnings.size() == 1 && warnings[0].find(part) != std::string::npos;
  }
};

Answer answer(const EpiReadout& readout, const Acquisition& line, std::int64_t matrix_width = 64) {
  Answer found;
  found.readout = readout_of_lines(readout, line, matrix_width, found.warnings);
  return found;
}

EpiReadout with(EpiReadout readout, double dwell_time, double delay = 0) {
  readout.dwell_time = dwell_time;
  readout.delay = delay;
  return readout;
}

TEST(EpiReadout, is_the_described_one_where_nothing_is_missing) {
  const Answer found = answer(described, line_of(100));
  EXPECT_EQ(found.dwell_time(), 4);
  EXPECT_EQ(found.readout->samples, 100);
  EXPECT_TRUE(found.warnings.empty());
}

TEST(EpiReadout, takes_a_missing_dwell_time_from_the_lines) {
  for (const float unit : {1.0F, 1e3F}) {
    const Answer found = answer(with(described, 0, 50), line_of(100, 4 * unit));
    EXPECT_NEAR(found.dwell_time(), 4, 1e-4);
    EXPECT_NE(found.warnings.front().find("sample_time_us of the lines is taken"), std::string::npos);
  }
}

TEST(EpiReadout, takes_a_missing_dwell_time_from_the_delay_of_a_readout_in_the_middle_of_its_gradient) {
  const Answer found = answer(with(described, 0, 50), line_of(100));
  EXPECT_EQ(found.dwell_time(), 4) << "100 samples in 500 - 2 x 50";
  EXPECT_TRUE(found.says("by acqDelayTime"));
}

TEST(EpiReadout, is_refused_with_ramps_where_nothing_tells_the_dwell_time) {
  for (const EpiReadout& readout : {with(described, 0), with(described, 0, 250)}) {
    try {
      answer(readout, line_of(100));
      FAIL();
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("no dwell time of the samples"), std::string::npos);
    }
  }
  EXPECT_FALSE(answer({.flat_top = 500, .samples = 100}, line_of(100)).readout.has_value());
}

TEST(EpiReadout, of_lines_with_other_samples_than_described_is_as_long_as_described) {
  const Answer found = answer(described, line_of(200));
  EXPECT_EQ(found.readout->samples, 200);
  EXPECT_EQ(found.dwell_time(), 2);
  EXPECT_TRUE(found.says("describes readouts of 100 samples, but lines have 200, which are taken"));
}

TEST(EpiReadout, of_lines_with_some_samples_more_or_less_keeps_its_dwell_time) {
  for (const std::uint16_t samples : {std::uint16_t{96}, std::uint16_t{104}}) {
    const Answer found = answer(described, line_of(samples));
    EXPECT_EQ(found.readout->samples, samples);
    EXPECT_EQ(found.dwell_time(), 4);
  }
}

TEST(EpiReadout, without_a_number_of_samples_has_that_of_the_lines) {
  EpiReadout readout = described;
  readout.samples = 0;
  const Answer found = answer(readout, line_of(100));
  EXPECT_EQ(found.readout->samples, 100);
  EXPECT_EQ(found.dwell_time(), 4);
  EXPECT_TRUE(found.warnings.empty());
}

TEST(EpiReadout, of_lines_as_long_as_the_matrix_but_not_as_described_is_even_already) {
  const Answer found = answer(described, line_of(64));
  EXPECT_FALSE(found.readout.has_value());
  EXPECT_TRUE(found.says("lines have 64 as the matrix has: they are taken to be evenly spaced already"));
}

TEST(EpiReadout, that_outlasts_its_gradient_is_even_already) {
  const Answer found = answer(with(described, 20), line_of(100));
  EXPECT_FALSE(found.readout.has_value());
  EXPECT_TRUE(found.says("outlast their gradient"));
}

}  // namespace
}  // namespace mriembed::io
