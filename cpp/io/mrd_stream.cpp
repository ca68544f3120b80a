#include "mrd_stream.hpp"

#include <algorithm>
#include <array>
#include <complex>
#include <cstdint>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "mrd_raw.hpp"
#include "noise_scan.hpp"
#include "raw_noise.hpp"
#include "refuse.hpp"

namespace mriembed::io {

namespace {

// Little endian throughout: a number that says what a message is, then its body, whose length follows from what it is.
// Source: doc/mrd_streaming_protocol.md and doc/mrd_messages.md of ISMRMRD.
enum class Message : std::uint16_t {
  config_file = 1,
  config_text = 2,
  header = 3,
  close = 4,
  text = 5,
  acquisition = 1008,
  image = 1022,
  waveform = 1026,
};

constexpr std::int64_t config_file_bytes = 1024;
constexpr std::size_t acquisition_header_bytes = 340;
constexpr std::size_t image_header_bytes = 198;
constexpr std::size_t waveform_header_bytes = 40;

template <typename T>
T number_at(const char* bytes, std::size_t offset) {
  T value{};
  std::memcpy(&value, bytes + offset, sizeof(value));
  return value;
}

// The members that place an acquisition, by their offsets in ISMRMRD_AcquisitionHeader, which is packed.
Acquisition acquisition_of(const std::array<char, acquisition_header_bytes>& bytes) {
  constexpr std::size_t index = 242;
  const auto u16 = [&](std::size_t offset) { return number_at<std::uint16_t>(bytes.data(), offset); };
  Acquisition line;
  line.flags = number_at<std::uint64_t>(bytes.data(), 2);
  line.samples = u16(34);
  line.coils = u16(38);
  line.discard_pre = u16(168);
  line.discard_post = u16(170);
  line.center_sample = u16(172);
  line.encoding_space = u16(174);
  line.sample_time_us = number_at<float>(bytes.data(), 178);
  for (std::size_t axis = 0; axis < line.position_mm.size(); ++axis) {
    line.position_mm[axis] = number_at<float>(bytes.data(), 182 + 4 * axis);
    line.normal[axis] = number_at<float>(bytes.data(), 218 + 4 * axis);
  }
  line.step_1 = u16(index);
  line.step_2 = u16(index + 2);
  line.average = u16(index + 4);
  line.slice = u16(index + 6);
  line.contrast = u16(index + 8);
  line.phase = u16(index + 10);
  line.repetition = u16(index + 12);
  line.set = u16(index + 14);
  line.segment = u16(index + 16);
  for (std::size_t number = 0; number < line.user.size(); ++number) {
    line.user[number] = u16(index + 18 + 2 * number);
  }
  return line;
}

std::int64_t bytes_of_image_type(std::uint16_t type) {
  constexpr std::array<std::int64_t, 9> bytes{0, 2, 2, 4, 4, 4, 8, 8, 16};
  return type < bytes.size() ? bytes.at(type) : 0;
}

// A file from its beginning on. Whatever it is asked for that lies beyond the end is cut_short.
class Bytes {
 public:
  struct CutShort : std::exception {};

  explicit Bytes(const std::string& path)
      : stream_(path, std::ios::binary), size_(static_cast<std::int64_t>(std::filesystem::file_size(path))) {
    if (!stream_) {
      refuse("cannot be opened");
    }
  }

  [[nodiscard]] std::int64_t place() const { return place_; }
  [[nodiscard]] std::int64_t size() const { return size_; }

  void read(void* to, std::size_t count) {
    check(static_cast<std::int64_t>(count));
    stream_.read(static_cast<char*>(to), static_cast<std::streamsize>(count));
    if (!stream_) {
      refuse("cannot be read at byte " + std::to_string(place_));
    }
    place_ += static_cast<std::int64_t>(count);
  }
  template <typename T>
  T number() {
    T value{};
    read(&value, sizeof(value));
    return value;
  }
  std::string text(std::uint64_t length) {
    check_length(length);
    std::string text(static_cast<std::size_t>(length), '\0');
    read(text.data(), text.size());
    return text;
  }
  void skip(std::uint64_t count) {
    check_length(count);
    place_ += static_cast<std::int64_t>(count);
    stream_.seekg(place_);
  }
  void go_to(std::int64_t place) {
    place_ = place;
    stream_.seekg(place);
  }

 private:
  void check(std::int64_t count) const {
    if (count > size_ - place_) {
      throw CutShort();
    }
  }
  void check_length(std::uint64_t count) const {
    if (count > static_cast<std::uint64_t>(size_ - place_)) {
      throw CutShort();
    }
  }

  std::ifstream stream_;
  std::int64_t size_;
  std::int64_t place_ = 0;
};

// Text as some clients send it ends in a NUL that is counted.
std::string without_nul(std::string text) {
  while (!text.empty() && text.back() == '\0') {
    text.pop_back();
  }
  return text;
}

class StreamAcquisitions final : public Acquisitions {
 public:
  explicit StreamAcquisitions(const std::string& path) : bytes_(path) {
    std::int64_t message = 0;  // where it begins
    try {
      while (!closed_ && bytes_.place() < bytes_.size()) {
        message = bytes_.place();
        take(static_cast<Message>(bytes_.number<std::uint16_t>()), message);
      }
      if (!closed_) {
        warnings_.emplace_back("the stream has no end (CLOSE): the scan may have gone on");
      } else if (bytes_.place() < bytes_.size()) {
        warnings_.push_back(std::to_string(bytes_.size() - bytes_.place()) +
                            " bytes after the stream's end (CLOSE) are left out");
      }
    } catch (const Bytes::CutShort&) {
      warnings_.push_back("the stream is cut short within the message at byte " + std::to_string(message) +
                          ": what came before is read");
    }
    if (xml_.empty()) {
      refuse("an MRD stream without a header");
    }
    if (headers_.empty()) {
      refuse(images_ > 0 ? "an MRD stream of images: only acquisitions are read from streams"
                         : "an MRD stream that holds no acquisitions");
    }
  }

  [[nodiscard]] const std::string& xml() const { return xml_; }
  [[nodiscard]] std::int64_t size() const { return bytes_.size(); }
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }
  [[nodiscard]] std::string note() const {
    std::string note;
    for (const auto& [count, name] : {std::pair{images_, "image(s)"}, std::pair{waveforms_, "waveform(s)"}}) {
      if (count > 0) {
        note += (note.empty() ? "" : " and ") + std::to_string(count) + " " + name;
      }
    }
    return note.empty() ? note : note + " of the stream left out";
  }

  void read(const std::vector<std::size_t>& indices, const Take& take) const override {
    std::vector<std::complex<float>> samples;
    for (const std::size_t index : indices) {
      const Acquisition& header = headers_[index];
      samples.resize(std::size_t{header.samples} * header.coils);
      bytes_.go_to(places_[index]);
      bytes_.read(samples.data(), samples.size() * sizeof(samples[0]));
      take(index, samples);
    }
  }

 private:
  void take(Message message, std::int64_t place) {
    switch (message) {
      case Message::config_file:
        bytes_.skip(config_file_bytes);
        return;
      case Message::config_text:
      case Message::text:
        bytes_.skip(bytes_.number<std::uint32_t>());
        return;
      case Message::header:
        if (!xml_.empty()) {
          refuse("an MRD stream of several measurements (a second header at byte " + std::to_string(place) +
                 "); a stream of one is read");
        }
        xml_ = without_nul(bytes_.text(bytes_.number<std::uint32_t>()));
        return;
      case Message::close:
        closed_ = true;
        return;
      case Message::acquisition:
        take_acquisition(place);
        return;
      case Message::image:
        skip_image();
        return;
      case Message::waveform:
        skip_waveform();
        return;
    }
    refuse("an MRD stream with a message of the unknown number " + std::to_string(static_cast<std::uint16_t>(message)) +
           " at byte " + std::to_string(place) + ": it is damaged, or of another protocol than MRD v1");
  }

  void take_acquisition(std::int64_t place) {
    std::array<char, acquisition_header_bytes> bytes{};
    bytes_.read(bytes.data(), bytes.size());
    const Acquisition header = acquisition_of(bytes);
    constexpr int first_compression = 53;
    constexpr int last_compression = 56;
    for (int flag = first_compression; flag <= last_compression; ++flag) {
      if (header.has(flag)) {
        refuse("the acquisition at byte " + std::to_string(place) + " is compressed (flag " + std::to_string(flag) +
               "); have the client send it uncompressed");
      }
    }
    const auto dimensions = number_at<std::uint16_t>(bytes.data(), 176);
    bytes_.skip(std::uint64_t{dimensions} * header.samples * sizeof(float));
    const std::int64_t samples = bytes_.place();
    bytes_.skip(std::uint64_t{header.coils} * header.samples * sizeof(std::complex<float>));
    places_.push_back(samples);
    headers_.push_back(header);
  }

  void skip_image() {
    std::array<char, image_header_bytes> header{};
    bytes_.read(header.data(), header.size());
    std::int64_t pixels = bytes_of_image_type(number_at<std::uint16_t>(header.data(), 2));
    for (const std::size_t offset : {16U, 18U, 20U, 34U}) {  // x, y, z, channels
      pixels = checked_product(pixels, number_at<std::uint16_t>(header.data(), offset), "an image of the stream");
    }
    bytes_.skip(bytes_.number<std::uint64_t>());  // its attributes
    bytes_.skip(static_cast<std::uint64_t>(pixels));
    ++images_;
  }

  void skip_waveform() {
    std::array<char, waveform_header_bytes> header{};
    bytes_.read(header.data(), header.size());
    const std::uint64_t samples = number_at<std::uint16_t>(header.data(), 28);
    bytes_.skip(samples * number_at<std::uint16_t>(header.data(), 30) * sizeof(std::uint32_t));
    ++waveforms_;
  }

  mutable Bytes bytes_;
  std::string xml_;
  std::vector<std::int64_t> places_;  // of each acquisition's samples
  bool closed_ = false;
  int images_ = 0;
  int waveforms_ = 0;
  std::vector<std::string> warnings_;
};

// A reader that says of its scan what the stream says beside it.
class MrdStreamReader final : public ScanReader {
 public:
  MrdStreamReader(const std::string& path, const ReadOptions& options) {
    if (!options.group.empty()) {
      refuse("an MRD stream has no measurements to choose \"" + shown(options.group) + "\" from; leave --group out");
    }
    auto acquisitions = std::make_unique<StreamAcquisitions>(path);
    const StreamAcquisitions& stream = *acquisitions;
    scan_ = open_mrd_raw(parse_mrd_header(stream.xml()), std::move(acquisitions), stream.size(), options);
    summary_ = scan_->summary();
    summary_.format = "MRD raw data, a stream";
    summary_.warnings.insert(summary_.warnings.begin(), stream.warnings().begin(), stream.warnings().end());
    if (const std::string note = stream.note(); !note.empty()) {
      summary_.notes.push_back(note);
    }
  }

  [[nodiscard]] const ScanSummary& summary() const override { return summary_; }
  [[nodiscard]] const std::optional<NoiseCovariance>& noise_covariance() const override {
    return scan_->noise_covariance();
  }
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
  Bytes bytes(path);
  constexpr int most_before_header = 8;
  try {
    for (int message = 0; message < most_before_header; ++message) {
      switch (static_cast<Message>(bytes.number<std::uint16_t>())) {
        case Message::config_file:
          bytes.skip(config_file_bytes);
          break;
        case Message::config_text:
        case Message::text:
          bytes.skip(bytes.number<std::uint32_t>());
          break;
        case Message::header: {
          constexpr std::uint32_t most = 64;  // of the beginning, in which a tag opens
          const auto length = bytes.number<std::uint32_t>();
          return bytes.text(std::min(length, most)).find('<') != std::string::npos;
        }
        default:
          return false;
      }
    }
  } catch (const Bytes::CutShort&) {
    return false;
  }
  return false;
}

std::unique_ptr<ScanReader> open_mrd_stream(const std::string& path, const ReadOptions& options) {
  if (options.noise == NoiseUse::alone) {
    std::optional<MeasuredNoise> noise = noise_of(StreamAcquisitions(path));
    if (!noise.has_value()) {
      refuse("it holds no noise lines (flag IS_NOISE_MEASUREMENT)");
    }
    return noise_scan(std::move(*noise));
  }
  return std::make_unique<MrdStreamReader>(path, options);
}

}  // namespace mriembed::io
