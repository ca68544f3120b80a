#include "mrd_raw.hpp"

#include <hdf5.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

std::vector<ISMRMRD::Acquisition> full_scan(unsigned coils = 2, const MrdMatrix& matrix = {}) {
  std::vector<ISMRMRD::Acquisition> lines;
  for (unsigned z = 0; z < matrix.z; ++z) {
    for (unsigned y = 0; y < matrix.y; ++y) {
      lines.push_back(line(coils, matrix.x, static_cast<std::uint16_t>(y), static_cast<std::uint16_t>(z)));
    }
  }
  return lines;
}

// Every sample is the one of its place.
void expect_placed(const Slice& slice, const MrdMatrix& matrix) {
  ASSERT_EQ(slice.height, matrix.y);
  ASSERT_EQ(slice.width, matrix.x);
  for (std::int64_t coil = 0; coil < slice.channels; ++coil) {
    for (std::int64_t y = 0; y < slice.height; ++y) {
      for (std::int64_t x = 0; x < slice.width; ++x) {
        const auto at = static_cast<std::size_t>((coil * slice.height + y) * slice.width + x);
        ASSERT_EQ(slice.samples[at], sample_at(coil, 0, y, x)) << coil << " " << y << " " << x;
      }
    }
  }
}

TEST(MrdRaw, places_lines_by_their_step_whatever_their_order) {
  auto lines = full_scan();
  std::swap(lines[0], lines[3]);
  std::swap(lines[1], lines[2]);
  const auto scan = open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {});
  EXPECT_EQ(scan->summary().format, "MRD raw data");
  EXPECT_EQ(scan->summary().coils, 2);
  EXPECT_EQ(scan->summary().slices, 1);
  EXPECT_EQ(scan->summary().zero_fraction, 0);
  expect_placed(read_slice(*scan, 0), {});
}

TEST(MrdRaw, gives_a_slice_for_each_label) {
  std::vector<ISMRMRD::Acquisition> lines;
  for (std::uint16_t repetition = 0; repetition < 2; ++repetition) {
    for (std::uint16_t slice = 0; slice < 3; ++slice) {
      for (auto& acquisition : full_scan()) {
        acquisition.idx().slice = slice;
        acquisition.idx().repetition = repetition;
        acquisition.data(0, 0) = {static_cast<float>(slice), static_cast<float>(repetition)};
        lines.push_back(acquisition);
      }
    }
  }
  const auto scan = open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {});
  ASSERT_EQ(scan->summary().slices, 6);
  const Slice slice = read_slice(*scan, 3);  // slices first, then repetitions within
  EXPECT_EQ(slice.label.slice, 1);
  EXPECT_EQ(slice.label.repetition, 1);
  EXPECT_EQ(slice.samples[0], Complex(1, 1));
}

TEST(MrdRaw, averages_averages) {
  auto lines = full_scan();
  auto again = full_scan();
  for (auto& acquisition : again) {
    acquisition.idx().average = 1;
    for (std::uint16_t x = 0; x < 8; ++x) {
      acquisition.data(x, 1) += Complex(2, -4);
    }
    lines.push_back(acquisition);
  }
  const Slice slice = read_slice(*open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {}), 0);
  EXPECT_EQ(slice.samples[0], sample_at(0, 0, 0, 0));
  EXPECT_EQ(slice.samples[32 + 9], sample_at(1, 0, 1, 1) + Complex(1, -2));
  EXPECT_EQ(slice.label.averages, 2);
  lines.pop_back();  // one line was measured once
  EXPECT_EQ(read_slice(*open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {}), 0).label.averages, 1);
}

TEST(MrdRaw, leaves_out_lines_that_are_no_image_and_keeps_calibration_that_is) {
  auto lines = full_scan();
  lines[2].setFlag(ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION_AND_IMAGING);
  for (const int flag : {ISMRMRD::ISMRMRD_ACQ_IS_NAVIGATION_DATA, ISMRMRD::ISMRMRD_ACQ_IS_PHASECORR_DATA,
                         ISMRMRD::ISMRMRD_ACQ_IS_DUMMYSCAN_DATA, ISMRMRD::ISMRMRD_ACQ_IS_HPFEEDBACK_DATA,
                         ISMRMRD::ISMRMRD_ACQ_IS_RTFEEDBACK_DATA, ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION,
                         ISMRMRD::ISMRMRD_ACQ_IS_SURFACECOILCORRECTIONSCAN_DATA}) {
    ISMRMRD::Acquisition other = line(2, 8, 1);
    other.data(3, 0) = 1e6F;
    other.setFlag(static_cast<std::uint64_t>(flag));
    lines.push_back(other);
  }
  expect_placed(read_slice(*open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {}), 0), {});
}

// Whether one of the warnings contains `part`.
bool warns(const ScanReader& scan, const std::string& part) {
  return std::ranges::any_of(scan.summary().warnings,
                             [&](const std::string& warning) { return warning.find(part) != std::string::npos; });
}

TEST(MrdRaw, takes_an_accelerated_scan_whose_calibration_lines_are_part_of_the_image) {
  auto lines = full_scan();
  lines.erase(lines.begin());
  lines[1].setFlag(ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION_AND_IMAGING);
  const auto scan = open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {});
  EXPECT_DOUBLE_EQ(scan->summary().zero_fraction, 0.25);
  EXPECT_TRUE(
      warns(*scan, "accelerated: 3 of 4 lines were measured; the missing ones are filled in as far as they can be"));
  const Slice slice = read_slice(*scan, 0);
  EXPECT_EQ(slice.samples[3], Complex(0));
  EXPECT_EQ(slice.samples[2 * 8 + 3], sample_at(0, 0, 2, 3));
}

TEST(MrdRaw, fills_places_without_an_imaging_line_with_separate_calibration_lines) {
  auto lines = full_scan();
  std::vector<ISMRMRD::Acquisition> scanned{lines[0], lines[2]};
  for (const std::size_t step : {1U, 2U}) {  // line 2 was measured for the image as well, which counts
    ISMRMRD::Acquisition calibration = lines[step];
    calibration.setFlag(ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION);
    if (step == 2) {
      calibration.data(3, 0) = 1e6F;
    }
    scanned.insert(scanned.begin(), calibration);
  }
  const auto scan = open_scan(written_mrd(mrd_xml(MrdMatrix()), scanned), {});
  const Slice slice = read_slice(*scan, 0);
  EXPECT_EQ(slice.samples[1 * 8 + 3], sample_at(0, 0, 1, 3));
  EXPECT_EQ(slice.samples[2 * 8 + 3], sample_at(0, 0, 2, 3));
  EXPECT_EQ(slice.samples[3 * 8 + 3], Complex(0));
}

TEST(MrdRaw, turns_reversed_lines) {
  auto lines = full_scan();
  ISMRMRD::Acquisition reversed = lines[1];
  for (std::uint16_t coil = 0; coil < 2; ++coil) {
    for (std::uint16_t x = 0; x < 8; ++x) {
      reversed.data(x, coil) = lines[1].data(static_cast<std::uint16_t>(7 - x), coil);
    }
  }
  reversed.setFlag(ISMRMRD::ISMRMRD_ACQ_IS_REVERSE);
  reversed.center_sample() = 3;  // sample i lies at k = 3 - i
  lines[1] = reversed;
  expect_placed(read_slice(*open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {}), 0), {});
}

TEST(MrdRaw, measures_noise_from_noise_lines) {
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

TEST(MrdRaw, leaves_out_noise_that_is_to_be_discarded_or_a_dummy) {
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

TEST(MrdRaw, counts_noise_lines_of_any_bandwidth_as_of_one) {
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

TEST(MrdRaw, leaves_out_a_coil_that_is_dead_in_the_noise_measurement) {
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

TEST(MrdRaw, prewhitens_nothing_where_no_coil_has_noise) {
  auto lines = full_scan();
  lines.push_back(noise_line(2, 40, [](unsigned /*coil*/, unsigned /*sample*/) { return Complex(0); }));
  const auto scan = open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {});
  EXPECT_FALSE(scan->noise_covariance().has_value());
  EXPECT_EQ(scan->summary().coils, 2);
  EXPECT_TRUE(warns(*scan, "no prewhitening"));
}

TEST(MrdRaw, leaves_out_the_unfinished_repetition_of_a_scan_that_was_stopped) {
  std::vector<ISMRMRD::Acquisition> lines;
  for (std::uint16_t repetition = 0; repetition < 3; ++repetition) {
    for (std::uint16_t slice = 0; slice < 2; ++slice) {
      for (auto& acquisition : full_scan()) {
        if (repetition == 2 && acquisition.idx().kspace_encode_step_1 > 1) {
          continue;
        }
        acquisition.idx().repetition = repetition;
        acquisition.idx().slice = slice;
        lines.push_back(acquisition);
      }
    }
  }
  const std::string path = written_mrd(mrd_xml(MrdMatrix()), lines);
  const auto scan = open_scan(path, {});
  EXPECT_EQ(scan->summary().slices, 4);
  EXPECT_TRUE(warns(*scan, "the scan was stopped"));
  EXPECT_TRUE(warns(*scan, "repetition 2 has 2 of 4 lines"));
  for (std::int64_t index = 0; index < 4; ++index) {
    const Slice slice = read_slice(*scan, index);
    EXPECT_LT(slice.label.repetition, 2);
    expect_placed(slice, {});
  }
  ReadOptions options;
  options.allow_undersampled = true;
  EXPECT_EQ(open_scan(path, options)->summary().slices, 6);
}

TEST(MrdRaw, takes_lines_missing_in_the_middle_of_a_scan_for_undersampling) {
  std::vector<ISMRMRD::Acquisition> lines;
  for (std::uint16_t repetition = 0; repetition < 3; ++repetition) {
    for (auto& acquisition : full_scan()) {
      acquisition.idx().repetition = repetition;
      if (repetition != 1 || acquisition.idx().kspace_encode_step_1 != 2) {
        lines.push_back(acquisition);
      }
    }
  }
  EXPECT_NE(refusal_of(written_mrd(mrd_xml(MrdMatrix()), lines)).find("undersampled"), std::string::npos);
}

TEST(MrdRaw, reads_the_encoding_space_that_the_image_lies_in) {
  MrdMatrix calibration;
  calibration.x = calibration.recon_x = 4;
  calibration.y = 2;
  for (const bool flagged : {true, false}) {
    std::vector<ISMRMRD::Acquisition> lines;
    for (std::uint16_t step = 0; step < 2; ++step) {
      lines.push_back(line(2, 4, step));
      if (flagged) {
        lines.back().setFlag(ISMRMRD::ISMRMRD_ACQ_IS_PARALLEL_CALIBRATION);
      }
    }
    for (auto& acquisition : full_scan()) {
      acquisition.encoding_space_ref() = 1;
      lines.push_back(acquisition);
    }
    const auto scan = open_scan(written_mrd(mrd_xml(std::vector{calibration, MrdMatrix()}), lines), {});
    EXPECT_EQ(scan->summary().slices, 1);
    EXPECT_EQ(warns(*scan, "2 imaging lines of encoding space 0 are left out"), !flagged);
    expect_placed(read_slice(*scan, 0), {});
  }
}

TEST(MrdRaw, bears_a_reference_to_an_encoding_space_that_the_header_does_not_have) {
  auto lines = full_scan();
  for (auto& acquisition : lines) {
    acquisition.encoding_space_ref() = 1;
  }
  const auto scan = open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {});
  EXPECT_TRUE(warns(*scan, "name encoding space 1"));
  expect_placed(read_slice(*scan, 0), {});
  EXPECT_NE(
      refusal_of(written_mrd(mrd_xml(std::vector(1, MrdMatrix())), {lines[0], line(2, 8, 1)})).find("undersampled"),
      std::string::npos);
}

TEST(MrdRaw, tells_of_lines_that_are_averaged_although_they_are_not_alike) {
  const auto twice = [](const std::function<void(ISMRMRD::Acquisition&)>& change) {
    auto lines = full_scan();
    for (auto& acquisition : full_scan()) {
      change(acquisition);
      lines.push_back(acquisition);
    }
    return open_scan(written_mrd(mrd_xml(MrdMatrix()), lines), {});
  };
  EXPECT_TRUE(warns(*twice([](auto& acquisition) { acquisition.idx().segment = 1; }), "differ in idx.segment"));
  EXPECT_TRUE(warns(*twice([](auto& acquisition) { acquisition.idx().user[2] = 1; }), "differ in idx.user"));
  EXPECT_TRUE(warns(*twice([](auto& /*acquisition*/) {}), "differ in no counter"));
  EXPECT_FALSE(warns(*twice([](auto& acquisition) { acquisition.idx().average = 1; }), "are averaged"));
  EXPECT_FALSE(warns(*twice([](auto& acquisition) { acquisition.idx().set = 1; }), "are averaged"));
}

TEST(MrdRaw, refuses_slices_on_top_of_each_other_by_name) {
  std::string xml = mrd_xml(MrdMatrix());
  xml.insert(xml.find("</encoding>"),
             "<parallelImaging><accelerationFactor><kspace_encoding_step_1>1</kspace_encoding_step_1>"
             "<kspace_encoding_step_2>1</kspace_encoding_step_2></accelerationFactor><multiband>"
             "<multiband_factor>2</multiband_factor></multiband></parallelImaging>");
  EXPECT_NE(refusal_of(written_mrd(xml, full_scan())).find("multiband: 2 slices"), std::string::npos);
}

TEST(MrdRaw, gives_the_geometry_of_its_slices) {
  MrdMatrix matrix;
  matrix.recon_x = 16;
  matrix.encoded_fov = Fov{400, 300, 5};
  matrix.recon_fov = Fov{200, 225, 5};
  const auto scan = open_scan(written_mrd(mrd_xml(matrix), full_scan()), {});
  EXPECT_EQ(scan->summary().geometry, (SliceGeometry{4, 3, 1.5}));
  EXPECT_EQ(read_slice(*scan, 0).geometry, scan->summary().geometry);
}

TEST(MrdRaw, warns_where_the_signal_lies_far_from_the_centre_that_the_header_states) {
  MrdMatrix matrix;
  matrix.x = matrix.recon_x = 64;
  matrix.y = 64;
  std::vector<ISMRMRD::Acquisition> lines;
  for (std::uint16_t step = 0; step < 64; ++step) {
    lines.push_back(line(1, 64, step));
    for (std::uint16_t x = 0; x < 64; ++x) {
      lines.back().data(x, 0) = 1.0F / (1.0F + static_cast<float>(std::hypot(x - 32, step - 12)));
    }
  }
  const auto scan = open_scan(written_mrd(mrd_xml(matrix), lines), {});
  EXPECT_TRUE(warns(*scan, "the signal peaks 20 samples from the centre of k-space along y"));
  EXPECT_FALSE(warns(*scan, "along x"));
}

TEST(MrdRaw, transforms_the_third_dimension_into_partitions) {
  // Constant along kz except for a factor that depends on the line: all signal in the central partition.
  MrdMatrix matrix;
  matrix.z = 4;
  matrix.recon_z = 2;
  std::vector<ISMRMRD::Acquisition> lines;
  for (std::uint16_t z = 0; z < 4; ++z) {
    for (auto& acquisition : full_scan()) {
      acquisition.idx().kspace_encode_step_2 = z;
      lines.push_back(acquisition);
    }
  }
  const auto scan = open_scan(written_mrd(mrd_xml(matrix), lines), {});
  ASSERT_EQ(scan->summary().slices, 2);  // z oversampling is cropped: partitions 1 and 2 of 4
  for (const Complex& sample : read_slice(*scan, 0).samples) {
    EXPECT_LT(std::abs(sample), 1e-3);
  }
  const Slice centre = read_slice(*scan, 1);
  EXPECT_EQ(centre.label.partition, 1);
  EXPECT_LT(std::abs(centre.samples[9] - 2.0F * sample_at(0, 0, 1, 1)), 1e-3);
}

TEST(MrdRaw, refuses_missing_lines_unless_allowed) {
  auto lines = full_scan();
  lines.erase(lines.begin() + 2);
  const std::string path = written_mrd(mrd_xml(MrdMatrix()), lines);
  EXPECT_NE(refusal_of(path).find("undersampled: slice 0 has 3 of 4 lines"), std::string::npos);
  ReadOptions options;
  options.allow_undersampled = true;
  const auto scan = open_scan(path, options);
  EXPECT_DOUBLE_EQ(scan->summary().zero_fraction, 0.25);
  const Slice slice = read_slice(*scan, 0);
  EXPECT_EQ(slice.samples[2 * 8 + 3], Complex(0));
  EXPECT_EQ(slice.samples[3 * 8 + 3], sample_at(0, 0, 3, 3));
}

TEST(MrdRaw, refuses_more_lines_than_the_matrix) {
  auto lines = full_scan();
  lines.push_back(line(2, 8, 4));
  EXPECT_NE(refusal_of(written_mrd(mrd_xml(MrdMatrix()), lines)).find("outside the encoded matrix"), std::string::npos);
}

TEST(MrdRaw, refuses_non_cartesian_trajectories_by_name) {
  for (const char* trajectory : {"spiral", "radial", "goldenangle", "other"}) {
    MrdMatrix matrix;
    matrix.trajectory = trajectory;
    EXPECT_NE(refusal_of(written_mrd(mrd_xml(matrix), full_scan())).find("non-Cartesian"), std::string::npos);
  }
}

TEST(MrdRaw, refuses_a_matrix_that_the_file_cannot_justify) {
  MrdMatrix matrix;
  matrix.x = matrix.recon_x = 65535;
  matrix.y = 65535;
  ReadOptions options;
  options.allow_undersampled = true;
  EXPECT_NE(refusal_of(written_mrd(mrd_xml(matrix), full_scan()), options).find("cannot justify"), std::string::npos);
}

TEST(MrdRaw, refuses_coils_that_come_and_go) {
  auto lines = full_scan();
  lines[3] = line(3, 8, 3);
  EXPECT_NE(refusal_of(written_mrd(mrd_xml(MrdMatrix()), lines)).find("3 coils"), std::string::npos);
}

TEST(MrdRaw, refuses_a_file_without_imaging_lines) {
  auto lines = full_scan();
  for (auto& acquisition : lines) {
    acquisition.setFlag(ISMRMRD::ISMRMRD_ACQ_IS_NOISE_MEASUREMENT);
  }
  EXPECT_NE(refusal_of(written_mrd(mrd_xml(MrdMatrix()), lines)).find("no imaging line"), std::string::npos);
}

TEST(MrdRaw, refuses_images_where_it_holds_raw_data) {
  ReadOptions options;
  options.domain = Domain::image;
  EXPECT_NE(refusal_of(written_mrd(mrd_xml(MrdMatrix()), full_scan()), options).find("--input image"),
            std::string::npos);
}

TEST(MrdRaw, refuses_a_file_cut_short_anywhere) {
  std::ifstream stream(written_mrd(mrd_xml(MrdMatrix()), full_scan()), std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  for (std::size_t length = 1; length < whole.size(); length += whole.size() / 31) {
    EXPECT_NE(refusal_of(written(".h5", whole.substr(0, length))), "accepted") << length << " of " << whole.size();
  }
}

TEST(MrdRaw, does_not_follow_links_to_other_files) {
  const std::string real = written_mrd(mrd_xml(MrdMatrix()), full_scan());
  const std::string path = fresh_path(".h5");
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_external(real.c_str(), "/dataset", file, "dataset", H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(file);
  EXPECT_NE(refusal_of(path).find("a link to another place"), std::string::npos);
}

TEST(MrdRaw, takes_no_matrix_that_its_lines_cannot_justify) {
  MrdMatrix matrix;
  matrix.x = matrix.y = matrix.recon_x = 65535;  // 1 TiB
  ReadOptions options;
  options.allow_undersampled = true;
  const std::string path = written_mrd(mrd_xml(matrix), {line(32, 8, 0), line(32, 8, 1)});
  EXPECT_NE(refusal_of(path, options).find("cannot justify"), std::string::npos);
}

TEST(MrdRaw, takes_no_number_of_slices_that_its_lines_cannot_justify) {
  // One line each of 200 repetitions, of 1 MiB each.
  MrdMatrix matrix;
  matrix.y = 16000;
  std::vector<ISMRMRD::Acquisition> lines;
  for (std::uint16_t repetition = 0; repetition < 200; ++repetition) {
    lines.push_back(line(1, 8, 0));
    lines.back().idx().repetition = repetition;
  }
  ReadOptions options;
  options.allow_undersampled = true;
  EXPECT_NE(refusal_of(written_mrd(mrd_xml(matrix), lines), options).find("its matrix, 200 times, would need 195 MiB"),
            std::string::npos);
}

TEST(MrdRaw, measures_no_covariance_of_more_coils_than_noise_samples) {
  MrdMatrix matrix;
  matrix.x = matrix.recon_x = 2;
  matrix.y = 1;
  ISMRMRD::Acquisition noise = line(1024, 2, 0);
  noise.setFlag(ISMRMRD::ISMRMRD_ACQ_IS_NOISE_MEASUREMENT);
  const auto scan = open_scan(written_mrd(mrd_xml(matrix), {line(1024, 2, 0), noise}), {});
  EXPECT_FALSE(scan->noise_covariance().has_value());
}

}  // namespace
}  // namespace mriembed::io::testing_files
