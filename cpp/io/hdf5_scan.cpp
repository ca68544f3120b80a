#include "hdf5_scan.hpp"

#include <filesystem>
#include <vector>

#include "fastmri.hpp"
#include "hdf5_file.hpp"
#include "mrd_images.hpp"
#include "mrd_raw.hpp"
#include "refuse.hpp"

namespace mriembed::io {

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

}  // namespace mriembed::io
