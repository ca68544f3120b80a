#include "file_start.hpp"

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "refuse.hpp"

namespace mriembed::io {

namespace {

std::string read_start(std::ifstream& stream) {
  std::array<char, 8> bytes{};
  stream.read(bytes.data(), bytes.size());
  return {bytes.data(), static_cast<std::size_t>(stream.gcount())};
}

}  // namespace

std::string file_start(const std::string& path) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(path, ignored);
  if (std::filesystem::is_directory(status)) {
    refuse("this is a folder; name a scan file");
  }
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    refuse("this is a pipe or a device; name a scan file");
  }
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    refuse("cannot be opened: " + std::generic_category().message(errno));
  }
  return read_start(stream);
}

bool begins_as_hdf5(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) {
    return false;
  }
  std::ifstream stream(path, std::ios::binary);
  return read_start(stream) == "\x89HDF\r\n\x1a\n";
}

}  // namespace mriembed::io
