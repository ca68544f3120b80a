#include "bart.hpp"

#include <cstdlib>
#include <fstream>
#include <functional>

#include "scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

// Writes a .hdr and .cfl pair; returns the common base of their names.
std::string written_bart(const std::string& dimensions, const std::vector<Complex>& samples) {
  const std::string base = fresh_path("");
  std::ofstream(base + ".hdr") << "# Dimensions\n" << dimensions << "\n# Command\nmade by a test\n";
  std::ofstream(base + ".cfl", std::ios::binary) << bytes_of(samples);
  return base;
}

std::vector<Complex> numbered(std::size_t count) {
  std::vector<Complex> samples(count);
  for (std::size_t index = 0; index < count; ++index) {
    samples[index] = {static_cast<float>(index + 1), 0.5F};
  }
  return samples;
}

TEST(BartReader, takes_x_y_and_coils_from_dimensions_0_1_and_3) {
  const auto samples = numbered(24);  // x 4, y 3, z 1, coils 2
  const std::string base = written_bart("4 3 1 2", samples);
  for (const char* ending : {".cfl", ".hdr", ""}) {
    const auto scan = open_scan(base + ending, {});
    EXPECT_EQ(scan->summary().format, "BART");
    EXPECT_EQ(scan->summary().coils, 2);
    const Slice slice = read_slice(*scan, 0);
    EXPECT_EQ(slice.height, 3);
    EXPECT_EQ(slice.width, 4);
    EXPECT_EQ(slice.samples, samples);
  }
}

TEST(BartReader, warns_where_the_signal_lies_far_from_the_middle_of_an_array) {
  for (const std::size_t peak : {32U, 0U}) {
    std::vector<Complex> samples(std::size_t{64} * 64 * 4, 0.01F);
    samples[(std::size_t{2} * 64 + peak) * 64 + 32] = 100;  // in the central partition of k-space
    EXPECT_EQ(warns(*open_scan(written_bart("64 64 4 1", samples), {}),
                    "the signal peaks 32 samples from the centre of k-space along y"),
              peak == 0);
  }
}

TEST(BartReader, labels_slices_by_their_dimensions) {
  // Echoes (dimension 5) 2, slices (dimension 13) 3; the echo runs faster.
  const auto samples = numbered(24);
  const auto scan = open_scan(written_bart("2 2 1 1 1 2 1 1 1 1 1 1 1 3", samples), {});
  ASSERT_EQ(scan->summary().slices, 6);
  const Slice slice = read_slice(*scan, 5);
  EXPECT_EQ(slice.label.contrast, 1);
  EXPECT_EQ(slice.label.slice, 2);
  EXPECT_EQ(slice.samples, std::vector<Complex>(samples.begin() + 20, samples.end()));
}

TEST(BartReader, gives_the_partitions_of_images_as_they_are) {
  const auto samples = numbered(24);  // x 2, y 2, z 3, coils 2
  ReadOptions options;
  options.domain = Domain::image;
  const auto scan = open_scan(written_bart("2 2 3 2", samples), options);
  ASSERT_EQ(scan->summary().slices, 3);
  const Slice slice = read_slice(*scan, 1);
  EXPECT_EQ(slice.label.partition, 1);
  std::vector<Complex> expected(samples.begin() + 4, samples.begin() + 8);
  expected.insert(expected.end(), samples.begin() + 16, samples.begin() + 20);
  EXPECT_EQ(slice.samples, expected);
}

TEST(BartReader, transforms_kspace_over_z) {
  // Constant along kz: everything lies in the central partition, times sqrt(z).
  const std::vector<Complex> samples(std::size_t{2} * 2 * 4 * 1, Complex(1, 2));
  const auto scan = open_scan(written_bart("2 2 4 1", samples), {});
  for (std::int64_t partition = 0; partition < 4; ++partition) {
    for (const Complex& sample : read_slice(*scan, partition).samples) {
      EXPECT_NEAR(std::abs(sample - (partition == 2 ? Complex(2, 4) : Complex(0))), 0, 1e-6);
    }
  }
}

TEST(BartReader, takes_the_two_axes_of_several_samples_for_the_slice) {
  const auto samples = numbered(24);
  for (const char* dimensions : {"1 4 3 2", "4 1 3 2"}) {
    const auto scan = open_scan(written_bart(dimensions, samples), {});
    EXPECT_EQ(scan->summary().slices, 1);
    EXPECT_EQ(scan->summary().encoded_z, 1);
    const Slice slice = read_slice(*scan, 0);
    EXPECT_EQ(slice.channels, 2);
    EXPECT_EQ(slice.height, 3);
    EXPECT_EQ(slice.width, 4);
    EXPECT_EQ(slice.samples, samples);
  }
}

// 2 coils, 12 lines of 64 samples, whose peaks at sample 32 are these.
std::vector<Complex> lines_with_peaks(const std::function<float(int)>& peak) {
  std::vector<Complex> samples;
  for (int coil = 0; coil < 2; ++coil) {
    for (int line = 0; line < 12; ++line) {
      for (int sample = 0; sample < 64; ++sample) {
        samples.emplace_back(peak(line) / static_cast<float>(1 + std::abs(sample - 32)), 0.01F);
      }
    }
  }
  return samples;
}

TEST(BartReader, refuses_spokes_that_all_pass_through_the_centre) {
  const auto spokes = lines_with_peaks([](int line) { return line % 2 == 0 ? 1.0F : 0.9F; });
  EXPECT_NE(refusal_of(written_bart("1 64 12 2", spokes)).find("radial or spiral k-space"), std::string::npos);
  const auto cartesian = lines_with_peaks([](int line) { return 1.0F / static_cast<float>(1 + std::abs(line - 6)); });
  const auto scan = open_scan(written_bart("1 64 12 2", cartesian), {});
  ASSERT_EQ(scan->summary().notes.size(), 1);
  EXPECT_NE(scan->summary().notes[0].find("not as the spokes of a radial scan"), std::string::npos);
}

TEST(BartReader, refuses_sizes_that_do_not_fit_the_samples) {
  EXPECT_NE(refusal_of(written_bart("4 3 1 3", numbered(24))).find("cut short or damaged"), std::string::npos);
  EXPECT_NE(refusal_of(written_bart("4 3 0 2", numbered(24))).find("at least 1 is right"), std::string::npos);
  EXPECT_NE(refusal_of(written_bart("4 3 1 x", numbered(24))).find("not a size"), std::string::npos);
  EXPECT_NE(refusal_of(written_bart("", numbered(24))), "accepted");
  EXPECT_NE(
      refusal_of(written_bart("9223372036854775807 9223372036854775807", numbered(24))).find("larger than any memory"),
      std::string::npos);
  EXPECT_NE(refusal_of(written_bart("4 3 1 2 1 1 1 1 1 1 1 1 1 1 1 1 2", numbered(48))).find("16 dimensions"),
            std::string::npos);
}

TEST(BartReader, refuses_extents_that_no_scan_has) {
  EXPECT_NE(refusal_of(written_bart("16385 1 1 1", numbered(16385))).find("slices of 1 x 16385 samples; at most 16384"),
            std::string::npos);
  EXPECT_NE(refusal_of(written_bart("1 1 1 1025", numbered(1025))).find("1025 coils; at most 1024"), std::string::npos);
  // The transform over a large prime would take its square in time.
  EXPECT_NE(refusal_of(written_bart("1 1 1031 1", numbered(1031))).find("1031 partitions; at most 1024"),
            std::string::npos);
}

TEST(BartReader, looks_for_sizes_only_at_the_beginning_of_a_header) {
  const std::string base = written_bart("2 2 1 1", numbered(4));
  std::ofstream(base + ".hdr") << std::string(1 << 17U, ' ') << "\n# Dimensions\n2 2 1 1\n";
  EXPECT_NE(refusal_of(base + ".hdr").find("not a scan of a known format"), std::string::npos);
}

TEST(BartReader, refuses_a_header_without_samples) {
  const std::string base = fresh_path("");
  std::ofstream(base + ".hdr") << "# Dimensions\n4 3 1 2\n";
  EXPECT_NE(refusal_of(base + ".hdr").find("belong together"), std::string::npos);
}

}  // namespace
}  // namespace mriembed::io::testing_files
