#include "server/received_answers.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <pugixml.hpp>

#include "io/mrd_messages.hpp"
#include "mriembed/error.hpp"
#include "server/sent_messages.hpp"

namespace mriembed::server {

namespace {

using io::Message;

constexpr std::size_t header_bytes = 198;
using Header = std::array<char, header_bytes>;

template <typename T>
T number_at(const Header& head, std::size_t offset) {
  T value{};
  std::memcpy(&value, head.data() + offset, sizeof(value));
  return value;
}

std::map<std::string, std::string> meta_of(const std::string& text) {
  std::map<std::string, std::string> meta;
  pugi::xml_document document;
  document.load_buffer(text.data(), text.size());
  for (const pugi::xml_node& node : document.document_element().children("meta")) {
    meta[node.child_value("name")] = node.child_value("value");
  }
  return meta;
}

// Offsets of ISMRMRD_ImageHeader, which is packed.
ReceivedImage take_image(io::ByteSource& bytes) {
  constexpr std::uint16_t float32 = 5;
  constexpr std::uint64_t most_bytes = std::uint64_t{256} << 20U;
  Header head{};
  bytes.read(head.data(), head.size());
  const std::string attributes = io::take_text_of(bytes.number<std::uint64_t>(), bytes);
  const auto type = number_at<std::uint16_t>(head, 2);
  std::uint64_t pixels = 1;
  for (const std::size_t offset : {16U, 18U, 20U, 34U}) {  // x, y, z, channels
    pixels = std::min(pixels, most_bytes) * number_at<std::uint16_t>(head, offset);
  }
  const std::uint64_t pixel_bytes = io::bytes_of_image_type(type);
  if (pixel_bytes == 0 || pixels * pixel_bytes > most_bytes) {
    throw Error(ErrorCode::bad_input, "an image of the data type " + std::to_string(type) + " and " +
                                          std::to_string(pixels) + " pixels came back");
  }
  ReceivedImage image;
  image.series = number_at<std::uint16_t>(head, 128);
  image.label.slice = number_at<std::uint16_t>(head, 98);
  image.label.contrast = number_at<std::uint16_t>(head, 100);
  image.label.phase = number_at<std::uint16_t>(head, 102);
  image.label.repetition = number_at<std::uint16_t>(head, 104);
  image.label.set = number_at<std::uint16_t>(head, 106);
  std::array<double, 3> position{};
  bool given = false;
  for (std::size_t axis = 0; axis < position.size(); ++axis) {
    position.at(axis) = static_cast<double>(number_at<float>(head, 36 + 4 * axis));
    given = given || position.at(axis) != 0;
  }
  if (given) {
    image.label.position_mm = position;
  }
  image.meta = meta_of(attributes);
  if (type == float32) {
    image.pixels.resize(static_cast<std::size_t>(pixels));
    bytes.read(image.pixels.data(), image.pixels.size() * sizeof(float));
  } else {
    bytes.skip(pixels * pixel_bytes);
  }
  return image;
}

}  // namespace

Answer take_answer(io::ByteSource& bytes) {
  for (;;) {
    const auto number = bytes.number<std::uint16_t>();
    switch (static_cast<Message>(number)) {
      case Message::close:
        return ReceivedClose{};
      case Message::text: {
        const std::string text = io::take_text(bytes);
        return ReceivedText{text, text.starts_with("ERROR")};
      }
      case Message::image:
        return take_image(bytes);
      case Message::config_file:
      case Message::config_text:
      case Message::header:
        io::skip_text(static_cast<Message>(number), bytes);
        continue;
      case Message::acquisition:
        io::skip_samples(io::take_acquisition(bytes), bytes);
        continue;
      case Message::waveform:
        io::skip_waveform(bytes);
        continue;
      case Message::query:  // a tap passes the client's own on
        static_cast<void>(io::take_query(bytes));
        continue;
      default:
        break;
    }
    if (number == gadgetron_error_number) {
      return ReceivedText{io::take_text_of(bytes.number<std::uint64_t>(), bytes), true};
    }
    if (number == dependency_number) {
      static_cast<void>(io::take_text_of(bytes.number<std::uint64_t>(), bytes));
      continue;
    }
    if (number == response_number) {
      bytes.skip(sizeof(std::uint64_t));
      static_cast<void>(io::take_text_of(bytes.number<std::uint64_t>(), bytes));
      continue;
    }
    throw Error(ErrorCode::bad_input, "a message of the unknown number " + std::to_string(number) + " came back");
  }
}

}  // namespace mriembed::server
