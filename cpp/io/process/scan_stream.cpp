#include "process/scan_stream.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <type_traits>

#include "measurements.hpp"
#include "size_limits.hpp"

namespace mriembed::io {

namespace {

class Encoder {
 public:
  template <typename T>
  void number(T value) {
    static_assert(std::is_arithmetic_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void text(const std::string& value) {
    number(static_cast<std::uint64_t>(value.size()));
    bytes_ += value;
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : left_(bytes) {}

  template <typename T>
  T number() {
    static_assert(std::is_arithmetic_v<T>);
    T value{};
    next(sizeof(value)).copy(reinterpret_cast<char*>(&value), sizeof(value));
    return value;
  }
  // From `lowest` to `highest`.
  std::int64_t size(std::int64_t lowest, std::int64_t highest) {
    const auto value = number<std::int64_t>();
    if (value < lowest || value > highest) {
      refuse_answer();
    }
    return value;
  }
  std::string text() {
    const auto length = number<std::uint64_t>();
    constexpr std::uint64_t longest = 4096;
    if (length > longest) {
      refuse_answer();
    }
    return shown(next(static_cast<std::size_t>(length)), longest);
  }
  void finish() const {
    if (!left_.empty()) {
      refuse_answer();
    }
  }

 private:
  std::string_view next(std::size_t count) {
    if (left_.size() < count) {
      refuse_answer();
    }
    const std::string_view part = left_.substr(0, count);
    left_.remove_prefix(count);
    return part;
  }

  std::string_view left_;
};

constexpr std::int64_t longest_axis = std::int64_t{1} << 40U;

void encode_header(Encoder& encoder, const HeaderFacts& header) {
  for (const std::string& text :
       {header.vendor, header.model, header.station, header.protocol, header.sequence, header.series_time}) {
    encoder.text(text);
  }
  encoder.number(header.field_strength_t);
  for (const std::vector<double>& values :
       {header.tr_ms, header.te_ms, header.ti_ms, header.flip_angle_deg, header.fov_mm}) {
    encoder.number(static_cast<std::int64_t>(values.size()));
    for (const double value : values) {
      encoder.number(value);
    }
  }
  encoder.number(static_cast<std::int64_t>(header.coil_names.size()));
  for (const std::string& name : header.coil_names) {
    encoder.text(name);
  }
}

HeaderFacts decode_header(Decoder& decoder) {
  const auto positive = [&] {
    const auto value = decoder.number<double>();
    if (!std::isfinite(value) || value < 0) {
      refuse_answer();
    }
    return value;
  };
  HeaderFacts header;
  for (std::string* const text :
       {&header.vendor, &header.model, &header.station, &header.protocol, &header.sequence, &header.series_time}) {
    *text = decoder.text();
  }
  header.field_strength_t = positive();
  for (std::vector<double>* const values :
       {&header.tr_ms, &header.te_ms, &header.ti_ms, &header.flip_angle_deg, &header.fov_mm}) {
    const std::int64_t count = decoder.size(0, most_header_values);
    for (std::int64_t index = 0; index < count; ++index) {
      values->push_back(positive());
    }
  }
  const std::int64_t names = decoder.size(0, most_header_values);
  for (std::int64_t index = 0; index < names; ++index) {
    header.coil_names.push_back(decoder.text());
  }
  return header;
}

void encode_geometry(Encoder& encoder, const SliceGeometry& geometry) {
  encoder.number(geometry.readout_width);
  encoder.number(geometry.phase_height);
  encoder.number(geometry.pixel_aspect);
}

SliceGeometry decode_geometry(Decoder& decoder, std::int64_t height, std::int64_t width) {
  SliceGeometry geometry;
  geometry.readout_width = decoder.size(0, width);
  geometry.phase_height = decoder.size(0, height);
  geometry.pixel_aspect = decoder.number<double>();
  constexpr double most = 1000;
  if (std::isnan(geometry.pixel_aspect) || geometry.pixel_aspect < 1 / most || geometry.pixel_aspect > most) {
    refuse_answer();
  }
  return geometry;
}

void encode_texts(Encoder& encoder, const std::vector<std::string>& texts) {
  encoder.number(static_cast<std::int64_t>(texts.size()));
  for (const std::string& text : texts) {
    encoder.text(text);
  }
}

std::vector<std::string> decode_texts(Decoder& decoder) {
  constexpr std::int64_t most = 100;
  std::vector<std::string> texts(static_cast<std::size_t>(decoder.size(0, most)));
  for (std::string& text : texts) {
    text = decoder.text();
  }
  return texts;
}

double decode_sample_time(Decoder& decoder) {
  const auto microseconds = decoder.number<double>();
  if (!std::isfinite(microseconds) || microseconds < 0) {
    refuse_answer();
  }
  return microseconds;
}

// A covariance is written as it lies in memory.
void encode_noise(Encoder& encoder, const std::optional<NoiseCovariance>& noise) {
  encoder.number(noise.has_value() ? noise->coils : std::int64_t{0});
  if (noise.has_value()) {
    for (const std::complex<double>& value : noise->values) {
      encoder.number(value.real());
      encoder.number(value.imag());
    }
    encoder.number(static_cast<std::int64_t>(noise->dead_channels.size()));
    for (const std::int64_t channel : noise->dead_channels) {
      encoder.number(channel);
    }
    encoder.number(noise->sample_time_us);
    encoder.number(noise->samples);
  }
}

std::optional<NoiseCovariance> decode_noise(Decoder& decoder) {
  const std::int64_t coils = decoder.size(0, most_coils);
  if (coils == 0) {
    return std::nullopt;
  }
  NoiseCovariance noise;
  noise.coils = coils;
  noise.values.reserve(static_cast<std::size_t>(coils * coils));
  for (std::int64_t index = 0; index < coils * coils; ++index) {
    const auto real = decoder.number<double>();
    const auto imaginary = decoder.number<double>();
    noise.values.emplace_back(real, imaginary);
  }
  const std::int64_t dead = decoder.size(0, most_coils);
  for (std::int64_t index = 0; index < dead; ++index) {
    noise.dead_channels.push_back(decoder.size(index == 0 ? 0 : noise.dead_channels.back() + 1, most_coils));
  }
  noise.sample_time_us = decode_sample_time(decoder);
  noise.samples = decoder.size(0, std::numeric_limits<std::int64_t>::max());
  return noise;
}

}  // namespace

void refuse_answer() { refuse("the HDF5 reader process returned an invalid reply: the file is probably damaged"); }

std::string encoded_facts(const ScanReader& scan) {
  const ScanSummary& summary = scan.summary();
  Encoder encoder;
  encoder.text(summary.format);
  encoder.number(static_cast<std::int64_t>(summary.domain));
  for (const std::int64_t value : {summary.coils, summary.encoded_x, summary.encoded_y, summary.encoded_z,
                                   summary.slices, summary.noise_samples}) {
    encoder.number(value);
  }
  encode_geometry(encoder, summary.geometry);
  encoder.number(summary.zero_fraction);
  encoder.number(std::int64_t{summary.zero_filled ? 1 : 0});
  encode_texts(encoder, summary.warnings);
  encode_texts(encoder, summary.notes);
  encoder.number(std::int64_t{summary.measurements});
  for (int measurement = 0; measurement < summary.measurements; ++measurement) {
    encode_noise(encoder, scan.noise_of(measurement));
    encode_header(encoder, scan.header_of(measurement));
  }
  return encoder.take();
}

ScanFacts decoded_facts(std::string_view bytes) {
  Decoder decoder(bytes);
  ScanFacts facts;
  ScanSummary& summary = facts.summary;
  summary.format = decoder.text();
  summary.domain = decoder.size(0, 1) == 0 ? Domain::kspace : Domain::image;  // HDF5 holds no network input
  summary.coils = decoder.size(1, most_coils);
  summary.encoded_x = decoder.size(1, longest_axis);
  summary.encoded_y = decoder.size(1, longest_axis);
  summary.encoded_z = decoder.size(1, most_partitions);
  summary.slices = decoder.size(0, longest_axis);
  summary.noise_samples = decoder.size(0, longest_axis);
  summary.geometry = decode_geometry(decoder, summary.encoded_y, summary.encoded_x);
  summary.zero_fraction = decoder.number<double>();
  if (std::isnan(summary.zero_fraction) || summary.zero_fraction < 0 || summary.zero_fraction > 1) {
    refuse_answer();
  }
  summary.zero_filled = decoder.size(0, 1) == 1;
  summary.warnings = decode_texts(decoder);
  summary.notes = decode_texts(decoder);
  summary.measurements = static_cast<int>(decoder.size(1, static_cast<std::int64_t>(most_measurements)));
  for (int measurement = 0; measurement < summary.measurements; ++measurement) {
    facts.noise.push_back(decode_noise(decoder));
    facts.headers.push_back(decode_header(decoder));
  }
  if (facts.noise.front().has_value() && facts.noise.front()->coils != summary.coils) {
    refuse_answer();
  }
  summary.header = facts.headers.front();
  decoder.finish();
  return facts;
}

std::string encoded_slice_head(const Slice& slice) {
  Encoder encoder;
  const SliceLabel& label = slice.label;
  for (const int index :
       {label.slice, label.contrast, label.phase, label.repetition, label.set, label.partition, label.measurement}) {
    encoder.number(index);
  }
  encoder.number(static_cast<std::int64_t>(label.position_mm.has_value() ? 1 : 0));
  for (const double coordinate : label.position_mm.value_or(std::array<double, 3>{})) {
    encoder.number(coordinate);
  }
  encoder.text(label.slab_sampling);
  encoder.number(label.sample_time_us);
  encoder.number(label.averages);
  for (const std::int64_t size : {slice.channels, slice.height, slice.width}) {
    encoder.number(size);
  }
  encode_geometry(encoder, slice.geometry);
  return encoder.take();
}

std::size_t decode_slice_head(std::string_view bytes, std::int64_t file_size, Slice& slice) {
  Decoder decoder(bytes);
  SliceLabel& label = slice.label;
  for (int* const index : {&label.slice, &label.contrast, &label.phase, &label.repetition, &label.set, &label.partition,
                           &label.measurement}) {
    *index = decoder.number<int>();
  }
  const bool placed = decoder.size(0, 1) == 1;
  std::array<double, 3> position{};
  for (double& coordinate : position) {
    coordinate = decoder.number<double>();
    if (!std::isfinite(coordinate)) {
      refuse_answer();
    }
  }
  label.position_mm = placed ? std::optional(position) : std::nullopt;
  label.slab_sampling = decoder.text();
  label.sample_time_us = decode_sample_time(decoder);
  label.averages = decoder.number<int>();
  if (label.averages < 0) {
    refuse_answer();
  }
  slice.channels = decoder.size(1, most_coils);
  slice.height = decoder.size(1, longest_side);
  slice.width = decoder.size(1, longest_side);
  slice.geometry = decode_geometry(decoder, slice.height, slice.width);
  decoder.finish();
  const std::int64_t count =
      checked_product(checked_product(slice.channels, slice.height, "a slice"), slice.width, "a slice");
  check_justified(checked_product(count, sizeof(std::complex<float>), "a slice"), file_size, "a slice");
  return static_cast<std::size_t>(count);
}

}  // namespace mriembed::io
