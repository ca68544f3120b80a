#include "scan_reader.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include "bart.hpp"
#include "fastmri.hpp"
#include "mrd_images.hpp"
#include "mrd_raw.hpp"
#include "numpy.hpp"
#include "refuse.hpp"

namespace mriembed::io {

namespace {

std::unique_ptr<ScanReader> open_hdf5_scan(const std::string& path, const ReadOptions& options) {
  const Hdf5Handle file = open_hdf5(path);
  const auto file_size = static_cast<std::int64_t>(std::filesystem::file_size(path));
  if (holds_dataset(file, "kspace")) {
    return open_fastmri(file, file_size, options);
  }
  for (const std::string& name : children(file)) {
    if (holds_group(file, name)) {
      const Hdf5Handle group = open_group(file, name);
      if (holds_dataset(group, "data") && holds_dataset(group, "xml")) {
        return open_mrd_raw(group, file_size, options);
      }
    }
  }
  const std::vector<std::string> image_groups = find_image_groups(file);
  if (!image_groups.empty()) {
    return open_mrd_images(file, image_groups, file_size, options);
  }
  refuse("an HDF5 file without a scan: expected MRD (a group with xml and data), MRD images, or fastMRI (kspace)");
}

std::string first_bytes(const std::string& path) {
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  std::array<char, 8> bytes{};
  if (!stream) {
    refuse("cannot be opened: " + std::generic_category().message(errno));
  }
  stream.read(bytes.data(), bytes.size());
  return {bytes.data(), static_cast<std::size_t>(stream.gcount())};
}

}  // namespace

std::unique_ptr<ScanReader> open_scan(const std::string& path, const ReadOptions& options) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    refuse("this is a folder; name a scan file");
  }
  if (!std::filesystem::exists(path, ignored)) {
    const std::string base = bart_base(path);
    if (!base.empty()) {
      return open_bart(base, options);
    }
  }
  const std::string start = first_bytes(path);
  if (start.empty()) {
    refuse("the file is empty");
  }
  if (start == "\x89HDF\r\n\x1a\n") {
    return open_hdf5_scan(path, options);
  }
  if (start.starts_with("\x93NUMPY")) {
    return open_numpy(path, options);
  }
  const std::string base = bart_base(path);
  if (!base.empty()) {
    return open_bart(base, options);
  }
  refuse("no scan of a known format: MRD (ISMRMRD) or fastMRI HDF5, BART .cfl/.hdr and NumPy .npy are read");
}

}  // namespace mriembed::io
