#include "volume_ends.hpp"

#include <gtest/gtest.h>
#include <ismrmrd/ismrmrd.h>

#include <utility>

#include "scan_geometry.hpp"

namespace mriembed::io {
namespace {

constexpr std::int64_t height = 32;
constexpr VolumeKey key{};

// 8 samples; lines 10 to 21 are ACS lines as well as lines of the image.
Acquisition line_at(std::int64_t y) {
  Acquisition line;
  line.samples = 8;
  line.coils = 1;
  line.center_sample = 4;
  line.kspace_encode_step_1 = static_cast<std::uint16_t>(y);
  if (y >= 10 && y < 22) {
    line.flags = std::uint64_t{1} << (ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION_AND_IMAGING - 1);
  }
  return line;
}

Acquisition flagged(Acquisition line) {
  line.flags |= std::uint64_t{1} << (ISMRMRD::ISMRMRD_ACQ_LAST_IN_SLICE - 1);
  return line;
}

MrdEncoding encoding_of(std::int64_t factor) {
  MrdEncoding encoding;
  encoding.encoded = encoding.recon = {8, height, 1};
  encoding.encoded_fov = encoding.recon_fov = {8, height, 1};
  encoding.kspace_encode_step_1 = EncodingLimit{0, height - 1, height / 2};
  encoding.trajectory = "cartesian";
  encoding.acceleration.y = factor;
  return encoding;
}

LineFacts facts() {
  LineFacts facts;
  facts.first = line_at(0);
  return facts;
}

class VolumeEndsTest : public testing::Test {
 protected:
  explicit VolumeEndsTest(std::int64_t factor = 1) : encoding(encoding_of(factor)), volume(key, factor) {}

  void add(const Acquisition& line) {
    volume.lines.push_back(line);
    volume.calibrated = volume.calibrated || line.has(ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION_AND_IMAGING);
    volume.places.add(line.kspace_encode_step_1, true);
  }
  void add_every_second() {
    for (std::int64_t y = 0; y < height; ++y) {
      if (y % 2 == 0 || (y >= 10 && y < 22)) {
        add(line_at(y));
      }
    }
  }
  [[nodiscard]] VolumeEnds ends(std::int64_t averages = 1, bool allow_undersampled = false) const {
    return {encoding, placement, separate, averages, allow_undersampled};
  }

  MrdEncoding encoding;
  KspacePlacement placement{encoding, geometry_of(encoding), facts()};
  SeparateLines separate;
  OpenVolume volume;
};

class AcceleratedVolumeEndsTest : public VolumeEndsTest {
 protected:
  AcceleratedVolumeEndsTest() : VolumeEndsTest(2) {}
};

TEST_F(VolumeEndsTest, are_at_the_last_line_inside_the_limits) {
  for (std::int64_t y = 0; y < height; ++y) {
    EXPECT_FALSE(y > 0 && ends().is_ended_by(line_at(y - 1), key, volume));
    add(line_at(y));
  }
  EXPECT_TRUE(ends().is_ended_by(line_at(height - 1), key, volume));
  EXPECT_FALSE(ends(2).is_ended_by(line_at(height - 1), key, volume));
}

TEST_F(VolumeEndsTest, of_an_accelerated_slice_are_at_its_flagged_line) {
  add_every_second();
  EXPECT_FALSE(ends().is_ended_by(line_at(30), key, volume));
  EXPECT_TRUE(ends().is_ended_by(flagged(line_at(30)), key, volume));
  EXPECT_FALSE(ends(2).is_ended_by(flagged(line_at(30)), key, volume));
}

TEST_F(VolumeEndsTest, without_acs_lines_are_only_where_undersampled_scans_are_allowed) {
  add(line_at(0));
  add(line_at(30));
  EXPECT_FALSE(ends().is_complete(key, volume));
  EXPECT_TRUE(ends(1, true).is_complete(key, volume));
}

TEST_F(AcceleratedVolumeEndsTest, are_where_all_lines_came_that_the_factor_promises) {
  add_every_second();
  EXPECT_TRUE(ends().is_whole_accelerated(key, volume));
  EXPECT_FALSE(ends(2).is_whole_accelerated(key, volume));
  const OpenVolume whole = std::exchange(volume, OpenVolume(key, 2));
  for (const Acquisition& line : whole.lines) {
    if (line.kspace_encode_step_1 != 4) {
      add(line);
    }
  }
  EXPECT_FALSE(ends().is_whole_accelerated(key, volume));
}

TEST_F(VolumeEndsTest, are_told_with_acs_lines_that_were_measured_apart) {
  add(line_at(0));
  separate.add_calibration(hold(line_at(5), 1, {}), 5);
  separate.add_calibration(hold(line_at(0), 2, {}), 0);  // an imaging line lies there
  std::vector<Acquisition> lines;
  const RawVolume described = ends().described(key, volume, lines);
  EXPECT_TRUE(described.calibrated);
  EXPECT_EQ(described.imaging, (Lines{0}));
  EXPECT_EQ(described.calibration, (Lines{1}));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[1].kspace_encode_step_1, 5);
}

}  // namespace
}  // namespace mriembed::io
