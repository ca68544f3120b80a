#include "magic_bytes.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "size_limits.hpp"

namespace mriembed::io {

namespace {

// The next 8 bytes, or fewer at the end of the file.
std::string read_eight(std::ifstream& stream) {
  std::array<char, 8> bytes{};
  stream.read(bytes.data(), bytes.size());
  return {bytes.data(), static_cast<std::size_t>(stream.gcount())};
}

}  // namespace

std::string magic_bytes(const std::string& path) {
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
  return read_eight(stream);
}

bool is_hdf5(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) {
    return false;
  }
  std::ifstream stream(path, std::ios::binary);
  constexpr std::int64_t smallest_user_block = 512;
  std::int64_t place = 0;
  for (std::string bytes = read_eight(stream); bytes.size() == 8; bytes = read_eight(stream)) {
    if (bytes == "\x89HDF\r\n\x1a\n") {
      return true;
    }
    place = place == 0 ? smallest_user_block : 2 * place;
    stream.seekg(place);
  }
  return false;
}

}  // namespace mriembed::io
