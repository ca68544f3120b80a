// What an MRD server sends back, read from its bytes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "io/byte_source.hpp"
#include "io/scan_reader.hpp"

namespace mriembed::server {

struct ReceivedImage {
  std::uint16_t series = 0;
  io::SliceLabel label;
  std::map<std::string, std::string> meta;
  std::vector<float> pixels;  // of all channels; empty where they are no float32
};
struct ReceivedText {
  std::string text;
  bool is_error = false;
};
struct ReceivedClose {};

// Messages of other kinds that a server may send back are skipped.
using Answer = std::variant<ReceivedImage, ReceivedText, ReceivedClose>;

// The next answer. Throws io::ByteSource::CutShort, and Error bad_input for bytes that are no message.
Answer take_answer(io::ByteSource& bytes);

}  // namespace mriembed::server
