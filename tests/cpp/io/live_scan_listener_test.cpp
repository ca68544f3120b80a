// What LiveScan tells its listener of lines.
#include <array>
#include <complex>
#include <numbers>

#include "live_scan.hpp"
#include "live_streams.hpp"
#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

// 4 lines of which each is measured as often; the second readout is three times the first.
StreamedScan averaged(bool one_line_after_the_other, const std::string& limits) {
  MrdMatrix matrix = matrix_of(4);
  matrix.limits = limits;
  StreamedScan scan{mrd_xml(matrix), {}};
  for (unsigned index = 0; index < 8; ++index) {
    const unsigned y = one_line_after_the_other ? index / 2 : index % 4;
    auto acquisition = line(2, 8, static_cast<std::uint16_t>(y));
    acquisition.idx().average = static_cast<std::uint16_t>(one_line_after_the_other ? index % 2 : index / 4);
    for (std::uint16_t sample = 0; sample < 8; ++sample) {
      acquisition.data(sample, 0) = static_cast<float>(y + 1) * (acquisition.idx().average == 0 ? 1.0F : 3.0F);
    }
    scan.lines.push_back(acquisition);
  }
  return scan;
}

TEST(LiveScan, tells_of_a_line_once_all_of_its_averages_came) {
  for (const bool one_line_after_the_other : {false, true}) {
    const StreamedScan scan = averaged(one_line_after_the_other, limit_xml("average", 0, 1, 0));
    const LiveSlices result = read_live(scan);
    ASSERT_EQ(result.told.size(), 4U);
    for (std::size_t y = 0; y < 4; ++y) {
      const ToldLine& told = result.told[y];
      EXPECT_EQ(told.line, static_cast<std::int64_t>(y));
      EXPECT_FALSE(told.again);
      EXPECT_EQ(told.after, one_line_after_the_other ? 2 * y + 1 : 4 + y);
      EXPECT_EQ(told.samples[3], Complex(static_cast<float>(2 * (y + 1))));  // the mean
    }
    expect_as_in_file(scan);
  }
}

TEST(LiveScan, tells_again_of_a_line_that_came_more_often_than_the_header_says) {
  StreamedScan scan = averaged(true, limit_xml("average", 0, 1, 0));
  for (const std::size_t index :
       {std::size_t{2}, std::size_t{6}}) {  // a third readout of two lines, as large as the first
    scan.lines.insert(scan.lines.begin() + static_cast<std::ptrdiff_t>(index), scan.lines[index - 2]);
  }
  const LiveSlices result = read_live(scan);
  ASSERT_GE(result.told.size(), 2U);
  EXPECT_FALSE(result.told[0].again);
  EXPECT_TRUE(result.told[1].again);
  EXPECT_EQ(result.told[1].line, 0);
  expect_as_in_file(scan);
}

// Every second line measured backwards, which neither header nor flags say: points of an image.
TEST(LiveScan, takes_back_lines_that_the_whole_slice_shows_to_be_reversed) {
  constexpr std::uint16_t length = 16;
  constexpr int centre = length / 2;
  MrdMatrix matrix = matrix_of(length);
  matrix.x = matrix.recon_x = length;
  StreamedScan scan{mrd_xml(matrix), {}};
  for (std::uint16_t y = 0; y < length; ++y) {
    auto acquisition = line(1, length, y);
    ISMRMRD::AcquisitionHeader head = acquisition.getHead();
    head.acquisition_time_stamp = 700U + y / 4U;  // a packed member, which no reference may refer to
    acquisition.setHead(head);
    for (std::uint16_t sample = 0; sample < length; ++sample) {
      const double kx = (sample - centre) * (y % 2 == 0 ? 1 : -1);
      const double ky = y - centre;
      acquisition.data(sample, 0) = 0;
      for (const auto& [x0, y0, density] : {std::array{3.0, 1.0, 1.0}, {-5.0, -2.0, 0.6}, {1.0, 2.0, 0.8}}) {
        acquisition.data(sample, 0) +=
            Complex(std::polar(density, -2 * std::numbers::pi * (kx * x0 + ky * y0) / length));
      }
    }
    scan.lines.push_back(acquisition);
  }
  const LiveSlices result = read_live(scan);
  ASSERT_EQ(result.slices.size(), 1U);
  ASSERT_EQ(result.told.size(), 2U * length);
  for (std::size_t told = 0; told < result.told.size(); ++told) {
    EXPECT_EQ(result.told[told].again, told >= length);
  }
  EXPECT_TRUE(warned(result, "by the image every second one is"));
  expect_as_in_file(scan);
}

TEST(LiveScan, tells_at_the_end_of_lines_that_came_less_often_than_the_header_says) {
  StreamedScan scan = averaged(false, limit_xml("average", 0, 1, 0));
  scan.lines.resize(6);
  const LiveSlices result = read_live(scan);
  ASSERT_EQ(result.told.size(), 4U);
  for (const std::size_t line : {2U, 3U}) {
    EXPECT_EQ(result.told[line].line, static_cast<std::int64_t>(line));
    EXPECT_FALSE(result.told[line].again);
    EXPECT_EQ(result.told[line].samples[3], Complex(static_cast<float>(line + 1)));
  }
  expect_as_in_file(scan);
  scan.lines.resize(4);
  EXPECT_TRUE(read_live(scan).told.empty());  // the whole slice is as fast then
  expect_as_in_file(scan);
}

}  // namespace
}  // namespace mriembed::io::testing_files
