// Messages of MRD streams for the tests, around the headers of libismrmrd's own structures.
#pragma once

#include <ismrmrd/ismrmrd.h>

#include <array>
#include <cstdint>
#include <string>

namespace mriembed::io::testing_files {

// A message's number and its body.
std::string message(std::uint16_t number, const std::string& body = {});
// A text with its length before it; `number` 2, 3 or 5.
std::string text_message(std::uint16_t number, const std::string& text);
std::string header_message(const std::string& xml);
std::string close_message();
std::string acquisition_message(const ISMRMRD::Acquisition& acquisition);
// An image of zeros, of one of ISMRMRD's data types; matrix: x, y, z.
std::string image_message(std::uint16_t data_type, const std::array<std::uint16_t, 3>& matrix, std::uint16_t channels,
                          const std::string& attributes);
// A waveform of zeros.
std::string waveform_message(std::uint16_t channels, std::uint16_t samples);

}  // namespace mriembed::io::testing_files
