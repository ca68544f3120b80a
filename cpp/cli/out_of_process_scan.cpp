#include "cli/out_of_process_scan.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

#include "cli/message.hpp"
#include "cli/scan_reader_process.hpp"
#include "cli/shared_slots.hpp"
#include "io/array_files.hpp"
#include "io/magic_bytes.hpp"
#include "io/noise_scan.hpp"
#include "io/scan_stream.hpp"
#include "io/size_limits.hpp"

namespace mriembed::cli {

namespace {

std::vector<std::string> arguments_of(const std::string& path, const io::ReadOptions& options) {
  std::vector<std::string> arguments{path, options.allow_undersampled ? "allow-undersampled" : "complete"};
  if (options.domain.has_value()) {
    arguments.emplace_back(options.domain == io::Domain::image ? "image" : "kspace");
  } else {
    arguments.emplace_back("any");
  }
  arguments.push_back(options.group);
  const bool own = options.noise == io::NoiseUse::own;
  arguments.emplace_back(own ? "own-noise" : options.noise == io::NoiseUse::none ? "no-noise" : "noise-alone");
  return arguments;
}

std::int64_t size_of(const std::string& path) {
  std::error_code failure;
  const auto size = std::filesystem::file_size(path, failure);
  return failure ? 0 : static_cast<std::int64_t>(size);
}

class OutOfProcessScan final : public io::ScanReader {
 public:
  OutOfProcessScan(const std::string& program, const std::string& path, const io::ReadOptions& options)
      : file_size_(size_of(path)),
        slots_(SharedSlots::make()),
        reader_(program, arguments_of(path, options), slots_.descriptor()) {
    facts_ = io::decoded_facts(reader_.answer(io::AnswerKind::opened));
  }

  [[nodiscard]] const io::ScanSummary& summary() const override { return facts_.summary; }
  [[nodiscard]] const std::optional<io::NoiseCovariance>& noise_covariance() const override {
    return facts_.noise.front();
  }
  [[nodiscard]] const std::optional<io::NoiseCovariance>& noise_of(int measurement) const override {
    return facts_.noise.at(static_cast<std::size_t>(measurement));
  }

  [[nodiscard]] const io::HeaderFacts& header_of(int measurement) const override {
    return facts_.headers.at(static_cast<std::size_t>(measurement));
  }

  void read(std::int64_t index, io::Slice& slice) override {
    reader_.request(index);
    const std::size_t count = io::decode_slice_head(reader_.answer(io::AnswerKind::slice), file_size_, slice);
    slice.stacked.clear();
    slice.samples.clear();
    slice.samples.reserve(count);
    for (std::size_t portion = 0; slice.samples.size() < count; ++portion) {
      reader_.await_portion();
      const auto samples = slots_.slot_of(portion).first(std::min(SharedSlots::portion, count - slice.samples.size()));
      slice.samples.insert(slice.samples.end(), samples.begin(), samples.end());
      if (count - slice.samples.size() > (SharedSlots::slots - 1) * SharedSlots::portion) {
        reader_.release_slot();
      }
    }
  }

 private:
  std::int64_t file_size_;
  SharedSlots slots_;
  ScanReaderProcess reader_;
  io::OpenedScan facts_;
};

}  // namespace

std::unique_ptr<io::ScanReader> open_out_of_process_scan(const std::string& program, const std::string& path,
                                                         const io::ReadOptions& options) {
  return std::make_unique<OutOfProcessScan>(program, path, options);
}

std::unique_ptr<io::ScanReader> open_scan_file(const std::string& path, const io::ReadOptions& options) {
  return io::is_hdf5(path) ? open_out_of_process_scan(scan_reader_program(), path, options)
                           : io::open_array_file(path, options);
}

std::optional<io::MeasuredNoise> measured_noise(const std::string& path) {
  if (path.empty()) {
    return std::nullopt;
  }
  io::ReadOptions options;
  options.noise = io::NoiseUse::alone;
  try {
    return io::noise_in(*open_scan_file(path, options), path);
  } catch (const Error& error) {
    throw about_file(path, error);
  }
}

std::unique_ptr<io::ScanReader> open_scan_file(const std::string& path, io::ReadOptions options,
                                               const std::optional<io::MeasuredNoise>& noise) {
  if (!noise.has_value()) {
    return open_scan_file(path, options);
  }
  options.noise = io::NoiseUse::none;
  return io::with_noise(open_scan_file(path, options), *noise);
}

}  // namespace mriembed::cli
