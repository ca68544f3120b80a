#include "scan_file.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "bart.hpp"
#include "format_names.hpp"
#include "magic_bytes.hpp"
#include "mrd_stream.hpp"
#include "mriembed/error.hpp"
#include "noise_scan.hpp"
#include "numpy.hpp"
#include "process/out_of_process_scan.hpp"
#include "process/scan_reader_process.hpp"
#include "size_limits.hpp"

namespace mriembed::io {

namespace {

// In a process of its own.
std::unique_ptr<ScanReader> open_hdf5_file(const std::string& path, const ReadOptions& options) {
  return open_out_of_process_scan(options.hdf5_reader.empty() ? scan_reader_program() : options.hdf5_reader, path,
                                  options);
}

struct ScanFormat {
  const char* name;
  std::vector<std::string> endings;  // of the files that name a scan
  bool (*sniff)(const std::string& path);
  std::unique_ptr<ScanReader> (*open)(const std::string& path, const ReadOptions& options);
};

// The first that knows a file opens it. MRD streams have no signature: they come last.
const std::vector<ScanFormat>& formats() {
  static const std::vector<ScanFormat> all{
      {"MRD (ISMRMRD) and fastMRI in HDF5", {".h5", ".hdf5"}, is_hdf5, open_hdf5_file},
      {"NumPy (.npy)", {".npy"}, is_numpy, open_numpy},
      {"BART (.cfl/.hdr)", {".hdr"}, is_bart, open_bart},
      {"MRD streams", {".mrd"}, is_mrd_stream, open_mrd_stream},
  };
  return all;
}

// What compresses files as a whole; empty for others.
std::string compression_of(const std::string& magic) {
  using namespace std::string_view_literals;
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> known{{{"\x1f\x8b"sv, "gzip"},
                                                                                {"\x28\xb5\x2f\xfd"sv, "zstd"},
                                                                                {"BZh"sv, "bzip2"},
                                                                                {"\xfd"
                                                                                 "7zXZ"sv,
                                                                                 "xz"},
                                                                                {"PK\x03\x04"sv, "zip"}}};
  const auto* const found = std::ranges::find_if(known, [&](const auto& one) { return magic.starts_with(one.first); });
  return found == known.end() ? "" : std::string(found->second);
}

[[noreturn]] void refuse_unknown(const std::string& path) {
  const std::string compression = compression_of(magic_bytes(path));  // refuses what is no file
  if (!compression.empty()) {
    refuse("a file compressed with " + compression + "; decompress it first");
  }
  if (std::filesystem::path(path).extension() == ".dat") {
    refuse("not a scan of a known format; `mriembed convert` converts Siemens raw data (.dat) to MRD");
  }
  refuse("not a scan of a known format; known are " + known_formats());
}

}  // namespace

std::string known_formats() { return names_of(formats(), "and"); }

std::vector<std::string> scan_endings() {
  std::vector<std::string> endings;
  for (const ScanFormat& format : formats()) {
    endings.insert(endings.end(), format.endings.begin(), format.endings.end());
  }
  return endings;
}

std::unique_ptr<ScanReader> open_scan_file(const std::string& path, const ReadOptions& options) {
  std::error_code ignored;
  // What two files of BART have in common is no file itself.
  if (std::filesystem::exists(path, ignored) && magic_bytes(path).empty()) {
    refuse("the file is empty");
  }
  const auto format = std::ranges::find_if(formats(), [&](const ScanFormat& one) { return one.sniff(path); });
  if (format == formats().end()) {
    refuse_unknown(path);
  }
  return format->open(path, options);
}

std::optional<MeasuredNoise> measured_noise(const std::string& path, const std::string& hdf5_reader) {
  if (path.empty()) {
    return std::nullopt;
  }
  ReadOptions options;
  options.noise = NoiseUse::alone;
  options.hdf5_reader = hdf5_reader;
  try {
    return noise_in(*open_scan_file(path, options), path);
  } catch (const Error& error) {
    throw Error(path, error);
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
