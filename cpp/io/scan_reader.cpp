#include "scan_reader.hpp"

#include "array_files.hpp"
#include "hdf5_scan.hpp"
#include "magic_bytes.hpp"

namespace mriembed::io {

std::unique_ptr<ScanReader> open_scan(const std::string& path, const ReadOptions& options) {
  return is_hdf5(path) ? open_hdf5_scan(path, options) : open_array_file(path, options);
}

}  // namespace mriembed::io
