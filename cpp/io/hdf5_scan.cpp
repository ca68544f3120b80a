#include "hdf5_scan.hpp"

#include <filesystem>
#include <vector>

#include "fastmri.hpp"
#include "hdf5_file.hpp"
#include "measurements.hpp"
#include "mrd_hdf5.hpp"
#include "mrd_images.hpp"
#include "size_limits.hpp"

namespace mriembed::io {

std::unique_ptr<ScanReader> open_hdf5_scan(const std::string& path, const ReadOptions& options) {
  const Hdf5Handle file = open_hdf5(path);
  const auto file_size = static_cast<std::int64_t>(std::filesystem::file_size(path));
  const bool fastmri = holds_dataset(file, "kspace");
  const auto measurements = fastmri ? std::vector<RawMeasurement>() : hdf5_measurements(file, file_size);
  if (!options.group.empty() && measurements.empty()) {
    refuse("it holds no raw MRD measurements to choose \"" + shown(options.group) + "\" from; leave --group out");
  }
  if (options.noise == NoiseUse::alone && measurements.empty()) {
    refuse("it holds no raw MRD measurement with noise lines");
  }
  if (fastmri) {
    return open_fastmri(file, file_size, options);
  }
  if (!measurements.empty()) {
    return open_measurements(measurements, file_size, options);
  }
  const std::vector<std::string> image_groups = find_image_groups(file);
  if (!image_groups.empty()) {
    return open_mrd_images(file, image_groups, file_size, options);
  }
  refuse("an HDF5 file without a scan: expected MRD (a group with xml and data), MRD images, or fastMRI (kspace)");
}

}  // namespace mriembed::io
