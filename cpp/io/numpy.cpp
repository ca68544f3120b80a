#include "numpy.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string_view>

#include "coil_axis.hpp"
#include "echo_check.hpp"
#include "noise_measurement.hpp"
#include "noise_scan.hpp"
#include "size_limits.hpp"
#include "zero_samples.hpp"

namespace mriembed::io {

namespace {

struct Header {
  bool is_complex = false;
  std::size_t part_bytes = 4;  // of one real number: half of a complex element
  bool swapped = false;        // other byte order than this machine's
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
  std::int64_t data_offset = 0;
};

bool is_quote(char letter) { return letter == '\'' || letter == '"'; }

// The text after 'key': in the header, which is a Python dictionary literal with the keys descr, fortran_order, shape.
std::string_view value_of(std::string_view header, std::string_view key) {
  std::size_t found = header.find(key);
  while (found != std::string_view::npos && (found == 0 || !is_quote(header[found - 1]))) {
    found = header.find(key, found + 1);
  }
  const std::size_t colon = found == std::string_view::npos ? found : header.find(':', found + key.size());
  if (colon == std::string_view::npos) {
    refuse("the .npy header has no '" + std::string(key) + "': the file is damaged");
  }
  std::string_view value = header.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  return value;
}

void parse_type(std::string_view value, Header& header) {
  if (value.empty() || !is_quote(value.front())) {
    refuse("an array of records; expected complex64, complex128, float32 or float64");
  }
  const std::string type(value.substr(1, value.find(value.front(), 1) - 1));
  if (type.find('O') != std::string::npos) {
    refuse("an array of Python objects (pickle), which is never read; save complex64 instead");
  }
  const std::string_view kind = std::string_view(type).substr(std::min<std::size_t>(1, type.size()));
  const bool known = kind == "c8" || kind == "c16" || kind == "f4" || kind == "f8";
  if (!known || (type[0] != '<' && type[0] != '>' && type[0] != '=')) {
    refuse("an array of type '" + shown(type) +
           "'; expected complex64 or complex128 (k-space or coil images), or float32 (network input)");
  }
  header.is_complex = kind[0] == 'c';
  header.part_bytes = (kind == "c8" || kind == "f4") ? 4 : 8;
  header.swapped = type[0] != '=' && (type[0] == '>') == (std::endian::native == std::endian::little);
}

void parse_shape(std::string_view value, Header& header) {
  if (value.empty() || value.front() != '(') {
    refuse("the .npy header has no shape: the file is damaged");
  }
  const char* at = value.data() + 1;
  const char* const end = value.data() + value.size();
  while (at != end && *at != ')') {
    if (*at == ' ' || *at == ',') {
      ++at;
      continue;
    }
    std::int64_t length = 0;
    const auto [next, failure] = std::from_chars(at, end, length);
    if (failure != std::errc() || length < 0) {
      refuse("the .npy header has a shape that is not a list of sizes: the file is damaged");
    }
    header.shape.push_back(length);
    at = next;
    if (at != end && *at == 'L') {  // a long integer of Python 2
      ++at;
    }
  }
}

Header parse_header(std::ifstream& stream, std::int64_t file_size) {
  std::array<unsigned char, 12> start{};
  if (!stream.read(reinterpret_cast<char*>(start.data()), 10)) {
    refuse("the .npy file ends inside its header");
  }
  const unsigned version = start[6];
  std::uint32_t length = start[8] | (static_cast<std::uint32_t>(start[9]) << 8U);
  Header header;
  header.data_offset = 10;
  if (version >= 2) {
    if (version > 3) {
      refuse("a .npy file of format version " + std::to_string(version) + "; versions 1 to 3 are read");
    }
    if (!stream.read(reinterpret_cast<char*>(start.data() + 10), 2)) {
      refuse("the .npy file ends inside its header");
    }
    length |= (static_cast<std::uint32_t>(start[10]) << 16U) | (static_cast<std::uint32_t>(start[11]) << 24U);
    header.data_offset = 12;
  }
  header.data_offset += length;
  constexpr std::uint32_t longest = 65536;
  if (length > longest || header.data_offset > file_size) {
    refuse("the .npy file ends inside its header");
  }
  std::string text(length, '\0');
  if (!stream.read(text.data(), length)) {
    refuse("the .npy file ends inside its header");
  }
  parse_type(value_of(text, "descr"), header);
  header.fortran_order = value_of(text, "fortran_order").starts_with("True");
  parse_shape(value_of(text, "shape"), header);
  return header;
}

float part_at(const char* bytes, const Header& header) {
  std::array<char, 8> part{};
  std::memcpy(part.data(), bytes, header.part_bytes);
  if (header.swapped) {
    std::reverse(part.begin(), part.begin() + static_cast<std::ptrdiff_t>(header.part_bytes));
  }
  if (header.part_bytes == 4) {
    float value = 0;
    std::memcpy(&value, part.data(), sizeof(value));
    return value;
  }
  double value = 0;
  std::memcpy(&value, part.data(), sizeof(value));
  if (std::isfinite(value) && std::abs(value) > static_cast<double>(std::numeric_limits<float>::max())) {
    refuse("a sample is too large for single precision (3.4e38); scale the array before saving it");
  }
  return static_cast<float>(value);
}

class NumpyReader final : public ScanReader {
 public:
  NumpyReader(const std::string& path, const ReadOptions& options) : stream_(path, std::ios::binary) {
    std::error_code failure;
    file_size_ = static_cast<std::int64_t>(std::filesystem::file_size(path, failure));
    if (!stream_ || failure) {
      refuse("cannot be opened");
    }
    header_ = parse_header(stream_, file_size_);
    find_geometry(options);
    check_length();
    check_extents(summary_.coils, 1, height_, width_);
    if (options.noise != NoiseUse::alone && summary_.domain != Domain::network_input) {
      check_plane(height_, width_);
    }
    describe();
  }

  [[nodiscard]] const ScanSummary& summary() const override { return summary_; }
  [[nodiscard]] const std::optional<NoiseCovariance>& noise_covariance() const override { return no_noise_; }

  void read(std::int64_t index, Slice& slice) override {
    slice.label = SliceLabel();
    slice.label.slice = static_cast<int>(index);
    slice.channels = channels_;
    slice.height = height_;
    slice.width = width_;
    slice.geometry = summary_.geometry;
    const std::int64_t count = channels_ * height_ * width_;
    const auto element = static_cast<std::int64_t>(header_.part_bytes * (header_.is_complex ? 2 : 1));
    std::int64_t first = 0;  // of the slice's elements inside bytes_
    std::int64_t step = 1;   // between the elements of a row-major walk, where that is uniform
    if (header_.fortran_order) {
      load(0, count * summary_.slices * element);  // the slices are interleaved
      first = index;
      step = summary_.slices;
    } else {
      load(index * count * element, count * element);
    }
    const auto bytes_of = [&](std::int64_t channel, std::int64_t y, std::int64_t x) {
      const std::int64_t position = header_.fortran_order ? first + step * (channel + channels_ * (y + height_ * x))
                                                          : (channel * height_ + y) * width_ + x;
      return bytes_.data() + position * element;
    };
    const bool is_network_input = summary_.domain == Domain::network_input;
    slice.samples.resize(is_network_input ? 0 : static_cast<std::size_t>(count));
    slice.network_input.resize(is_network_input ? static_cast<std::size_t>(count) : 0);
    std::size_t at = 0;
    for (std::int64_t channel = 0; channel < channels_; ++channel) {
      for (std::int64_t y = 0; y < height_; ++y) {
        for (std::int64_t x = 0; x < width_; ++x, ++at) {
          const char* bytes = bytes_of(channel, y, x);
          if (is_network_input) {
            slice.network_input[at] = part_at(bytes, header_);
          } else {
            slice.samples[at] = {part_at(bytes, header_), part_at(bytes + header_.part_bytes, header_)};
          }
        }
      }
    }
  }

 private:
  void find_geometry(const ReadOptions& options) {
    if (options.noise == NoiseUse::alone) {
      if (header_.shape.size() != 2 || !header_.is_complex) {
        refuse("a noise measurement is a complex array (coils, samples); this is " +
               std::string(header_.is_complex ? "complex" : "real") + " of " + std::to_string(header_.shape.size()) +
               " dimensions");
      }
      header_.shape = {header_.shape[0], 1, header_.shape[1]};
    }
    const std::size_t rank = header_.shape.size();
    if (rank != 3 && rank != 4) {
      refuse("an array of " + std::to_string(rank) +
             " dimensions; expected (coils, y, x) or (slices, coils, y, x), of network input (channels, y, x) or "
             "(slices, channels, y, x)");
    }
    const std::size_t skip = rank - 3;
    channels_ = header_.shape[skip];
    height_ = header_.shape[skip + 1];
    width_ = header_.shape[skip + 2];
    summary_.slices = rank == 4 ? header_.shape[0] : 1;
    if (channels_ < 1 || height_ < 1 || width_ < 1 || summary_.slices < 1) {
      refuse("an array with an empty axis; expected (coils, y, x) or (slices, coils, y, x)");
    }
    if (header_.is_complex) {
      summary_.domain = options.domain.value_or(Domain::kspace);
      summary_.coils = channels_;
      summary_.geometry.pixel_aspect = summary_.domain == Domain::kspace ? 0 : 1;
    } else {
      if (options.domain.has_value()) {
        refuse("a real array: network input, not k-space or coil images as --input says");
      }
      if (channels_ % 2 != 0) {
        refuse("a real array with " + std::to_string(channels_) +
               " channels; network input has an even number: magnitudes of all images, then their real parts");
      }
      summary_.domain = Domain::network_input;
      summary_.coils = channels_ / 2;
    }
  }

  void check_length() {
    const auto element = static_cast<std::int64_t>(header_.part_bytes * (header_.is_complex ? 2 : 1));
    std::int64_t bytes = element;
    for (const std::int64_t length : header_.shape) {
      bytes = checked_product(bytes, length, "the array's shape");
    }
    const std::int64_t present = file_size_ - header_.data_offset;
    if (bytes != present) {
      refuse("the .npy header promises " + std::to_string(bytes) + " bytes of samples, the file holds " +
             std::to_string(present) + ": it is cut short or damaged");
    }
  }

  void describe() {
    summary_.format = "NumPy";
    summary_.encoded_x = width_;
    summary_.encoded_y = height_;
    if (summary_.domain != Domain::kspace) {
      return;
    }
    Slice first;
    read(0, first);
    tell_of_zeros(first.samples, summary_);
    if (is_phase_encoded(first.samples, channels_)) {
      summary_.warnings.emplace_back(
          "the first axis, which is taken for coils, looks like partitions in k-space: its signal peaks in the middle; "
          "transform a 3D scan along z and save it as (partitions, coils, y, x)");
    }
    const std::vector<std::string> warnings = warnings_of_array(first.samples, channels_, height_, width_);
    summary_.warnings.insert(summary_.warnings.end(), warnings.begin(), warnings.end());
  }

  // Reads `count` bytes at `offset` of the samples into bytes_, unless they are there already.
  void load(std::int64_t offset, std::int64_t count) {
    if (loaded_offset_ == offset && static_cast<std::int64_t>(bytes_.size()) == count) {
      return;
    }
    loaded_offset_ = -1;
    bytes_.resize(static_cast<std::size_t>(count));
    stream_.clear();
    stream_.seekg(header_.data_offset + offset);
    if (!stream_.read(bytes_.data(), count)) {
      refuse("cannot be read to its end");
    }
    loaded_offset_ = offset;
  }

  std::ifstream stream_;
  std::int64_t file_size_ = 0;
  Header header_;
  std::int64_t channels_ = 0;
  std::int64_t height_ = 0;
  std::int64_t width_ = 0;
  ScanSummary summary_;
  std::optional<NoiseCovariance> no_noise_;
  std::vector<char> bytes_;
  std::int64_t loaded_offset_ = -1;
};

// A complex array (coils, samples).
std::unique_ptr<ScanReader> measured_by(NumpyReader& array) {
  Slice slice;
  array.read(0, slice);
  NoiseMeasurement measurement(slice.channels);
  measurement.add(slice.samples);
  return noise_scan({"", "", slice.channels, measurement.samples(), measurement.covariance()});
}

}  // namespace

bool is_numpy(const std::string& path) {
  constexpr std::string_view magic = "\x93NUMPY";
  std::array<char, magic.size()> start{};
  std::ifstream(path, std::ios::binary).read(start.data(), start.size());
  return std::string_view(start.data(), start.size()) == magic;
}

std::unique_ptr<ScanReader> open_numpy(const std::string& path, const ReadOptions& options) {
  auto reader = std::make_unique<NumpyReader>(path, options);
  if (options.noise == NoiseUse::alone) {
    return measured_by(*reader);
  }
  return reader;
}

}  // namespace mriembed::io
