// The messages of an MRD v1 stream (ISMRMRD), little endian throughout: a number that says what a message is, then its
// body, whose length follows from what it is.
// Source: doc/mrd_streaming_protocol.md, doc/mrd_messages.md, doc/mrd_raw_data.md and include/ismrmrd of ISMRMRD.
#pragma once

#include <cstdint>
#include <string>

#include "acquisitions.hpp"
#include "file_bytes.hpp"

namespace mriembed::io {

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

// Whether it is one of the numbers above.
bool is_message(std::uint16_t number);

struct AcquisitionMessage {
  Acquisition header;
  std::int64_t samples = 0;  // where they begin in the file
  int compression = 0;       // the flag that says how they are compressed; 0: they are not
};

// These take the body of a message, behind its number. They throw CutShort of a body that is not whole, and take no
// memory for what is not there.

// An acquisition, up to its samples.
AcquisitionMessage take_acquisition(FileBytes& bytes);
void skip_samples(const AcquisitionMessage& message, FileBytes& bytes);

// A configuration's name, a configuration or a text.
void skip_text(Message kind, FileBytes& bytes);

// The text of a header, without the NUL that some clients count as part of it.
std::string take_header(FileBytes& bytes);

// Throws Error bad_input of an image of an unknown type: its length is not known.
void skip_image(FileBytes& bytes);

void skip_waveform(FileBytes& bytes);

}  // namespace mriembed::io
