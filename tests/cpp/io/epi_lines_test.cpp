#include "epi_lines.hpp"

#include <gtest/gtest.h>
#include <ismrmrd/ismrmrd.h>

#include <algorithm>

namespace mriembed::io {
namespace {

using Complex = std::complex<float>;

constexpr VolumeKey key{};

MrdEncoding encoding_with(const std::optional<EpiReadout>& readout) {
  MrdEncoding encoding;
  encoding.encoded = {8, 6, 1};
  encoding.recon = {8, 6, 1};
  encoding.trajectory = "epi";
  encoding.readout = readout;
  return encoding;
}

EpiLines lines_of(const std::optional<EpiReadout>& readout, std::uint16_t samples = 8) {
  const MrdEncoding encoding = encoding_with(readout);
  Acquisition first;
  first.samples = samples;
  first.coils = 1;
  return {encoding, geometry_of(encoding), first};
}

constexpr EpiReadout even{0, 8, 0, 0, 1, 8};
constexpr EpiReadout ramps{4, 8, 4, 0, 1, 16};

bool said(const std::vector<std::string>& texts, const std::string& part) {
  return std::ranges::any_of(texts, [&](const std::string& text) { return text.find(part) != std::string::npos; });
}

std::vector<LineDirection> alternating(std::size_t count) {
  std::vector<LineDirection> directions;
  directions.reserve(count);
  for (std::size_t line = 0; line < count; ++line) {
    directions.push_back(line % 2 == 0 ? LineDirection::forward : LineDirection::reversed);
  }
  return directions;
}

TEST(EpiLines, place_a_regridded_line_as_a_forward_one_of_the_whole_matrix) {
  const EpiLines lines = lines_of(ramps, 16);
  Acquisition line;
  line.samples = 16;
  line.center_sample = 9;
  line.discard_pre = 2;
  line.kspace_encode_step_1 = 5;
  line.flags = (std::uint64_t{1} << (ISMRMRD::ISMRMRD_ACQ_IS_REVERSE - 1)) | 1U;
  const Acquisition placed = lines.placed_as(line);
  EXPECT_EQ(placed.samples, 8);
  EXPECT_EQ(placed.center_sample, 4);
  EXPECT_EQ(placed.discard_pre, 0);
  EXPECT_EQ(placed.kspace_encode_step_1, 5);
  EXPECT_EQ(placed.flags, 1U);
  EXPECT_TRUE(said(lines.notes(), "brought to even spacing"));
}

TEST(EpiLines, leave_lines_as_they_are_that_are_evenly_spaced) {
  EpiLines lines = lines_of(even);
  Acquisition line;
  line.samples = 8;
  line.center_sample = 3;
  EXPECT_EQ(lines.placed_as(line).center_sample, 3);
  const std::vector<Complex> samples(8, Complex(1, 2));
  EXPECT_EQ(lines.samples_of(line, 0, samples).data(), samples.data());
  EXPECT_TRUE(lines.notes().empty());
  EXPECT_TRUE(lines.warnings().empty());
}

TEST(EpiLines, take_lines_of_another_length_than_described_as_evenly_spaced_and_say_so) {
  const EpiLines lines = lines_of(ramps, 8);
  EXPECT_TRUE(said(lines.warnings(), "describes readouts of 16 samples, but lines have 8"));
}

TEST(EpiLines, take_a_dwell_time_in_the_unit_of_the_gradients_times) {
  for (const double factor : {1e-6, 1e-3, 1e3, 1e6}) {
    EpiReadout readout = ramps;
    readout.dwell_time *= factor;
    EpiLines lines = lines_of(readout, 16);
    EpiLines right = lines_of(ramps, 16);
    EXPECT_TRUE(said(lines.warnings(), "a dwell time of 1.000000 is taken"));
    EXPECT_TRUE(right.warnings().empty());
    Acquisition line;
    line.samples = 16;
    line.coils = 1;
    std::vector<Complex> samples(16, 0);
    samples[6] = Complex(1, 2);
    const auto found = lines.samples_of(line, 0, samples);
    const auto expected = right.samples_of(line, 0, samples);
    EXPECT_TRUE(
        std::ranges::equal(found, expected, [](Complex one, Complex other) { return std::abs(one - other) < 1e-6F; }));
  }
}

TEST(EpiLines, take_readouts_that_outlast_their_gradient_as_evenly_spaced_and_say_so) {
  EpiReadout readout = ramps;
  readout.dwell_time = 20;
  const EpiLines lines = lines_of(readout, 16);
  EXPECT_FALSE(lines.regrids());
  EXPECT_TRUE(said(lines.warnings(), "readouts that outlast their gradient"));
}

TEST(EpiLines, leave_acs_lines_of_another_length_as_they_are) {
  EpiLines lines = lines_of(ramps, 16);
  Acquisition line;
  line.samples = 8;
  line.center_sample = 3;
  line.coils = 1;
  line.flags = std::uint64_t{1} << (ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION - 1);
  EXPECT_EQ(lines.placed_as(line).center_sample, 3);
  const std::vector<Complex> samples(8, Complex(1, 2));
  EXPECT_EQ(lines.samples_of(line, 0, samples).data(), samples.data());
  line.samples = 16;
  EXPECT_EQ(lines.placed_as(line).samples, 8);
}

TEST(EpiLines, correct_no_ghost_of_a_scan_with_gaps_or_partitions_that_has_no_navigators) {
  for (const bool slab : {false, true}) {
    EpiLines lines = lines_of(even);
    std::vector<LineDirection> directions = alternating(6);
    if (!slab) {
      directions[3] = LineDirection::none;
    }
    std::vector<Complex> samples(48, Complex(1, 2));
    const std::vector<Complex> before = samples;
    lines.correct(key, {samples, 1, slab ? 2 : 1, 8, directions, std::vector<bool>(6)});
    EXPECT_EQ(samples, before);
    EXPECT_TRUE(said(lines.warnings(), "it is not corrected"));
  }
}

TEST(EpiLines, forget_the_navigators_of_a_volume_that_is_corrected_or_dropped) {
  EpiLines lines = lines_of(even);
  const auto add = [&] {
    std::vector<Complex> navigator(8, 0);
    navigator[4] = 1;
    lines.add_navigator(key, {LineDirection::forward, 0, 0}, navigator, 8);
    navigator[4] = Complex(0, 1);
    lines.add_navigator(key, {LineDirection::reversed, 0, 1}, navigator, 8);
  };
  const auto corrected = [&] {
    std::vector<Complex> samples(48, 0);
    samples[4] = 1;
    std::vector<LineDirection> directions = alternating(6);
    directions[3] = LineDirection::none;
    lines.correct(key, {samples, 1, 1, 8, directions, std::vector<bool>(6)});
    return std::abs(samples[4] - Complex(1, 0)) > 0.1;
  };
  add();
  EXPECT_TRUE(corrected());
  EXPECT_FALSE(corrected());
  add();
  lines.drop(key);
  EXPECT_FALSE(corrected());
}

}  // namespace
}  // namespace mriembed::io
