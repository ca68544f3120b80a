// HDF5 scans read by a process of their own, mriembed_scan_reader: HDF5's library can be brought down by a damaged
// file, and must not take this program, and the scans beside the bad one, with it.
#pragma once

#include <memory>
#include <string>

#include "scan_reader.hpp"

namespace mriembed::io {

// An HDF5 scan read by a process that runs `program`, from any thread. A reading process that dies or takes more memory
// or time than the file can justify is a refusal, as those of the readers are.
std::unique_ptr<ScanReader> open_out_of_process_scan(const std::string& program, const std::string& path,
                                                     const ReadOptions& options);

}  // namespace mriembed::io
