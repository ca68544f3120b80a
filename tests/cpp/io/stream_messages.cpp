#include "stream_messages.hpp"

#include <ismrmrd/waveform.h>

#include <cstddef>

namespace mriembed::io::testing_files {

namespace {

template <typename T>
std::string bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

}  // namespace

std::string message(std::uint16_t number, const std::string& body) { return bytes_of(number) + body; }

std::string text_message(std::uint16_t number, const std::string& text) {
  return message(number, bytes_of(static_cast<std::uint32_t>(text.size())) + text);
}

std::string header_message(const std::string& xml) { return text_message(3, xml); }

std::string close_message() { return message(4); }

std::string acquisition_message(const ISMRMRD::Acquisition& acquisition) {
  const ISMRMRD::AcquisitionHeader& head = acquisition.getHead();
  std::string body(reinterpret_cast<const char*>(&head), sizeof(ISMRMRD::ISMRMRD_AcquisitionHeader));
  body.append(reinterpret_cast<const char*>(acquisition.getTrajPtr()), acquisition.getTrajSize());
  body.append(reinterpret_cast<const char*>(acquisition.getDataPtr()), acquisition.getDataSize());
  return message(1008, body);
}

std::string image_message(std::uint16_t data_type, const std::array<std::uint16_t, 3>& matrix, std::uint16_t channels,
                          const std::string& attributes) {
  ISMRMRD::ISMRMRD_ImageHeader head{};
  head.version = 1;
  head.data_type = data_type;
  for (std::size_t axis = 0; axis < matrix.size(); ++axis) {
    head.matrix_size[axis] = matrix.at(axis);
  }
  head.channels = channels;
  head.attribute_string_len = static_cast<std::uint32_t>(attributes.size());
  std::size_t pixels = ISMRMRD::ismrmrd_sizeof_data_type(data_type) * channels;
  for (const std::uint16_t size : matrix) {
    pixels *= size;
  }
  return message(1022,
                 bytes_of(head) + bytes_of(std::uint64_t{attributes.size()}) + attributes + std::string(pixels, '\0'));
}

std::string waveform_message(std::uint16_t channels, std::uint16_t samples) {
  ISMRMRD::ISMRMRD_WaveformHeader head{};
  head.version = 1;
  head.number_of_samples = samples;
  head.channels = channels;
  return message(1026, bytes_of(head) + std::string(std::size_t{4} * channels * samples, '\0'));
}

}  // namespace mriembed::io::testing_files
