#include "scan_file.hpp"

#include "array_files.hpp"
#include "magic_bytes.hpp"
#include "mriembed/error.hpp"
#include "noise_scan.hpp"
#include "process/out_of_process_scan.hpp"
#include "process/scan_reader_process.hpp"

namespace mriembed::io {

std::unique_ptr<ScanReader> open_scan_file(const std::string& path, const ReadOptions& options) {
  return is_hdf5(path) ? open_out_of_process_scan(scan_reader_program(), path, options)
                       : open_array_file(path, options);
}

std::optional<MeasuredNoise> measured_noise(const std::string& path) {
  if (path.empty()) {
    return std::nullopt;
  }
  ReadOptions options;
  options.noise = NoiseUse::alone;
  try {
    return noise_in(*open_scan_file(path, options), path);
  } catch (const Error& error) {
    throw Error(error.code(), path + ": " + error.what());
  }
}

std::unique_ptr<ScanReader> open_scan_file(const std::string& path, ReadOptions options,
                                           const std::optional<MeasuredNoise>& noise) {
  if (!noise.has_value()) {
    return open_scan_file(path, options);
  }
  options.noise = NoiseUse::none;
  return with_noise(open_scan_file(path, options), *noise);
}

}  // namespace mriembed::io
