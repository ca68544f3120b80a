#include "live_streams.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "byte_source.hpp"
#include "mrd_messages.hpp"
#include "stream_messages.hpp"

namespace mriembed::io::testing_files {

namespace {

class MemoryBytes final : public ByteSource {
 public:
  explicit MemoryBytes(std::string bytes) : bytes_(std::move(bytes)) {}
  std::size_t read_some(void* to, std::size_t most) override {
    const auto begin = static_cast<std::size_t>(place_);
    const std::size_t count = std::min(most, bytes_.size() - begin);
    std::memcpy(to, bytes_.data() + begin, count);
    place_ += static_cast<std::int64_t>(count);
    return count;
  }

 private:
  std::string bytes_;
};

void append_slices(LiveScan& scan, std::size_t after, LiveSlices& result) {
  Slice slice;
  while (scan.next(slice)) {
    result.slices.push_back({slice, after});
  }
  for (const std::string& warning : scan.take_warnings()) {
    result.warnings.push_back(warning);
  }
}

using Key = std::array<int, 6>;
Key key_of(const SliceLabel& label) {
  return {label.slice, label.contrast, label.phase, label.repetition, label.set, label.partition};
}

}  // namespace

void add_line(LiveScan& scan, const ISMRMRD::Acquisition& line) {
  MemoryBytes bytes(acquisition_message(line));
  bytes.skip(sizeof(std::uint16_t));
  const AcquisitionMessage message = take_acquisition(bytes);
  std::vector<std::complex<float>> samples(std::size_t{message.header.samples} * message.header.coils);
  bytes.read(samples.data(), samples.size() * sizeof(samples[0]));
  scan.add(message.header, samples);
}

LiveSlices read_live(const StreamedScan& scan, const ReadOptions& options, const std::vector<MeasuredNoise>& others) {
  LiveScan live_scan(parse_mrd_header(scan.xml), options, others);
  LiveSlices result;
  std::size_t count = 0;
  live_scan.set_listener([&](const SliceAssembler::PlacedLine& placed) {
    const auto [coils, height, width] = live_scan.shape();
    ToldLine told{placed.key, placed.partition, placed.line, placed.again, count, {}};
    for (std::int64_t coil = 0; coil < coils; ++coil) {
      const std::complex<float>* const row = placed.samples + (coil * height + placed.line) * width;
      told.samples.insert(told.samples.end(), row, row + width);
    }
    result.told.push_back(std::move(told));
  });
  for (const ISMRMRD::Acquisition& line : scan.lines) {
    add_line(live_scan, line);
    append_slices(live_scan, ++count, result);
  }
  live_scan.end();
  append_slices(live_scan, count, result);
  result.noise = live_scan.noise_covariance();
  result.noise_source = live_scan.noise_source();
  result.held = live_scan.is_held();
  return result;
}

bool warned(const LiveSlices& result, const std::string& words) {
  return std::ranges::any_of(result.warnings,
                             [&](const std::string& warning) { return warning.find(words) != std::string::npos; });
}

// Of a stream: libismrmrd takes megabytes of memory for each line that it writes into HDF5, and mrd_stream_test
// compares both kinds of files.
void expect_as_in_file(const StreamedScan& scan, const ReadOptions& options) {
  std::string bytes = header_message(scan.xml);
  for (const ISMRMRD::Acquisition& line : scan.lines) {
    bytes += acquisition_message(line);
  }
  const auto file = open_scan(written(".mrd", bytes + close_message()), options);
  const LiveSlices found = read_live(scan, options);
  ASSERT_EQ(static_cast<std::int64_t>(found.slices.size()), file->summary().slices);
  std::map<Key, const Slice*> by_key;
  for (const GivenSlice& given : found.slices) {
    by_key[key_of(given.slice.label)] = &given.slice;
  }
  for (std::int64_t index = 0; index < file->summary().slices; ++index) {
    const Slice expected = read_slice(*file, index);
    ASSERT_TRUE(by_key.contains(key_of(expected.label)));
    const Slice& slice = *by_key[key_of(expected.label)];
    ASSERT_EQ(slice.samples.size(), expected.samples.size());
    EXPECT_EQ(std::memcmp(slice.samples.data(), expected.samples.data(), slice.samples.size() * sizeof(Complex)), 0);
    EXPECT_EQ(slice.geometry, expected.geometry);
    EXPECT_EQ(slice.label.slab_sampling, expected.label.slab_sampling);
    EXPECT_EQ(slice.label.position_mm, expected.label.position_mm);
  }
  ASSERT_EQ(found.noise.has_value(), file->noise_covariance().has_value());
  EXPECT_TRUE(!found.noise.has_value() || found.noise->values == file->noise_covariance()->values);
}

}  // namespace mriembed::io::testing_files
