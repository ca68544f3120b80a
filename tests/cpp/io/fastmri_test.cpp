#include "fastmri.hpp"

#include "hdf5_writing.hpp"
#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

struct Parts {
  std::vector<hsize_t> shape{2, 3, 4, 2};
  std::string xml;
  std::vector<float> mask;
  const char* real = "r";
  const char* imaginary = "i";
  std::function<bool(std::size_t slice, std::size_t coil, std::size_t row)> zero;
};

std::vector<Complex> numbered(const std::vector<hsize_t>& shape) {
  std::size_t count = 1;
  for (const hsize_t length : shape) {
    count *= length;
  }
  std::vector<Complex> samples(count);
  for (std::size_t index = 0; index < count; ++index) {
    samples[index] = {static_cast<float>(index + 1), -static_cast<float>(index)};
  }
  return samples;
}

std::string written_fastmri(const Parts& parts) {
  const std::string path = fresh_path(".h5");
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t type = complex_type(parts.real, parts.imaginary);
  std::vector<Complex> samples = numbered(parts.shape);
  for (std::size_t index = 0; parts.zero && index < samples.size(); ++index) {
    const std::size_t line = index / parts.shape[3];
    if (parts.zero(line / (parts.shape[2] * parts.shape[1]), line / parts.shape[2] % parts.shape[1],
                   line % parts.shape[2])) {
      samples[index] = 0;
    }
  }
  write_dataset(file, "kspace", type, parts.shape, samples.data());
  if (!parts.xml.empty()) {
    write_text(file, "ismrmrd_header", parts.xml);
  }
  if (!parts.mask.empty()) {
    write_dataset(file, "mask", H5T_NATIVE_FLOAT, {parts.mask.size()}, parts.mask.data());
  }
  H5Tclose(type);
  H5Fclose(file);
  return path;
}

MrdMatrix matrix_of(unsigned x, unsigned y, unsigned recon_x) {
  MrdMatrix matrix;
  matrix.x = x;
  matrix.y = y;
  matrix.recon_x = recon_x;
  return matrix;
}

TEST(FastMri, reads_slices_as_stored_where_there_is_no_header) {
  const auto scan = open_scan(written_fastmri({}), {});
  EXPECT_EQ(scan->summary().format, "fastMRI");
  EXPECT_EQ(scan->summary().slices, 2);
  EXPECT_EQ(scan->summary().coils, 3);
  const auto samples = numbered({2, 3, 4, 2});
  const Slice slice = read_slice(*scan, 1);
  EXPECT_EQ(slice.height, 4);
  EXPECT_EQ(slice.width, 2);
  EXPECT_EQ(slice.samples, std::vector<Complex>(samples.begin() + 24, samples.end()));
}

TEST(FastMri, turns_the_readout_to_x_and_knows_its_oversampling) {
  Parts parts;
  parts.xml = mrd_xml(matrix_of(4, 2, 2));
  const auto scan = open_scan(written_fastmri(parts), {});
  EXPECT_EQ(scan->summary().encoded_x, 4);
  EXPECT_EQ(scan->summary().geometry.readout_width, 2);
  EXPECT_EQ(scan->summary().geometry.phase_height, 0);
  const auto samples = numbered(parts.shape);
  const Slice slice = read_slice(*scan, 0);
  EXPECT_EQ(slice.height, 2);
  EXPECT_EQ(slice.width, 4);
  // (coil 1, y 1, x 3) is stored at (coil 1, row 3, column 1)
  EXPECT_EQ(slice.samples[8 + 4 + 3], samples[8 + 3 * 2 + 1]);
}

TEST(FastMri, knows_phase_oversampling_and_the_shape_of_pixels) {
  Parts parts;
  parts.shape = {1, 1, 8, 6};
  MrdMatrix matrix = matrix_of(8, 6, 16);  // interpolated
  matrix.encoded_fov = Fov{320, 300, 5};
  matrix.recon_fov = Fov{160, 200, 5};
  parts.xml = mrd_xml(matrix);
  const auto scan = open_scan(written_fastmri(parts), {});
  const Slice slice = read_slice(*scan, 0);
  EXPECT_EQ(slice.geometry.readout_width, 4);
  EXPECT_EQ(slice.geometry.phase_height, 4);
  EXPECT_NEAR(slice.geometry.pixel_aspect, 50.0 / 40, 1e-9);
}

TEST(FastMri, crops_by_the_matrices_along_an_axis_whose_field_of_view_is_a_copy) {
  Parts parts;
  parts.shape = {1, 1, 8, 6};
  MrdMatrix matrix = matrix_of(8, 6, 4);
  matrix.recon_y = 4;
  matrix.encoded_fov = Fov{200, 300, 5};
  matrix.recon_fov = Fov{200, 200, 5};
  parts.xml = mrd_xml(matrix);
  const auto scan = open_scan(written_fastmri(parts), {});
  const Slice slice = read_slice(*scan, 0);
  EXPECT_EQ(slice.geometry.readout_width, 4);
  EXPECT_EQ(slice.geometry.phase_height, 4);
  EXPECT_NEAR(slice.geometry.pixel_aspect, 1, 1e-9);
  EXPECT_TRUE(warns(*scan, "one field of view along x, "));
}

TEST(FastMri, takes_stored_lines_that_are_not_as_many_as_encoded_ones_to_cover_the_same_field_of_view) {
  for (const bool told : {true, false}) {
    Parts parts;
    parts.shape = {1, 1, 8, 12};
    MrdMatrix matrix = matrix_of(8, 6, 4);
    matrix.recon_y = 4;
    matrix.encoded_fov = told ? Fov{400, 300, 5} : Fov{0, 0, 0};
    matrix.recon_fov = told ? Fov{200, 200, 5} : Fov{0, 0, 0};
    parts.xml = mrd_xml(matrix);
    const Slice slice = read_slice(*open_scan(written_fastmri(parts), {}), 0);
    EXPECT_EQ(slice.geometry.readout_width, 4);
    EXPECT_EQ(slice.geometry.phase_height, 8);
  }
}

TEST(FastMri, puts_the_stored_lines_of_partial_fourier_at_their_places) {
  for (const bool turned : {true, false}) {
    Parts parts;
    parts.shape = turned ? std::vector<hsize_t>{1, 1, 8, 6} : std::vector<hsize_t>{1, 1, 6, 8};
    MrdMatrix matrix = matrix_of(8, 8, 8);
    matrix.limits = limit_xml("kspace_encoding_step_1", 0, 5, 2);  // the first two are missing
    parts.xml = mrd_xml(matrix);
    parts.mask = turned ? std::vector<float>(6, 1.0F) : std::vector<float>();
    const auto scan = open_scan(written_fastmri(parts), {});
    EXPECT_EQ(scan->summary().encoded_y, 8);
    EXPECT_NEAR(scan->summary().zero_fraction, 0.25, 1e-12);
    const Slice slice = read_slice(*scan, 0);
    ASSERT_EQ(slice.height, 8);
    const auto samples = numbered(parts.shape);
    for (std::size_t x = 0; x < 8; ++x) {
      EXPECT_EQ(slice.samples[x], Complex(0));
      EXPECT_EQ(slice.samples[8 + x], Complex(0));
      for (std::size_t y = 0; y < 6; ++y) {
        EXPECT_EQ(slice.samples[(y + 2) * 8 + x], samples[turned ? x * 6 + y : y * 8 + x]);
      }
    }
  }
}

TEST(FastMri, warns_where_the_signal_lies_far_from_the_centre) {
  for (const std::size_t peak : {32U, 12U}) {
    Parts parts;
    parts.shape = {1, 1, 64, 8};
    parts.zero = [&](std::size_t /*slice*/, std::size_t /*coil*/, std::size_t row) { return row != peak; };
    EXPECT_EQ(warns(*open_scan(written_fastmri(parts), {}), "the signal peaks 20 samples from the centre of k-space"),
              peak == 12);
  }
}

TEST(FastMri, takes_three_dimensions_as_a_single_coil) {
  Parts parts;
  parts.shape = {5, 4, 2};
  const auto scan = open_scan(written_fastmri(parts), {});
  EXPECT_EQ(scan->summary().coils, 1);
  EXPECT_EQ(scan->summary().slices, 5);
}

TEST(FastMri, reads_complex_members_of_either_naming) {
  Parts parts;
  parts.real = "real";
  parts.imaginary = "imag";
  EXPECT_EQ(read_slice(*open_scan(written_fastmri(parts), {}), 0).samples[1], Complex(2, -1));
}

TEST(FastMri, refuses_members_of_unknown_names_instead_of_reading_nothing) {
  Parts parts;
  parts.real = "re";
  parts.imaginary = "im";
  EXPECT_NE(refusal_of(written_fastmri(parts)).find("not complex"), std::string::npos);
}

TEST(FastMri, refuses_an_undersampled_scan_unless_allowed) {
  Parts parts;
  parts.mask = {1, 0};
  const std::string path = written_fastmri(parts);
  EXPECT_NE(refusal_of(path).find("1 of 2 lines"), std::string::npos);
  ReadOptions options;
  options.allow_undersampled = true;
  EXPECT_DOUBLE_EQ(open_scan(path, options)->summary().zero_fraction, 0.5);
  EXPECT_TRUE(open_scan(path, options)->summary().zero_filled);
  EXPECT_TRUE(warns(*open_scan(path, options), "undersampled: 1 of 2 lines were measured"));
}

// fastMRI's masks have one value for each column of the phase encoding.
TEST(FastMri, takes_columns_as_phase_encoding_where_a_mask_tells_and_no_header) {
  for (const float last : {0.0F, 1.0F}) {
    Parts parts;
    parts.mask = {1, last};
    ReadOptions options;
    options.allow_undersampled = true;
    const auto samples = numbered(parts.shape);
    const Slice slice = read_slice(*open_scan(written_fastmri(parts), options), 0);
    EXPECT_EQ(slice.height, 2);
    EXPECT_EQ(slice.width, 4);
    EXPECT_EQ(slice.samples[8 + 4 + 3], samples[8 + 3 * 2 + 1]);
  }
}

TEST(FastMri, refuses_a_mask_that_leaves_out_columns_of_the_readout) {
  Parts parts;
  parts.xml = mrd_xml(matrix_of(2, 4, 2));
  parts.mask = {1, 0};
  ReadOptions options;
  options.allow_undersampled = true;
  EXPECT_NE(refusal_of(written_fastmri(parts), options).find("1 of 2 columns, which are the readout"),
            std::string::npos);
  parts.mask = {1, 1};
  EXPECT_EQ(refusal_of(written_fastmri(parts)), "accepted");
}

TEST(FastMri, knows_the_share_of_zero_lines_that_no_mask_tells_of_whatever_coils_are_dead) {
  Parts parts;  // (slices, coils, rows, columns)
  parts.zero = [](std::size_t slice, std::size_t coil, std::size_t row) {
    return slice == 0 && (coil == 0 || row % 4 == 1);
  };
  const auto scan = open_scan(written_fastmri(parts), {});
  EXPECT_DOUBLE_EQ(scan->summary().zero_fraction, 0.25);
  EXPECT_TRUE(warns(*scan, "25.0 % of the samples are zero: taken as not acquired"));
}

TEST(FastMri, refuses_a_header_that_contradicts_the_samples) {
  Parts parts;
  parts.xml = mrd_xml(matrix_of(7, 2, 7));
  EXPECT_NE(refusal_of(written_fastmri(parts)).find("7 readout samples"), std::string::npos);
  parts.xml = "no header";
  EXPECT_NE(refusal_of(written_fastmri(parts)).find("not well-formed XML"), std::string::npos);
}

TEST(FastMri, refuses_a_dataset_much_larger_than_its_file) {
  const std::string path = fresh_path(".h5");
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t type = complex_type("r", "i");
  const std::vector<hsize_t> shape{1, 16, 65536, 65536};
  const std::vector<hsize_t> chunk{1, 1, 64, 64};
  const hid_t space = H5Screate_simple(4, shape.data(), nullptr);
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(properties, 4, chunk.data());
  H5Dclose(H5Dcreate2(file, "kspace", type, space, H5P_DEFAULT, properties, H5P_DEFAULT));
  H5Pclose(properties);
  H5Sclose(space);
  H5Tclose(type);
  H5Fclose(file);
  EXPECT_NE(refusal_of(path).find("cannot justify"), std::string::npos);
}

}  // namespace
}  // namespace mriembed::io::testing_files
