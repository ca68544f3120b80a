#include "numpy.hpp"

#include <algorithm>
#include <limits>

#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

// (slices, coils, y, x) = (2, 3, 2, 4), row-major, every sample another.
std::vector<Complex> numbered() {
  std::vector<Complex> samples(48);
  for (std::size_t index = 0; index < samples.size(); ++index) {
    samples[index] = {static_cast<float>(index + 1), -static_cast<float>(index)};
  }
  return samples;
}

void expect_numbered(const std::string& path) {
  const auto samples = numbered();
  const auto scan = open_scan(path, {});
  EXPECT_EQ(scan->summary().format, "NumPy");
  EXPECT_EQ(scan->summary().slices, 2);
  EXPECT_EQ(scan->summary().coils, 3);
  for (std::int64_t index : {1, 0}) {
    const Slice slice = read_slice(*scan, index);
    EXPECT_EQ(slice.label.slice, index);
    EXPECT_EQ(slice.channels, 3);
    EXPECT_EQ(slice.height, 2);
    EXPECT_EQ(slice.width, 4);
    EXPECT_EQ(slice.samples, std::vector<Complex>(samples.begin() + 24 * index, samples.begin() + 24 * (index + 1)));
  }
}

TEST(NumpyReader, reads_row_major_complex64) {
  expect_numbered(written(".npy", npy_bytes("<c8", false, "2, 3, 2, 4", bytes_of(numbered()))));
}

TEST(NumpyReader, warns_where_the_signal_lies_far_from_the_middle_of_an_array) {
  for (const std::size_t peak : {32U, 0U}) {  // of a Fourier transform without a shift
    std::vector<Complex> samples(std::size_t{64} * 64, 0.01F);
    samples[peak * 64 + peak] = 100;
    const auto scan = open_scan(written(".npy", npy_bytes("<c8", false, "1, 64, 64", bytes_of(samples))), {});
    EXPECT_EQ(warns(*scan, "the signal peaks 32 samples from the centre of k-space along y"), peak == 0);
    EXPECT_EQ(warns(*scan, "the signal peaks 32 samples from the centre of k-space along x"), peak == 0);
  }
}

TEST(NumpyReader, reads_fortran_order) {
  std::vector<Complex> reordered(48);
  const auto samples = numbered();
  for (std::size_t s = 0; s < 2; ++s) {
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t y = 0; y < 2; ++y) {
        for (std::size_t x = 0; x < 4; ++x) {
          reordered[s + 2 * (c + 3 * (y + 2 * x))] = samples[((s * 3 + c) * 2 + y) * 4 + x];
        }
      }
    }
  }
  expect_numbered(written(".npy", npy_bytes("<c8", true, "2, 3, 2, 4", bytes_of(reordered))));
}

TEST(NumpyReader, reads_complex128) {
  std::vector<std::complex<double>> wide;
  for (const Complex& sample : numbered()) {
    wide.emplace_back(sample);
  }
  expect_numbered(written(".npy", npy_bytes("<c16", false, "2, 3, 2, 4", bytes_of(wide))));
}

TEST(NumpyReader, reads_big_endian) {
  std::string bytes = bytes_of(numbered());
  for (std::size_t at = 0; at < bytes.size(); at += 4) {
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.begin() + static_cast<std::ptrdiff_t>(at + 4));
  }
  expect_numbered(written(".npy", npy_bytes(">c8", false, "2, 3, 2, 4", bytes)));
}

TEST(NumpyReader, reads_format_version_2) {
  std::string file = npy_bytes("<c8", false, "2, 3, 2, 4", bytes_of(numbered()));
  file[6] = 2;
  file.insert(10, std::string(2, '\0'));
  expect_numbered(written(".npy", file));
}

TEST(NumpyReader, reads_headers_of_other_writers) {
  expect_numbered(written(".npy", npy_bytes("<c8", false, "2L, 3L, 2L, 4L", bytes_of(numbered()))));
  expect_numbered(written(".npy", npy_bytes("=c8", false, "2, 3, 2, 4", bytes_of(numbered()))));
  std::string quoted = npy_bytes("<c8", false, "2, 3, 2, 4", bytes_of(numbered()));
  std::replace(quoted.begin(), quoted.begin() + static_cast<std::ptrdiff_t>(quoted.find('}')), '\'', '"');
  expect_numbered(written(".npy", quoted));
}

TEST(NumpyReader, takes_three_dimensions_as_one_slice) {
  const auto scan = open_scan(written(".npy", npy_bytes("<c8", false, "6, 2, 4", bytes_of(numbered()))), {});
  EXPECT_EQ(scan->summary().slices, 1);
  EXPECT_EQ(scan->summary().coils, 6);
  EXPECT_EQ(scan->summary().domain, Domain::kspace);
}

TEST(NumpyReader, takes_images_where_it_is_told_so) {
  ReadOptions options;
  options.domain = Domain::image;
  const auto scan = open_scan(written(".npy", npy_bytes("<c8", false, "6, 2, 4", bytes_of(numbered()))), options);
  EXPECT_EQ(scan->summary().domain, Domain::image);
}

TEST(NumpyReader, takes_real_arrays_as_network_input) {
  const std::vector<float> values{1, 2, 3, 4, 5, 6, 7, 8};
  const auto scan = open_scan(written(".npy", npy_bytes("<f4", false, "1, 4, 2, 1", bytes_of(values))), {});
  EXPECT_EQ(scan->summary().domain, Domain::network_input);
  EXPECT_EQ(scan->summary().coils, 2);
  EXPECT_EQ(read_slice(*scan, 0).network_input, values);
}

TEST(NumpyReader, counts_the_samples_that_are_zero) {
  std::vector<Complex> samples(8, Complex(1));
  samples[0] = samples[5] = 0;
  const auto scan = open_scan(written(".npy", npy_bytes("<c8", false, "1, 2, 4", bytes_of(samples))), {});
  EXPECT_DOUBLE_EQ(scan->summary().zero_fraction, 0.25);
}

TEST(NumpyReader, takes_a_single_zero_of_many_samples_as_measured) {
  std::vector<Complex> samples(2000, Complex(1));
  samples[7] = 0;
  const auto scan = open_scan(written(".npy", npy_bytes("<c8", false, "1, 40, 50", bytes_of(samples))), {});
  EXPECT_EQ(scan->summary().zero_fraction, 0);
  EXPECT_TRUE(scan->summary().warnings.empty());
}

TEST(NumpyReader, refuses_a_file_that_is_cut_short_or_too_long) {
  const std::string whole = npy_bytes("<c8", false, "2, 3, 2, 4", bytes_of(numbered()));
  EXPECT_NE(refusal_of(written(".npy", whole.substr(0, whole.size() - 1))).find("cut short or damaged"),
            std::string::npos);
  EXPECT_NE(refusal_of(written(".npy", whole + "x")).find("cut short or damaged"), std::string::npos);
  for (std::size_t length = 6; length < 60; ++length) {
    EXPECT_NE(refusal_of(written(".npy", whole.substr(0, length))), "accepted") << length;
  }
}

TEST(NumpyReader, refuses_a_shape_whose_product_overflows) {
  const std::string huge = "4294967296, 4294967296, 4294967296";
  EXPECT_NE(refusal_of(written(".npy", npy_bytes("<c8", false, huge, ""))).find("larger than any memory"),
            std::string::npos);
  EXPECT_NE(refusal_of(written(".npy", npy_bytes("<c8", false, "99999999999999999999, 1, 1", "")))
                .find("not a list of sizes"),
            std::string::npos);
}

TEST(NumpyReader, refuses_more_coils_than_a_scanner_has) {
  const std::vector<Complex> samples(1025, Complex(1));
  EXPECT_NE(refusal_of(written(".npy", npy_bytes("<c8", false, "1025, 1, 1", bytes_of(samples)))).find("1025 coils"),
            std::string::npos);
}

TEST(NumpyReader, shows_no_bytes_of_a_damaged_header) {
  const std::string refusal = refusal_of(written(".npy", npy_bytes("\x1b[\xc4", false, "1, 2, 2", "x")));
  EXPECT_NE(refusal.find("type '?[?'"), std::string::npos);
}

TEST(NumpyReader, refuses_pickled_objects_by_name) {
  EXPECT_NE(refusal_of(written(".npy", npy_bytes("|O", false, "1, 2, 2", "x"))).find("pickle"), std::string::npos);
}

TEST(NumpyReader, refuses_types_and_shapes_that_are_no_scan) {
  EXPECT_NE(refusal_of(written(".npy", npy_bytes("<i2", false, "1, 2, 2", "12345678"))).find("type '<i2'"),
            std::string::npos);
  EXPECT_NE(refusal_of(written(".npy", npy_bytes("<c8", false, "2, 3", bytes_of(numbered())))).find("2 dimensions"),
            std::string::npos);
  EXPECT_NE(refusal_of(written(".npy", npy_bytes("<c8", false, "0, 3, 2, 2", ""))).find("empty axis"),
            std::string::npos);
  const std::string odd = refusal_of(written(".npy", npy_bytes("<f4", false, "3, 1, 1", std::string(12, 'a'))));
  EXPECT_NE(odd.find("an even number: magnitudes of all images, then their real parts"), std::string::npos) << odd;
}

TEST(NumpyReader, refuses_samples_too_large_for_single_precision) {
  const std::vector<std::complex<double>> samples{1.0, {1e300, 0}, 1.0, 1.0};
  EXPECT_NE(refusal_of(written(".npy", npy_bytes("<c16", false, "1, 2, 2", bytes_of(samples)))).find("too large"),
            std::string::npos);
}

}  // namespace
}  // namespace mriembed::io::testing_files
