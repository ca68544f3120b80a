#include "kspace_placement.hpp"

#include <algorithm>

#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

Acquisition readout(std::uint16_t samples, std::uint16_t center, std::uint16_t kspace_encode_step_1 = 0) {
  Acquisition line;
  line.samples = samples;
  line.center_sample = center;
  line.kspace_encode_step_1 = kspace_encode_step_1;
  line.coils = 1;
  return line;
}

Acquisition reversed(Acquisition line) {
  line.flags |= std::uint64_t{1} << (ISMRMRD::ISMRMRD_ACQ_IS_REVERSE - 1U);
  return line;
}

Acquisition trimmed(Acquisition line, std::uint16_t discard_pre, std::uint16_t discard_post) {
  line.discard_pre = discard_pre;
  line.discard_post = discard_post;
  return line;
}

// Fields of view of one millimetre a pixel: what the reconstruction matrix is smaller by is oversampling.
KspacePlacement placement_of(Matrix encoded, Matrix recon, const LineFacts& facts,
                             std::optional<EncodingLimit> kspace_encode_step_1 = std::nullopt,
                             std::optional<EncodingLimit> kspace_encode_step_2 = std::nullopt) {
  MrdEncoding encoding;
  encoding.encoded = encoded;
  encoding.recon = recon;
  const auto millimetres = [](const Matrix& matrix) {
    return FieldOfView{static_cast<double>(matrix.x), static_cast<double>(matrix.y), static_cast<double>(matrix.z)};
  };
  encoding.encoded_fov = millimetres(encoded);
  encoding.recon_fov = millimetres(recon);
  encoding.kspace_encode_step_1 = kspace_encode_step_1;
  encoding.kspace_encode_step_2 = kspace_encode_step_2;
  return {encoding, geometry_of(encoding), facts};
}

LineFacts begins_with(const Acquisition& first) {
  LineFacts facts;
  facts.first = first;
  return facts;
}

// 4 samples a readout.
KspacePlacement of_lines(std::int64_t lines, std::optional<EncodingLimit> limit) {
  return placement_of({4, lines, 1}, {4, lines, 1}, begins_with(readout(4, 2)), limit);
}

// Where sample `sample` of the readout goes to along x; -1: nowhere.
std::int64_t x_of(const KspacePlacement& placement, const Acquisition& line, std::int64_t sample) {
  const ReadoutPlace place = placement.readout_of(line, 0);
  const std::int64_t at = sample - place.first_sample;
  if (at < 0 || at >= place.count) {
    return -1;
  }
  return place.first_x + (line.has(ISMRMRD::ISMRMRD_ACQ_IS_REVERSE) ? place.count - 1 - at : at);
}

bool has_note(const KspacePlacement& placement, const std::string& part) {
  return std::ranges::any_of(placement.notes(),
                             [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

TEST(KspacePlacement, puts_the_central_step_at_the_centre_of_the_matrix) {
  // 6 of 8 lines, as partial Fourier leaves them: step 2 is the centre.
  const KspacePlacement placement = of_lines(8, EncodingLimit{0, 5, 2});
  EXPECT_EQ(placement.line_of(readout(4, 2, 2), 0), 4);
  EXPECT_EQ(placement.line_of(readout(4, 2, 0), 0), 2);
  ASSERT_EQ(placement.notes().size(), 1U);
  EXPECT_TRUE(has_note(placement, "6 of 8 lines"));
  // The two lines outside the limits are no missing ones.
  EXPECT_EQ(placement.missing_lines({false, false, true, true, true, true, true, true}), 0);
  EXPECT_EQ(placement.missing_lines({false, false, true, true, false, true, true, true}), 1);
}

TEST(KspacePlacement, believes_the_centre_of_limits_that_cover_the_matrix_and_leaves_out_what_lies_beyond) {
  const KspacePlacement placement = of_lines(8, EncodingLimit{0, 7, 3});
  EXPECT_EQ(placement.line_of(readout(4, 2, 3), 0), 4);
  EXPECT_EQ(placement.line_of(readout(4, 2, 0), 0), 1);
  EXPECT_EQ(placement.line_of(readout(4, 2, 7), 0), std::nullopt);
  EXPECT_TRUE(has_note(placement, "1 steps of kspace_encode_step_1 lie beyond the encoded matrix"));
}

TEST(KspacePlacement, knows_where_partial_fourier_would_have_the_centre) {
  using Centres = std::vector<std::int64_t>;
  EXPECT_EQ(of_lines(48, EncodingLimit{0, 47, 24}).other_centres_y(), Centres());
  // 36 lines around their middle: the last twelve missing, or the first.
  EXPECT_EQ(of_lines(48, EncodingLimit{0, 35, 18}).other_centres_y(), (Centres{30, 18}));
  EXPECT_EQ(of_lines(48, EncodingLimit{0, 35, 12}).other_centres_y(), (Centres{36, 24}));
}

TEST(KspacePlacement, bears_an_unset_centre_where_the_limits_cover_the_matrix) {
  const KspacePlacement placement = of_lines(8, EncodingLimit{0, 7, 0});
  EXPECT_FALSE(placement.needs_signal());
  EXPECT_EQ(placement.line_of(readout(4, 2, 7), 0), 7);
  EXPECT_TRUE(has_note(placement, "has no centre in the header"));
}

TEST(KspacePlacement, finds_an_unset_centre_where_the_signal_peaks) {
  // 48 of 64 lines: the first ones missing, the last ones, or both alike.
  for (const auto& [peak, center] : {std::pair{17, 16}, {31, 32}, {25, 24}}) {
    KspacePlacement placement = of_lines(64, EncodingLimit{0, 47, 0});
    ASSERT_TRUE(placement.needs_signal());
    StepEnergies energies(48, 1.0);
    energies[static_cast<std::size_t>(peak)] = 100;
    placement.find_centres(energies, {1.0});
    EXPECT_FALSE(placement.needs_signal());
    EXPECT_EQ(placement.line_of(readout(4, 2, static_cast<std::uint16_t>(center)), 0), 32);
    EXPECT_TRUE(has_note(placement, "the signal peaks at step " + std::to_string(peak)));
  }
}

TEST(KspacePlacement, keeps_all_measured_lines_wherever_the_signal_peaks) {
  // 60 of 64 lines: their centre is one of the steps 28 to 32. A gradient in the slice moved the echo.
  for (const auto& [peak, center] : {std::pair{15, 28}, {45, 32}}) {
    KspacePlacement placement = of_lines(64, EncodingLimit{0, 59, 0});
    StepEnergies energies(60, 1.0);
    energies[static_cast<std::size_t>(peak)] = 100;
    placement.find_centres(energies, {1.0});
    EXPECT_EQ(placement.line_of(readout(4, 2, static_cast<std::uint16_t>(center)), 0), 32);
    for (const int step : {0, 59}) {
      EXPECT_TRUE(placement.line_of(readout(4, 2, static_cast<std::uint16_t>(step)), 0).has_value());
    }
    EXPECT_TRUE(has_note(placement, "the signal peaks at step " + std::to_string(peak) + ", and " +
                                        std::to_string(center) + " is taken"));
  }
}

TEST(KspacePlacement, believes_the_centre_where_the_signal_peaks_when_two_are_stated) {
  for (const std::int64_t peak : {16, 32}) {
    LineFacts facts = begins_with(readout(4, 2));
    facts.user_center_1 = 16;
    KspacePlacement placement = placement_of({4, 64, 1}, {4, 64, 1}, facts, EncodingLimit{0, 47, 32});
    ASSERT_TRUE(placement.needs_signal());
    StepEnergies energies(48, 1.0);
    energies[static_cast<std::size_t>(peak)] = 100;
    placement.find_centres(energies, {1.0});
    EXPECT_EQ(placement.line_of(readout(4, 2, static_cast<std::uint16_t>(peak)), 0), 32);
    EXPECT_TRUE(has_note(placement, "idx.user[5] gives 16"));
    EXPECT_TRUE(has_note(placement, "so that " + std::to_string(peak) + " is taken"));
  }
}

TEST(KspacePlacement, looks_at_no_signal_where_both_statements_of_the_centre_agree) {
  LineFacts facts = begins_with(readout(4, 2));
  facts.user_center_1 = 16;
  EXPECT_FALSE(placement_of({4, 64, 1}, {4, 64, 1}, facts, EncodingLimit{0, 47, 16}).needs_signal());
}

TEST(KspacePlacement, takes_steps_as_they_are_where_there_are_no_limits) {
  for (const auto& limit : {std::optional<EncodingLimit>(), std::optional(EncodingLimit{0, 0, 0})}) {
    const KspacePlacement placement = of_lines(8, limit);
    EXPECT_EQ(placement.line_of(readout(4, 2, 3), 0), 3);
    EXPECT_EQ(placement.missing_lines(std::vector<bool>(8, false)), 8);
  }
}

TEST(KspacePlacement, believes_a_centre_that_limits_without_a_range_give) {
  const KspacePlacement placement = of_lines(8, EncodingLimit{0, 0, 3});
  EXPECT_FALSE(placement.needs_signal());
  EXPECT_EQ(placement.line_of(readout(4, 2, 3), 0), 4);
  EXPECT_EQ(placement.line_of(readout(4, 2, 7), 0), std::nullopt);
  EXPECT_TRUE(has_note(placement, "1 steps of kspace_encode_step_1 lie beyond the encoded matrix"));
  EXPECT_EQ(of_lines(8, EncodingLimit{0, 0, 8}).line_of(readout(4, 2, 3), 0), 3);  // no step of the matrix
}

TEST(KspacePlacement, refuses_lines_outside_the_matrix_and_the_limits) {
  const KspacePlacement placement = of_lines(8, std::nullopt);
  EXPECT_THROW(static_cast<void>(placement.line_of(readout(4, 2, 8), 5)), Error);
  Acquisition line = readout(4, 2, 0);
  line.kspace_encode_step_2 = 1;
  EXPECT_THROW(static_cast<void>(placement.line_of(line, 5)), Error);
  EXPECT_THROW(static_cast<void>(of_lines(8, EncodingLimit{0, 7, 4}).line_of(readout(4, 2, 8), 5)), Error);
}

TEST(KspacePlacement, takes_a_scan_with_one_step_2_as_2d) {
  Acquisition first = readout(4, 2, 0);
  first.kspace_encode_step_2 = 3;
  const KspacePlacement flat = placement_of({4, 8, 2}, {4, 8, 2}, begins_with(first));
  EXPECT_EQ(flat.depth(), 1);
  EXPECT_EQ(flat.line_of(first, 0), 0);
  EXPECT_TRUE(has_note(flat, "a 2D scan"));
  LineFacts slab = begins_with(first);
  slab.several_partitions = true;
  EXPECT_EQ(placement_of({4, 8, 2}, {4, 8, 2}, slab).depth(), 2);
  // One partition of a slab that was not measured to its end.
  EXPECT_EQ(
      placement_of({4, 8, 2}, {4, 8, 2}, begins_with(readout(4, 2)), std::nullopt, EncodingLimit{0, 1, 1}).depth(), 2);
}

TEST(KspacePlacement, knows_removed_oversampling_from_an_asymmetric_echo) {
  const auto width_of = [](std::uint16_t samples, std::uint16_t center) {
    return placement_of({16, 8, 1}, {8, 8, 1}, begins_with(readout(samples, center))).width();
  };
  EXPECT_EQ(width_of(16, 8), 16);
  EXPECT_EQ(width_of(8, 4), 8);
  EXPECT_EQ(width_of(8, 8), 8);  // the centre of the longer readout, as some converters leave it
  EXPECT_EQ(width_of(8, 0), 8);
  EXPECT_EQ(width_of(8, 2), 16);
  EXPECT_EQ(width_of(8, 6), 16);
  const KspacePlacement removed = placement_of({16, 8, 1}, {8, 8, 1}, begins_with(readout(8, 8)));
  EXPECT_EQ(x_of(removed, readout(8, 8), 0), 0);
  EXPECT_TRUE(has_note(removed, "oversampling is taken as removed"));
}

TEST(KspacePlacement, puts_the_central_sample_of_any_readout_at_the_centre) {
  const KspacePlacement placement = placement_of({16, 8, 1}, {16, 8, 1}, begins_with(readout(16, 8)));
  for (const std::uint16_t samples : std::vector<std::uint16_t>{16, 12, 9, 5}) {
    for (std::uint16_t center = 1; center < samples; ++center) {
      for (const auto& [pre, post] : {std::pair{0, 0}, {1, 0}, {0, 2}, {2, 1}}) {
        const Acquisition forward =
            trimmed(readout(samples, center), static_cast<std::uint16_t>(pre), static_cast<std::uint16_t>(post));
        for (std::int64_t sample = 0; sample < samples; ++sample) {
          const bool kept = sample >= pre && sample < samples - post;
          const auto expected = [&](std::int64_t k) { return kept && k >= -8 && k < 8 ? k + 8 : -1; };
          EXPECT_EQ(x_of(placement, forward, sample), expected(sample - center));
          EXPECT_EQ(x_of(placement, reversed(forward), sample), expected(center - sample));
        }
      }
    }
  }
}

TEST(KspacePlacement, takes_the_middle_of_a_readout_without_centre) {
  const KspacePlacement placement = placement_of({16, 8, 1}, {16, 8, 1}, begins_with(readout(16, 0)));
  EXPECT_TRUE(has_note(placement, "center_sample is not set"));
  EXPECT_EQ(x_of(placement, readout(16, 0), 0), 0);
  EXPECT_EQ(x_of(placement, reversed(readout(16, 0)), 0), 15);
  EXPECT_EQ(x_of(placement, readout(12, 0), 6), 8);
  EXPECT_TRUE(placement.other_centres_x().empty());
}

TEST(KspacePlacement, knows_where_a_short_readout_without_centre_would_have_it_as_an_asymmetric_echo) {
  const KspacePlacement placement = placement_of({16, 8, 1}, {16, 8, 1}, begins_with(readout(12, 0)));
  // Sample 4, if the first four of 16 are missing, or sample 8, if the last ones are.
  EXPECT_EQ(placement.other_centres_x(),
            (std::vector<std::int64_t>{x_of(placement, readout(12, 0), 4), x_of(placement, readout(12, 0), 8)}));
  EXPECT_TRUE(placement_of({16, 8, 1}, {16, 8, 1}, begins_with(readout(12, 4))).other_centres_x().empty());
}

TEST(KspacePlacement, refuses_readouts_that_do_not_fit) {
  const KspacePlacement placement = placement_of({16, 8, 1}, {16, 8, 1}, begins_with(readout(16, 8)));
  EXPECT_THROW(static_cast<void>(placement.readout_of(readout(17, 8), 0)), Error);
  EXPECT_THROW(static_cast<void>(placement.readout_of(readout(12, 12), 0)), Error);
}

TEST(KspacePlacement, names_readouts_of_which_no_sample_is_left) {
  const KspacePlacement placement = placement_of({16, 8, 1}, {16, 8, 1}, begins_with(readout(16, 8)));
  EXPECT_THROW(static_cast<void>(placement.readout_of(trimmed(readout(16, 8), 16, 0), 0)), Error);
  try {
    static_cast<void>(placement.readout_of(trimmed(readout(12, 1), 3, 20), 7));
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "acquisition 7 has 12 samples, and 3 + 20 of them are to be discarded (discard_pre, discard_post)");
  }
}

}  // namespace
}  // namespace mriembed::io::testing_files
