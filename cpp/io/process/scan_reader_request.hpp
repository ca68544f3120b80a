// The command line of mriembed_scan_reader, for the program that starts it and for itself.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "scan_reader.hpp"

namespace mriembed::io {

struct ScanReaderRequest {
  std::string path;
  ReadOptions options;    // the process reads the file itself: hdf5_reader is not passed on
  bool messages = false;  // the messages of measurement options.group in the place of slices
};

// Without the program's own name.
std::vector<std::string> arguments_of(const ScanReaderRequest& request);

// Nothing for arguments that arguments_of() never gives.
std::optional<ScanReaderRequest> request_of(std::span<const std::string> arguments);

}  // namespace mriembed::io
