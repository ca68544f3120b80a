#include "scan_reader.hpp"

#include "file_start.hpp"
#include "flat_scan.hpp"
#include "hdf5_scan.hpp"

namespace mriembed::io {

std::unique_ptr<ScanReader> open_scan(const std::string& path, const ReadOptions& options) {
  return is_hdf5(path) ? open_hdf5_scan(path, options) : open_flat_scan(path, options);
}

}  // namespace mriembed::io
