#include "process/out_of_process_scan.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>

#include "process/scan_reader_process.hpp"
#include "process/scan_stream.hpp"
#include "process/shared_slots.hpp"
#include "size_limits.hpp"

namespace mriembed::io {

namespace {

std::int64_t size_of(const std::string& path) {
  std::error_code failure;
  const auto size = std::filesystem::file_size(path, failure);
  return failure ? 0 : static_cast<std::int64_t>(size);
}

class OutOfProcessScan final : public ScanReader {
 public:
  OutOfProcessScan(const std::string& program, const std::string& path, const ReadOptions& options)
      : file_size_(size_of(path)), slots_(SharedSlots::make()), reader_(program, {path, options}, slots_.descriptor()) {
    facts_ = decoded_facts(reader_.answer(AnswerKind::opened));
  }

  [[nodiscard]] const ScanSummary& summary() const override { return facts_.summary; }
  [[nodiscard]] const std::optional<NoiseCovariance>& noise_covariance() const override { return facts_.noise.front(); }
  [[nodiscard]] const std::optional<NoiseCovariance>& noise_of(int measurement) const override {
    return facts_.noise.at(static_cast<std::size_t>(measurement));
  }

  [[nodiscard]] const HeaderFacts& header_of(int measurement) const override {
    return facts_.headers.at(static_cast<std::size_t>(measurement));
  }

  void read(std::int64_t index, Slice& slice) override {
    reader_.request(index);
    const std::size_t count = decode_slice_head(reader_.answer(AnswerKind::slice), file_size_, slice);
    slice.network_input.clear();
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
  ScanFacts facts_;
};

}  // namespace

std::unique_ptr<ScanReader> open_out_of_process_scan(const std::string& program, const std::string& path,
                                                     const ReadOptions& options) {
  return std::make_unique<OutOfProcessScan>(program, path, options);
}

}  // namespace mriembed::io
