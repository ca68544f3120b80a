#include "line_placement.hpp"

#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

Acquisition readout(std::uint16_t samples, std::uint16_t center, std::uint16_t step_1 = 0) {
  Acquisition line;
  line.samples = samples;
  line.center_sample = center;
  line.step_1 = step_1;
  line.coils = 1;
  return line;
}

MrdEncoding header_of(Matrix encoded, std::int64_t recon_x, std::optional<EncodingLimit> step_1 = std::nullopt) {
  MrdEncoding header;
  header.encoded = encoded;
  header.recon = encoded;
  header.recon.x = recon_x;
  header.step_1 = step_1;
  return header;
}

TEST(LinePlacement, puts_the_central_step_at_the_centre_of_the_matrix) {
  // 6 of 8 lines, as partial Fourier leaves them: step 2 is the centre.
  const LinePlacement placement(header_of({4, 8, 1}, 4, EncodingLimit{0, 5, 2}), {readout(4, 2)});
  EXPECT_EQ(placement.line_of(readout(4, 2, 2), 0), 4);
  EXPECT_EQ(placement.line_of(readout(4, 2, 0), 0), 2);
  ASSERT_EQ(placement.notes().size(), 1U);
  EXPECT_NE(placement.notes()[0].find("6 of 8 lines"), std::string::npos);
  // The two lines outside the limits are no missing ones.
  EXPECT_EQ(placement.missing_lines({false, false, true, true, true, true, true, true}), 0);
  EXPECT_EQ(placement.missing_lines({false, false, true, true, false, true, true, true}), 1);
}

TEST(LinePlacement, needs_no_centre_where_the_limits_cover_the_matrix) {
  const LinePlacement placement(header_of({4, 8, 1}, 4, EncodingLimit{0, 7, 0}), {readout(4, 2)});
  EXPECT_EQ(placement.line_of(readout(4, 2, 7), 0), 7);
}

TEST(LinePlacement, takes_steps_as_they_are_where_there_are_no_limits) {
  const LinePlacement placement(header_of({4, 8, 1}, 4), {readout(4, 2)});
  EXPECT_EQ(placement.line_of(readout(4, 2, 3), 0), 3);
  EXPECT_EQ(placement.missing_lines(std::vector<bool>(8, false)), 8);
}

TEST(LinePlacement, refuses_lines_outside_the_matrix) {
  const LinePlacement placement(header_of({4, 8, 1}, 4), {readout(4, 2)});
  EXPECT_THROW(static_cast<void>(placement.line_of(readout(4, 2, 8), 5)), Error);
  Acquisition line = readout(4, 2, 0);
  line.step_2 = 1;
  EXPECT_THROW(static_cast<void>(placement.line_of(line, 5)), Error);
}

TEST(LinePlacement, crops_the_readout_where_it_is_oversampled) {
  const LinePlacement placement(header_of({16, 8, 1}, 8), {readout(16, 8), readout(8, 4)});
  EXPECT_EQ(placement.width(), 16);
  EXPECT_EQ(placement.readout_width(), 8);
}

TEST(LinePlacement, sees_that_oversampling_was_removed_before) {
  const LinePlacement placement(header_of({16, 8, 1}, 8), {readout(8, 8), readout(8, 8)});
  EXPECT_EQ(placement.width(), 8);
  EXPECT_EQ(placement.readout_width(), 0);
  // The centre that the header still states, 8, is that of the longer readout.
  EXPECT_EQ(placement.readout_of(readout(8, 8), 0).first_x, 0);
}

TEST(LinePlacement, puts_the_central_sample_of_a_short_readout_at_the_centre) {
  const LinePlacement placement(header_of({16, 8, 1}, 16), {readout(16, 8)});
  const ReadoutPlace place = placement.readout_of(readout(12, 4), 0);
  EXPECT_EQ(place.first_x, 4);
  EXPECT_EQ(place.count, 12);
  // Reversed, the central sample counts from the other end.
  Acquisition reversed = readout(12, 7);
  reversed.flags = std::uint64_t{1} << (ISMRMRD::ISMRMRD_ACQ_IS_REVERSE - 1U);
  EXPECT_EQ(placement.readout_of(reversed, 0).first_x, 4);
}

TEST(LinePlacement, leaves_out_samples_to_discard) {
  const LinePlacement placement(header_of({16, 8, 1}, 16), {readout(16, 8)});
  Acquisition line = readout(20, 10);
  line.discard_pre = 3;
  line.discard_post = 1;
  const ReadoutPlace place = placement.readout_of(line, 0);
  EXPECT_EQ(place.first_sample, 3);
  EXPECT_EQ(place.count, 16);
  EXPECT_EQ(place.first_x, 0);
}

TEST(LinePlacement, refuses_readouts_that_do_not_fit) {
  const LinePlacement placement(header_of({16, 8, 1}, 16), {readout(16, 8)});
  EXPECT_THROW(static_cast<void>(placement.readout_of(readout(17, 8), 0)), Error);
  EXPECT_THROW(static_cast<void>(placement.readout_of(readout(12, 9), 0)), Error);
  EXPECT_THROW(static_cast<void>(placement.readout_of(readout(12, 0), 0)), Error);
  Acquisition nothing = readout(16, 8);
  nothing.discard_pre = 16;
  EXPECT_THROW(static_cast<void>(placement.readout_of(nothing, 0)), Error);
}

}  // namespace
}  // namespace mriembed::io::testing_files
