// Scans for the commands. What lies in HDF5 is read by a process of its own, mriembed_scan_reader: HDF5's library can
// be brought down by a damaged file, and must not take this program, and the scans beside the bad one, with it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "io/noise_measurement.hpp"
#include "io/scan_reader.hpp"

namespace mriembed::cli {

// Opens a scan of any format as io::open_scan() does, with the same refusals, from any thread. A reading process that
// dies or takes more memory or time than the file can justify is a refusal, too.
std::unique_ptr<io::ScanReader> open_scan_file(const std::string& path, const io::ReadOptions& options);

// The noise measurement of an MRD file with noise lines, or of a NumPy array (coils, samples); none for no file ("").
// Its refusals name the file.
std::optional<io::MeasuredNoise> measured_noise(const std::string& path);

// Opens a scan as above, with `noise`, where there is any, in the place of its own.
std::unique_ptr<io::ScanReader> open_scan_file(const std::string& path, io::ReadOptions options,
                                               const std::optional<io::MeasuredNoise>& noise);

// An HDF5 scan read by a process that runs `program`.
std::unique_ptr<io::ScanReader> open_out_of_process_scan(const std::string& program, const std::string& path,
                                                         const io::ReadOptions& options);

}  // namespace mriembed::cli
