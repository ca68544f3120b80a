// The messages of an MRD v1 stream (ISMRMRD), little endian throughout: a number that says what a message is, then its
// body, whose length follows from what it is.
// Source: doc/mrd_streaming_protocol.md, doc/mrd_messages.md, doc/mrd_raw_data.md and include/ismrmrd of ISMRMRD.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "acquisitions.hpp"
#include "byte_source.hpp"

namespace mriembed::io {

enum class Message : std::uint16_t {
  config_file = 1,
  config_text = 2,
  header = 3,
  close = 4,
  text = 5,
  query = 6,  // Gadgetron's, about the server
  acquisition = 1008,
  image = 1022,
  waveform = 1026,
};

// Whether it is one of the numbers above.
bool is_message(std::uint16_t number);

// What an acquisition's header says beside what places it: an image of its slice bears it, too.
struct AcquisitionOrigin {
  std::uint32_t measurement_uid = 0;
  std::uint32_t time_stamp = 0;
  std::array<std::uint32_t, 3> physiology_time_stamps{};
  std::array<float, 3> read_direction{};
  std::array<float, 3> phase_direction{};
  std::array<float, 3> table_position_mm{};
};

// The bytes of a pixel of an image of this data type; 0: it is unknown.
std::uint64_t bytes_of_image_type(std::uint16_t type);

struct AcquisitionMessage {
  Acquisition header;
  AcquisitionOrigin origin;
  std::int64_t samples = 0;  // where they begin in the file
  int compression = 0;       // the flag that says how they are compressed; 0: they are not
};

// An acquisition's header by its bytes, ISMRMRD_AcquisitionHeader. Refuses another number of them.
Acquisition acquisition_of_bytes(std::string_view bytes);

// These take the body of a message, behind its number. They throw CutShort of a body that is not whole, and take no
// memory for what is not there.

// An acquisition, up to its samples.
AcquisitionMessage take_acquisition(ByteSource& bytes);
void skip_samples(const AcquisitionMessage& message, ByteSource& bytes);

// A configuration's name, a configuration or a text.
void skip_text(Message kind, ByteSource& bytes);

// The text of a header, a configuration or a text, without the NUL that some clients count as part of it. Throws Error
// bad_input of one that is longer than any.
std::string take_text(ByteSource& bytes);
// The same of a text whose length is known.
std::string take_text_of(std::uint64_t length, ByteSource& bytes);

// The name of a configuration.
std::string take_config_file(ByteSource& bytes);

struct QueryMessage {
  std::uint64_t correlation = 0;  // the answer bears it, too
  std::string query;
};
QueryMessage take_query(ByteSource& bytes);

// Throws Error bad_input of an image of an unknown type: its length is not known.
void skip_image(ByteSource& bytes);

void skip_waveform(ByteSource& bytes);

}  // namespace mriembed::io
