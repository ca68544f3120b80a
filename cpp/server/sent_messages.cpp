#include "server/sent_messages.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "text/one_line.hpp"

namespace mriembed::server {

namespace {

using io::Message;

template <typename T>
void append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

std::string beginning(std::uint16_t number) {
  std::string bytes;
  append(bytes, number);
  return bytes;
}

template <typename Length>
std::string with_text(std::uint16_t number, std::string_view text) {
  std::string bytes = beginning(number);
  append(bytes, static_cast<Length>(text.size()));
  return bytes.append(text);
}

template <typename T>
void put(std::string& bytes, std::size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof(value));
}

void put_vector(std::string& bytes, std::size_t offset, const std::array<float, 3>& vector) {
  for (std::size_t axis = 0; axis < vector.size(); ++axis) {
    put(bytes, offset + 4 * axis, vector.at(axis));
  }
}

std::array<float, 3> or_axis(const std::array<float, 3>& direction, std::size_t axis) {
  if (std::ranges::any_of(direction, [](float component) { return component != 0; })) {
    return direction;
  }
  std::array<float, 3> unit{};
  unit.at(axis) = 1;
  return unit;
}

std::array<float, 3> position_of(const SentImage& image) {
  if (!image.label.position_mm.has_value()) {
    return image.line.position_mm;
  }
  std::array<float, 3> position{};
  std::ranges::transform(*image.label.position_mm, position.begin(), [](double mm) { return static_cast<float>(mm); });
  return position;
}

}  // namespace

std::string close_message() { return beginning(static_cast<std::uint16_t>(Message::close)); }

std::string config_file_message(std::string_view name) {
  constexpr std::size_t field = 1024;
  std::string text(name.substr(0, field - 1));
  text.resize(field, '\0');
  return beginning(static_cast<std::uint16_t>(Message::config_file)) + text;
}

std::string header_message(std::string_view xml) {
  return with_text<std::uint32_t>(static_cast<std::uint16_t>(Message::header), xml);
}

std::string text_message(std::string_view text) {
  return with_text<std::uint32_t>(static_cast<std::uint16_t>(Message::text),
                                  text.empty() ? " " : text::valid_utf8(text));
}

std::string error_message(std::string_view text) {
  return with_text<std::uint64_t>(gadgetron_error_number, text.empty() ? " " : text::valid_utf8(text));
}

std::string query_message(std::uint64_t correlation, std::string_view query) {
  std::string bytes = beginning(static_cast<std::uint16_t>(Message::query));
  append(bytes, std::uint64_t{0});
  append(bytes, correlation);
  append(bytes, static_cast<std::uint64_t>(query.size()));
  return bytes.append(query);
}

std::string response_message(std::uint64_t correlation, std::string_view text) {
  std::string bytes = beginning(response_number);
  append(bytes, correlation);
  append(bytes, static_cast<std::uint64_t>(text.size()));
  return bytes.append(text);
}

std::string dependency_message(std::string_view meta) { return with_text<std::uint64_t>(dependency_number, meta); }

std::array<float, 3> row_direction(const SentImage& image) { return or_axis(image.origin.read_direction, 0); }

std::array<float, 3> column_direction(const SentImage& image) { return or_axis(image.origin.phase_direction, 1); }

// Offsets of ISMRMRD_ImageHeader, which is packed.
std::string image_message(const SentImage& image, std::string_view meta, std::span<const float> pixels) {
  constexpr std::size_t header_bytes = 198;
  constexpr std::uint16_t float32 = 5;
  constexpr std::uint16_t magnitude = 1;
  std::string head(header_bytes, '\0');
  put(head, 0, std::uint16_t{1});  // version
  put(head, 2, float32);
  put(head, 12, image.origin.measurement_uid);
  put(head, 16, image.width);
  put(head, 18, image.height);
  put(head, 20, std::uint16_t{1});
  put_vector(head, 22, image.field_of_view_mm);
  put(head, 34, std::uint16_t{1});
  put_vector(head, 36, position_of(image));
  put_vector(head, 48, row_direction(image));
  put_vector(head, 60, column_direction(image));
  put_vector(head, 72, or_axis(image.line.normal, 2));
  put_vector(head, 84, image.origin.table_position_mm);
  put(head, 96, image.line.average);
  put(head, 98, static_cast<std::uint16_t>(image.label.slice));
  put(head, 100, static_cast<std::uint16_t>(image.label.contrast));
  put(head, 102, static_cast<std::uint16_t>(image.label.phase));
  put(head, 104, static_cast<std::uint16_t>(image.label.repetition));
  put(head, 106, static_cast<std::uint16_t>(image.label.set));
  put(head, 108, image.origin.time_stamp);
  for (std::size_t index = 0; index < image.origin.physiology_time_stamps.size(); ++index) {
    put(head, 112 + 4 * index, image.origin.physiology_time_stamps.at(index));
  }
  put(head, 124, magnitude);
  put(head, 126, image.index);
  put(head, 128, image.series);
  put(head, 194, static_cast<std::uint32_t>(meta.size()));
  std::string bytes = beginning(static_cast<std::uint16_t>(Message::image)) + head;
  append(bytes, static_cast<std::uint64_t>(meta.size()));
  bytes.append(meta);
  return bytes.append(reinterpret_cast<const char*>(pixels.data()), pixels.size_bytes());
}

}  // namespace mriembed::server
