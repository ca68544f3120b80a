#include "array_files.hpp"

#include <filesystem>
#include <system_error>

#include "bart.hpp"
#include "magic_bytes.hpp"
#include "mrd_stream.hpp"
#include "numpy.hpp"
#include "size_limits.hpp"

namespace mriembed::io {

namespace {

std::unique_ptr<ScanReader> open_bart_scan(const std::string& base, const ReadOptions& options) {
  if (options.noise == NoiseUse::alone) {
    refuse("BART files hold no noise lines; MRD files with noise lines and NumPy arrays (coils, samples) do");
  }
  return open_bart(base, options);
}

}  // namespace

std::unique_ptr<ScanReader> open_array_file(const std::string& path, const ReadOptions& options) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    const std::string base = bart_base(path);
    if (!base.empty()) {
      return open_bart_scan(base, options);
    }
  }
  const std::string start = magic_bytes(path);
  if (start.empty()) {
    refuse("the file is empty");
  }
  if (start.starts_with("\x93NUMPY")) {
    return options.noise == NoiseUse::alone ? open_numpy_noise(path) : open_numpy(path, options);
  }
  const std::string base = bart_base(path);
  if (!base.empty()) {
    return open_bart_scan(base, options);
  }
  if (is_mrd_stream(path)) {
    return open_mrd_stream(path, options);
  }
  if (std::filesystem::path(path).extension() == ".dat") {
    refuse("no scan of a known format; of Siemens raw data (.dat), `mriembed convert` makes an MRD file that is one");
  }
  refuse("no scan of a known format: MRD (ISMRMRD) HDF5 and streams, fastMRI, BART .cfl/.hdr and NumPy .npy are read");
}

}  // namespace mriembed::io
