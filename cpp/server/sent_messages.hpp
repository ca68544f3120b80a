// The messages that an MRD server sends, as bytes. Source: doc/mrd_messages.md and include/ismrmrd/ismrmrd.h of
// ISMRMRD; for queries, errors and dependencies apps/gadgetron/connection of Gadgetron.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "io/mrd_messages.hpp"
#include "io/scan_reader.hpp"

namespace mriembed::server {

// What io::Message does not number, for no scan holds it.
inline constexpr std::uint16_t response_number = 7;
inline constexpr std::uint16_t gadgetron_error_number = 8;
inline constexpr std::uint16_t dependency_number = 1019;

// One series for each kind of image: clients take no two sizes in one.
inline constexpr std::uint16_t image_series = 1;
inline constexpr std::uint16_t embedding_series = 100;

std::string close_message();
// Text is sent without a final NUL, which some readers take for a part of it, and never empty, on which others read
// beyond it.
std::string config_file_message(std::string_view name);  // no more than 1023 bytes of it
std::string header_message(std::string_view xml);
std::string text_message(std::string_view text);
std::string error_message(std::string_view text);  // for Gadgetron
std::string query_message(std::uint64_t correlation, std::string_view query);
std::string response_message(std::uint64_t correlation, std::string_view text);
std::string dependency_message(std::string_view meta);

// An image of one channel, float32, (y, x).
struct SentImage {
  std::uint16_t width = 1;
  std::uint16_t height = 1;
  std::array<float, 3> field_of_view_mm{};
  std::uint16_t series = 1;
  std::uint16_t index = 1;  // of the image in its series, from 1
  io::SliceLabel label;
  io::Acquisition line;          // one of the slice's
  io::AcquisitionOrigin origin;  // of the same line
};

// Of its rows and columns. Directions that the line leaves at zero become the axes: clients refuse others.
std::array<float, 3> row_direction(const SentImage& image);
std::array<float, 3> column_direction(const SentImage& image);

std::string image_message(const SentImage& image, std::string_view meta, std::span<const float> pixels);

}  // namespace mriembed::server
