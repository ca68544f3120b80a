#include "mrd_messages.hpp"

#include <algorithm>
#include <array>
#include <complex>
#include <cstddef>
#include <cstring>

#include "size_limits.hpp"

namespace mriembed::io {

namespace {

constexpr std::uint64_t config_file_bytes = 1024;
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
  line.time_stamp = number_at<std::uint32_t>(bytes.data(), 18);
  line.samples = u16(34);
  line.coils = u16(38);
  line.discard_pre = u16(168);
  line.discard_post = u16(170);
  line.center_sample = u16(172);
  line.encoding_space = u16(174);
  line.trajectory_dimensions = u16(176);
  line.sample_time_us = number_at<float>(bytes.data(), 178);
  for (std::size_t axis = 0; axis < line.position_mm.size(); ++axis) {
    line.position_mm[axis] = number_at<float>(bytes.data(), 182 + 4 * axis);
    line.normal[axis] = number_at<float>(bytes.data(), 218 + 4 * axis);
  }
  line.kspace_encode_step_1 = u16(index);
  line.kspace_encode_step_2 = u16(index + 2);
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

AcquisitionOrigin origin_of(const std::array<char, acquisition_header_bytes>& bytes) {
  AcquisitionOrigin origin;
  origin.measurement_uid = number_at<std::uint32_t>(bytes.data(), 10);
  origin.time_stamp = number_at<std::uint32_t>(bytes.data(), 18);
  for (std::size_t index = 0; index < 3; ++index) {
    const std::size_t offset = 4 * index;
    origin.physiology_time_stamps.at(index) = number_at<std::uint32_t>(bytes.data(), 22 + offset);
    origin.read_direction.at(index) = number_at<float>(bytes.data(), 194 + offset);
    origin.phase_direction.at(index) = number_at<float>(bytes.data(), 206 + offset);
    origin.table_position_mm.at(index) = number_at<float>(bytes.data(), 230 + offset);
  }
  return origin;
}

// With a byte order mark, or in letters of which every second byte is 0.
bool is_utf16(std::string_view text) {
  const auto is_set = [&](std::size_t byte) { return text[byte] != '\0'; };
  return text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff") ||
         (text.size() >= 4 && is_set(0) != is_set(1) && is_set(0) == is_set(2) && is_set(1) == is_set(3));
}

int compression_of(const Acquisition& line) {
  constexpr int first = 53;
  constexpr int last = 56;
  for (int flag = first; flag <= last; ++flag) {
    if (line.has(flag)) {
      return flag;
    }
  }
  return 0;
}

}  // namespace

std::uint64_t bytes_of_image_type(std::uint16_t type) {
  constexpr std::array<std::uint64_t, 9> bytes{0, 2, 2, 4, 4, 4, 8, 8, 16};
  return type < bytes.size() ? bytes.at(type) : 0;
}

bool is_message(std::uint16_t number) {
  switch (static_cast<Message>(number)) {
    case Message::config_file:
    case Message::config_text:
    case Message::header:
    case Message::close:
    case Message::text:
    case Message::query:
    case Message::acquisition:
    case Message::image:
    case Message::waveform:
      return true;
  }
  return false;
}

Acquisition acquisition_of_bytes(std::string_view bytes) {
  std::array<char, acquisition_header_bytes> head{};
  if (bytes.size() != head.size()) {
    refuse("an acquisition's header of " + std::to_string(bytes.size()) + " bytes; " + std::to_string(head.size()) +
           " are right");
  }
  std::ranges::copy(bytes, head.begin());
  return acquisition_of(head);
}

AcquisitionMessage take_acquisition(ByteSource& bytes) {
  std::array<char, acquisition_header_bytes> head{};
  bytes.read(head.data(), head.size());
  AcquisitionMessage message;
  message.header = acquisition_of(head);
  message.origin = origin_of(head);
  message.compression = compression_of(message.header);
  bytes.skip(std::uint64_t{message.header.trajectory_dimensions} * message.header.samples *
             sizeof(float));  // the trajectory
  message.samples = bytes.place();
  return message;
}

void skip_samples(const AcquisitionMessage& message, ByteSource& bytes) {
  if (message.compression > 0) {
    bytes.skip(bytes.number<std::uint32_t>());
  } else {
    bytes.skip(std::uint64_t{message.header.coils} * message.header.samples * sizeof(std::complex<float>));
  }
}

void skip_text(Message kind, ByteSource& bytes) {
  bytes.skip(kind == Message::config_file ? config_file_bytes : bytes.number<std::uint32_t>());
}

std::string take_text_of(std::uint64_t length, ByteSource& bytes) {
  std::string text = bytes.text(length);
  if (is_utf16(text)) {
    return text;
  }
  while (!text.empty() && text.back() == '\0') {
    text.pop_back();
  }
  return text;
}

std::string take_text(ByteSource& bytes) { return take_text_of(bytes.number<std::uint32_t>(), bytes); }

std::string take_config_file(ByteSource& bytes) {
  std::string name = bytes.text(config_file_bytes);
  name.resize(std::min(name.find('\0'), name.size()));
  return name;
}

QueryMessage take_query(ByteSource& bytes) {
  bytes.skip(sizeof(std::uint64_t));  // reserved
  QueryMessage message;
  message.correlation = bytes.number<std::uint64_t>();
  message.query = take_text_of(bytes.number<std::uint64_t>(), bytes);
  return message;
}

void skip_image(ByteSource& bytes) {
  std::array<char, image_header_bytes> head{};
  const std::int64_t place = bytes.place();
  bytes.read(head.data(), head.size());
  const auto type = number_at<std::uint16_t>(head.data(), 2);
  std::uint64_t pixels = bytes_of_image_type(type);
  if (pixels == 0) {
    refuse("the image at byte " + std::to_string(place) + " is of the unknown data type " + std::to_string(type) +
           ": the stream is damaged");
  }
  for (const std::size_t offset : {16U, 18U, 20U, 34U}) {  // x, y, z, channels
    constexpr std::uint64_t beyond_any_file = std::uint64_t{1} << 47U;
    pixels = std::min(pixels, beyond_any_file) * number_at<std::uint16_t>(head.data(), offset);
  }
  bytes.skip(bytes.number<std::uint64_t>());  // its attributes
  bytes.skip(pixels);
}

void skip_waveform(ByteSource& bytes) {
  std::array<char, waveform_header_bytes> head{};
  bytes.read(head.data(), head.size());
  const std::uint64_t samples = number_at<std::uint16_t>(head.data(), 28);
  bytes.skip(samples * number_at<std::uint16_t>(head.data(), 30) * sizeof(std::uint32_t));
}

}  // namespace mriembed::io
