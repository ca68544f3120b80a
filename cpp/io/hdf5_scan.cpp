#include "hdf5_scan.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>

#include "fastmri.hpp"
#include "format_names.hpp"
#include "hdf5_file.hpp"
#include "mrd_hdf5.hpp"
#include "mrd_images.hpp"
#include "size_limits.hpp"

namespace mriembed::io {

namespace {

struct Hdf5Format {
  const char* name;       // with the members that a file of it has
  bool has_measurements;  // of which one can be chosen, and whose noise may serve another scan
  bool (*sniff)(const Hdf5Handle& file);
  std::unique_ptr<ScanReader> (*open)(const Hdf5Handle& file, std::int64_t file_size, const ReadOptions& options);
};

// The first that knows a file opens it.
constexpr std::array formats{
    Hdf5Format{"fastMRI (kspace)", false, is_fastmri, open_fastmri},
    Hdf5Format{"MRD (a group with xml and data)", true, is_mrd_hdf5, open_mrd_hdf5},
    Hdf5Format{"MRD images", false, is_mrd_images, open_mrd_images},
};

}  // namespace

std::unique_ptr<ScanReader> open_hdf5_scan(const std::string& path, const ReadOptions& options) {
  const Hdf5Handle file = open_hdf5(path);
  const auto file_size = static_cast<std::int64_t>(std::filesystem::file_size(path));
  const auto* const format = std::ranges::find_if(formats, [&](const Hdf5Format& one) { return one.sniff(file); });
  const bool has_measurements = format != formats.end() && format->has_measurements;
  if (!options.group.empty() && !has_measurements) {
    refuse("it holds no raw MRD measurements to choose \"" + shown(options.group) + "\" from; leave --group out");
  }
  if (options.noise == NoiseUse::alone && !has_measurements) {
    refuse("it holds no raw MRD measurement with noise lines");
  }
  if (format == formats.end()) {
    refuse("an HDF5 file without a scan: expected " + names_of(formats, "or"));
  }
  return format->open(file, file_size, options);
}

}  // namespace mriembed::io
