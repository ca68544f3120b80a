#include "process/scan_stream.hpp"

#include <cmath>

#include "../scan_files.hpp"

namespace mriembed::io::testing_files {
namespace {

ScanSummary some_summary() {
  ScanSummary summary;
  summary.format = "fastMRI";
  summary.coils = 2;
  summary.encoded_x = 8;
  summary.encoded_y = 4;
  summary.geometry = {4, 3, 1.25};
  summary.slices = 3;
  summary.noise_samples = 17;
  summary.zero_fraction = 0.25;
  summary.notes = {"one", "two"};
  summary.header.vendor = "vendor";
  summary.header.series_time = "12:00:00";
  summary.header.field_strength_t = 3;
  summary.header.te_ms = {2.5, 5};
  summary.header.coil_names = {"HEA1", "", "HEA3"};
  summary.warnings = {"three"};
  summary.zero_filled = true;
  return summary;
}

class SomeScan final : public ScanReader {
 public:
  explicit SomeScan(ScanSummary summary, std::optional<NoiseCovariance> noise = std::nullopt)
      : summary_(std::move(summary)), noise_(std::move(noise)) {}
  [[nodiscard]] const ScanSummary& summary() const override { return summary_; }
  [[nodiscard]] const std::optional<NoiseCovariance>& noise_covariance() const override { return noise_; }
  void read(std::int64_t /*index*/, Slice& /*slice*/) override {}

 private:
  ScanSummary summary_;
  std::optional<NoiseCovariance> noise_;
};

std::string facts_of(const ScanSummary& summary, const std::optional<NoiseCovariance>& noise = std::nullopt) {
  return encoded_facts(SomeScan(summary, noise));
}

TEST(ScanStream, carries_the_facts_of_a_scan) {
  const NoiseCovariance noise{2, {{1, 0}, {2, -1}, {2, 1}, {3, 0}}, {1}, 2.5};
  const ScanFacts received = decoded_facts(facts_of(some_summary(), noise));
  EXPECT_EQ(received.summary.format, "fastMRI");
  EXPECT_EQ(received.summary.domain, Domain::kspace);
  EXPECT_EQ(received.summary.geometry, (SliceGeometry{4, 3, 1.25}));
  EXPECT_EQ(received.summary.slices, 3);
  EXPECT_EQ(received.summary.noise_samples, 17);
  EXPECT_EQ(received.summary.zero_fraction, 0.25);
  EXPECT_TRUE(received.summary.zero_filled);
  EXPECT_EQ(received.summary.notes, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(received.summary.header, some_summary().header);
  EXPECT_EQ(received.summary.warnings, std::vector<std::string>{"three"});
  ASSERT_EQ(received.noise.size(), 1U);
  ASSERT_TRUE(received.noise[0].has_value());
  EXPECT_EQ(received.noise[0]->values, noise.values);
  EXPECT_EQ(received.noise[0]->dead_channels, noise.dead_channels);
  EXPECT_EQ(received.noise[0]->sample_time_us, 2.5);
  EXPECT_FALSE(decoded_facts(facts_of(some_summary())).noise[0].has_value());
}

TEST(ScanStream, refuses_facts_that_cannot_be) {
  const auto refuses = [](const std::function<void(ScanSummary&)>& change) {
    ScanSummary summary = some_summary();
    change(summary);
    EXPECT_THROW(decoded_facts(facts_of(summary)), Error);
  };
  refuses([](ScanSummary& summary) { summary.coils = 0; });
  refuses([](ScanSummary& summary) { summary.coils = 1025; });
  refuses([](ScanSummary& summary) { summary.slices = -1; });
  refuses([](ScanSummary& summary) { summary.geometry.readout_width = 9; });
  refuses([](ScanSummary& summary) { summary.geometry.phase_height = 5; });
  refuses([](ScanSummary& summary) { summary.geometry.pixel_aspect = 0; });
  refuses([](ScanSummary& summary) { summary.measurements = 0; });
  refuses([](ScanSummary& summary) { summary.zero_fraction = 1.5; });
  refuses([](ScanSummary& summary) { summary.notes.assign(1000, ""); });
  refuses([](ScanSummary& summary) { summary.header.te_ms.assign(2000, 1); });
  refuses([](ScanSummary& summary) { summary.header.field_strength_t = -1; });
  refuses([](ScanSummary& summary) { summary.header.coil_names.assign(2000, ""); });
  refuses([](ScanSummary& summary) { summary.format.assign(5000, 'x'); });
  EXPECT_THROW(decoded_facts(facts_of(some_summary(), NoiseCovariance{2, {1.0, 0.0, 0.0, 1.0}, {}, -1})), Error);
  EXPECT_THROW(decoded_facts(facts_of(some_summary(), NoiseCovariance{1, {1.0}})), Error);
}

TEST(ScanStream, refuses_facts_cut_anywhere_or_continued) {
  const std::string whole = facts_of(some_summary());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THROW(decoded_facts(whole.substr(0, length)), Error) << length;
  }
  EXPECT_THROW(decoded_facts(whole + '\0'), Error);
}

TEST(ScanStream, carries_the_head_of_a_slice) {
  Slice slice;
  slice.label = {1, 2, 3, 4, 5, 6, 7};
  slice.geometry = {2, 0, 0.5};
  slice.channels = 2;
  slice.height = 3;
  slice.width = 4;
  Slice received;
  EXPECT_EQ(decode_slice_head(encoded_slice_head(slice), 1000, received), 24U);
  EXPECT_EQ(received.label.slice, 1);
  EXPECT_EQ(received.label.partition, 6);
  EXPECT_EQ(received.label.measurement, 7);
  EXPECT_FALSE(received.label.position_mm.has_value());
  EXPECT_EQ(received.geometry, slice.geometry);
  EXPECT_EQ(received.width, 4);
}

TEST(ScanStream, carries_the_time_of_a_sample) {
  Slice slice;
  slice.label.sample_time_us = 7.5;
  slice.channels = slice.height = slice.width = 1;
  Slice received;
  decode_slice_head(encoded_slice_head(slice), 1000, received);
  EXPECT_EQ(received.label.sample_time_us, 7.5);
  slice.label.sample_time_us = -1;
  EXPECT_THROW(decode_slice_head(encoded_slice_head(slice), 1000, received), Error);
}

TEST(ScanStream, carries_the_number_of_averages) {
  Slice slice;
  slice.label.averages = 3;
  slice.channels = slice.height = slice.width = 1;
  Slice received;
  decode_slice_head(encoded_slice_head(slice), 1000, received);
  EXPECT_EQ(received.label.averages, 3);
  slice.label.averages = -1;
  EXPECT_THROW(decode_slice_head(encoded_slice_head(slice), 1000, received), Error);
}

TEST(ScanStream, carries_where_a_slice_lies) {
  Slice slice;
  slice.label.position_mm = {1.5, -2, 3};
  slice.channels = slice.height = slice.width = 1;
  Slice received;
  decode_slice_head(encoded_slice_head(slice), 1000, received);
  EXPECT_EQ(received.label.position_mm, slice.label.position_mm);
  slice.label.position_mm = {1.5, std::nan(""), 3};
  EXPECT_THROW(decode_slice_head(encoded_slice_head(slice), 1000, received), Error);
}

TEST(ScanStream, refuses_samples_that_the_file_cannot_justify) {
  Slice slice;
  slice.channels = 1024;
  slice.height = slice.width = std::int64_t{1} << 30U;
  Slice received;
  EXPECT_THROW(decode_slice_head(encoded_slice_head(slice), 1000, received), Error);
  slice.height = slice.width = 1000;
  EXPECT_THROW(decode_slice_head(encoded_slice_head(slice), 1000, received), Error);
}

TEST(ScanStream, refuses_sizes_that_cannot_be) {
  const auto refuses = [](std::int64_t channels, std::int64_t height, std::int64_t width) {
    Slice slice;
    slice.channels = channels;
    slice.height = height;
    slice.width = width;
    Slice received;
    EXPECT_THROW(decode_slice_head(encoded_slice_head(slice), std::int64_t{1} << 40U, received), Error);
  };
  refuses(-1, 1, 1);
  refuses(0, 1, 1);
  refuses(1025, 1, 1);
  refuses(1, 0, 1);
  refuses(1, 1, 16385);
  refuses(std::int64_t{1} << 62U, 4, 4);
}

TEST(ScanStream, refuses_a_head_cut_anywhere_or_continued) {
  Slice slice;
  slice.channels = slice.height = slice.width = 1;
  const std::string whole = encoded_slice_head(slice);
  Slice received;
  EXPECT_EQ(decode_slice_head(whole, 1000, received), 1U);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THROW(decode_slice_head(whole.substr(0, length), 1000, received), Error) << length;
  }
  EXPECT_THROW(decode_slice_head(whole + '\0', 1000, received), Error);
}

TEST(ScanStream, refuses_network_input_which_no_hdf5_scan_has) {
  ScanSummary summary = some_summary();
  summary.domain = Domain::network_input;
  EXPECT_THROW(decoded_facts(facts_of(summary)), Error);
}

}  // namespace
}  // namespace mriembed::io::testing_files
