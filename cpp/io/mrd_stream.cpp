#include "mrd_stream.hpp"

#include <algorithm>
#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "file_bytes.hpp"
#include "measurements.hpp"
#include "mrd_messages.hpp"
#include "mriembed/error.hpp"
#include "size_limits.hpp"

namespace mriembed::io {

namespace {

// "1 image message", "2 image messages".
std::string counted(std::int64_t count, const std::string& kind) {
  return std::to_string(count) + " " + kind + (count == 1 ? " message" : " messages");
}

// Of one measurement.
class StreamAcquisitions final : public Acquisitions {
 public:
  explicit StreamAcquisitions(std::shared_ptr<FileBytes> bytes) : bytes_(std::move(bytes)) {}

  void add(const AcquisitionMessage& message) {
    headers_.push_back(message.header);
    places_.push_back(message.samples);
  }

  void read(const std::vector<std::size_t>& indices, const Take& take) const override {
    std::vector<std::complex<float>> samples;
    for (const std::size_t index : indices) {
      const Acquisition& header = headers_[index];
      samples.resize(std::size_t{header.samples} * header.coils);
      bytes_->go_to(places_[index]);
      bytes_->read(samples.data(), samples.size() * sizeof(samples[0]));
      take(index, samples);
    }
  }

 private:
  std::shared_ptr<FileBytes> bytes_;
  std::vector<std::int64_t> places_;  // of each acquisition's samples
};

struct StreamMeasurement {
  std::int64_t begin = 0;  // in the file
  std::int64_t end = 0;
  std::string xml;
  std::shared_ptr<StreamAcquisitions> acquisitions;
  std::int64_t images = 0;
  std::string refusal;  // why it cannot be read; empty: it can
};

// What a stream holds, found in one pass over its messages. Memory: what headers say of the scan and its acquisitions.
class StreamContents {
 public:
  explicit StreamContents(const std::string& path) : bytes_(std::make_shared<FileBytes>(path)) {
    std::int64_t message = 0;  // where it begins
    try {
      while (bytes_->left() > 0 && !(closed_ && only_other_bytes_follow())) {
        message = bytes_->place();
        take(static_cast<Message>(bytes_->number<std::uint16_t>()), message);
      }
      if (!closed_) {
        warnings_.emplace_back("the stream has no end (CLOSE): the scan may have gone on");
      } else if (bytes_->left() > 0) {
        warnings_.push_back(std::to_string(bytes_->left()) + " bytes after the stream's end (CLOSE) are left out");
      }
    } catch (const FileBytes::CutShort&) {
      warnings_.push_back("the stream is cut short within the message at byte " + std::to_string(message) +
                          ": what came before is read");
    } catch (const Error& error) {
      if (measurements_.empty()) {
        throw;
      }
      const std::string reason = error.what() + std::string("; nothing behind it can be read");
      if (measuring_) {
        refuse_measurement(reason);
      } else {
        warnings_.push_back(reason);
      }
    }
    if (measurements_.empty()) {
      refuse(images_ > 0 ? images_alone(images_) : "an MRD stream without a whole header");
    }
  }

  // They can be read as long as this is there.
  [[nodiscard]] std::vector<RawMeasurement> measurements() const {
    std::vector<RawMeasurement> result;
    result.reserve(measurements_.size());
    for (const StreamMeasurement& measurement : measurements_) {
      result.push_back({"scan_" + std::to_string(result.size() + 1), measurement.end - measurement.begin,
                        [&measurement] {
                          check_readable(measurement);
                          return parse_mrd_header(measurement.xml);
                        },
                        [&measurement] {
                          check_readable(measurement);
                          return measurement.acquisitions;
                        }});
    }
    return result;
  }

  [[nodiscard]] std::int64_t size() const { return bytes_->size(); }
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }
  [[nodiscard]] std::vector<std::string> notes() const {
    std::vector<std::string> notes;
    for (const auto& [count, kind] : {std::pair{images_, "image"},
                                      {waveforms_, "waveform"},
                                      {texts_, "text"},
                                      {configurations_, "configuration"}}) {
      if (count > 0) {
        notes.push_back(counted(count, kind) + " left out");
      }
    }
    return notes;
  }

 private:
  static std::string images_alone(std::int64_t images) {
    return "it holds " + counted(images, "image") +
           " and no acquisitions; acquisitions are read from MRD streams, complex images from MRD HDF5 files";
  }

  static void check_readable(const StreamMeasurement& measurement) {
    if (!measurement.refusal.empty()) {
      refuse(measurement.refusal);
    }
    if (measurement.acquisitions->headers().empty()) {
      refuse(measurement.images > 0 ? images_alone(measurement.images) : "it holds no acquisitions");
    }
  }

  // Whether what follows a session is no message of another one.
  [[nodiscard]] bool only_other_bytes_follow() {
    const std::int64_t place = bytes_->place();
    if (bytes_->left() < static_cast<std::int64_t>(sizeof(std::uint16_t))) {
      return true;
    }
    const bool other = !is_message(bytes_->number<std::uint16_t>());
    bytes_->go_to(place);
    return other;
  }

  void begin_measurement(std::int64_t place) {
    measurements_.push_back({place, place, {}, std::make_shared<StreamAcquisitions>(bytes_), 0, {}});
    measuring_ = true;
  }

  // The first reason is the one that counts.
  void refuse_measurement(const std::string& reason) {
    if (measurements_.back().refusal.empty()) {
      measurements_.back().refusal = reason;
    }
  }

  void take(Message message, std::int64_t place) {
    closed_ = false;
    switch (message) {
      case Message::config_file:
      case Message::config_text:
        skip_text(message, *bytes_);
        ++configurations_;
        break;
      case Message::text:
        skip_text(message, *bytes_);
        ++texts_;
        break;
      case Message::query:
        static_cast<void>(take_query(*bytes_));
        break;
      case Message::header: {
        std::string xml = take_text(*bytes_);
        begin_measurement(place);
        measurements_.back().xml = std::move(xml);
        break;
      }
      case Message::close:
        closed_ = true;
        break;
      case Message::acquisition:
        add_acquisition(place);
        break;
      case Message::image:
        skip_image(*bytes_);
        ++images_;
        if (measuring_) {
          ++measurements_.back().images;
        }
        break;
      case Message::waveform:
        skip_waveform(*bytes_);
        ++waveforms_;
        break;
      default:
        refuse("the stream has a message of the unknown number " + std::to_string(static_cast<std::uint16_t>(message)) +
               " at byte " + std::to_string(place) + ": it is damaged, or of another protocol than MRD v1");
    }
    if (measuring_) {
      measurements_.back().end = bytes_->place();
      measuring_ = !closed_;
    }
  }

  void add_acquisition(std::int64_t place) {
    const AcquisitionMessage message = take_acquisition(*bytes_);
    if (!measuring_) {
      begin_measurement(place);
      refuse_measurement("the acquisition at byte " + std::to_string(place) + " comes without a header before it");
    }
    if (message.compression > 0) {
      refuse_measurement("the acquisition at byte " + std::to_string(place) + " is compressed (flag " +
                         std::to_string(message.compression) + "); have the client send it uncompressed");
    }
    skip_samples(message, *bytes_);
    measurements_.back().acquisitions->add(message);
  }

  std::shared_ptr<FileBytes> bytes_;
  std::vector<StreamMeasurement> measurements_;
  bool measuring_ = false;  // the last measurement has not ended
  bool closed_ = false;     // the last message was CLOSE
  std::int64_t images_ = 0;
  std::int64_t waveforms_ = 0;
  std::int64_t texts_ = 0;
  std::int64_t configurations_ = 0;
  std::vector<std::string> warnings_;
};

// A reader that says of its scan what the stream says beside it.
class MrdStreamReader final : public ScanReader {
 public:
  MrdStreamReader(const StreamContents& stream, const ReadOptions& options)
      : scan_(open_measurements(stream.measurements(), stream.size(), options)), summary_(scan_->summary()) {
    summary_.format = "MRD raw data, a stream";
    summary_.warnings.insert(summary_.warnings.begin(), stream.warnings().begin(), stream.warnings().end());
    const std::vector<std::string> notes = stream.notes();
    summary_.notes.insert(summary_.notes.end(), notes.begin(), notes.end());
  }

  [[nodiscard]] const ScanSummary& summary() const override { return summary_; }
  [[nodiscard]] const std::optional<NoiseCovariance>& noise_covariance() const override {
    return scan_->noise_covariance();
  }
  [[nodiscard]] const std::optional<NoiseCovariance>& noise_of(int measurement) const override {
    return scan_->noise_of(measurement);
  }
  [[nodiscard]] const HeaderFacts& header_of(int measurement) const override { return scan_->header_of(measurement); }
  void read(std::int64_t index, Slice& slice) override { scan_->read(index, slice); }

 private:
  std::unique_ptr<ScanReader> scan_;
  ScanSummary summary_;
};

}  // namespace

bool is_mrd_stream(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) {
    return false;
  }
  FileBytes bytes(path);
  constexpr int most_before_header = 8;
  try {
    for (int number = 0; number < most_before_header; ++number) {
      const auto message = static_cast<Message>(bytes.number<std::uint16_t>());
      switch (message) {
        case Message::config_file:
        case Message::config_text:
        case Message::text:
          skip_text(message, bytes);
          break;
        case Message::query:
          static_cast<void>(take_query(bytes));
          break;
        case Message::close:  // of a session without a scan
          break;
        case Message::header: {
          constexpr std::uint32_t most = 64;  // of the beginning, in which a tag opens
          const auto length = bytes.number<std::uint32_t>();
          return bytes.text(std::min(length, most)).find('<') != std::string::npos;
        }
        case Message::image:
          skip_image(bytes);
          return true;
        default:
          return false;
      }
    }
  } catch (const FileBytes::CutShort&) {
    return false;
  } catch (const Error&) {
    return false;
  }
  return false;
}

std::unique_ptr<ScanReader> open_mrd_stream(const std::string& path, const ReadOptions& options) {
  const StreamContents stream(path);
  try {
    if (options.noise == NoiseUse::alone) {
      return open_measurements(stream.measurements(), stream.size(), options);
    }
    return std::make_unique<MrdStreamReader>(stream, options);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::bad_input || stream.warnings().empty()) {
      throw;
    }
    refuse(std::string(error.what()) + "; " + stream.warnings().front());  // it may be the cause
  }
}

}  // namespace mriembed::io
