#include "early_calibration.hpp"

#include <gtest/gtest.h>

namespace mriembed::io {
namespace {

constexpr std::int64_t height = 16;
constexpr VolumeKey key{};

Acquisition line_at(std::int64_t y) {
  Acquisition line;
  line.samples = 4;
  line.coils = 1;
  line.center_sample = 2;
  line.kspace_encode_step_1 = static_cast<std::uint16_t>(y);
  return line;
}

SliceAssembler assembler_of_lines() {
  MrdEncoding encoding;
  encoding.encoded = encoding.recon = {4, height, 1};
  encoding.encoded_fov = encoding.recon_fov = {4, height, 1};
  encoding.kspace_encode_step_1 = EncodingLimit{0, height - 1, height / 2};
  encoding.trajectory = "cartesian";
  LineFacts facts;
  facts.first = line_at(0);
  return {encoding, facts, {0}};
}

class EarlyCalibrationTest : public testing::Test {
 protected:
  void measure(EarlyCalibration& calibration, std::int64_t y) {
    calibration.make_way(y, assembler);
    assembler.add(key, line_at(y), count++, std::vector<std::complex<float>>(4, 1));
  }
  // An ACS line, whose samples are 2. Whether it was placed.
  bool calibrate(EarlyCalibration& calibration, std::int64_t y) {
    const HeldLine held = hold(line_at(y), count++, std::vector<std::complex<float>>(4, 2));
    calibration.place(held, assembler);
    return calibration.has_placed(held->index);
  }
  // The first sample of each line.
  std::vector<std::complex<float>> finished() {
    assembler.finish(key);
    std::vector<std::complex<float>> samples(height);
    for (std::size_t y = 0; y < height; ++y) {
      samples[y] = assembler.finished()[4 * y];
    }
    return samples;
  }

  SliceAssembler assembler = assembler_of_lines();
  std::size_t count = 0;
};

TEST_F(EarlyCalibrationTest, is_placed_in_the_gaps_that_the_header_s_factor_leaves) {
  EarlyCalibration calibration(key, 4);
  EXPECT_FALSE(calibrate(calibration, 2));  // no imaging line tells where the gaps are
  measure(calibration, 1);
  EXPECT_TRUE(calibration.knows_gaps());
  EXPECT_TRUE(calibrate(calibration, 2));
  EXPECT_FALSE(calibrate(calibration, 5));
  EXPECT_EQ(finished()[2], 2.0F);
}

TEST_F(EarlyCalibrationTest, waits_for_two_imaging_lines_where_the_header_has_no_factor) {
  EarlyCalibration calibration(key, 1);
  measure(calibration, 3);
  EXPECT_FALSE(calibration.knows_gaps());
  EXPECT_FALSE(calibrate(calibration, 4));
  measure(calibration, 6);
  EXPECT_TRUE(calibrate(calibration, 4));
  EXPECT_FALSE(calibrate(calibration, 9));
}

TEST_F(EarlyCalibrationTest, makes_way_for_an_imaging_line_of_the_same_place) {
  EarlyCalibration calibration(key, 2);
  measure(calibration, 0);
  EXPECT_TRUE(calibrate(calibration, 7));
  measure(calibration, 7);
  EXPECT_FALSE(calibrate(calibration, 8));  // now no line lies in a gap
  EXPECT_EQ(finished()[7], 1.0F);
}

}  // namespace
}  // namespace mriembed::io
