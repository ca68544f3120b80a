#include "file_bytes.hpp"

#include <algorithm>
#include <filesystem>

#include "size_limits.hpp"

namespace mriembed::io {

FileBytes::FileBytes(const std::string& path)
    : stream_(path, std::ios::binary), size_(static_cast<std::int64_t>(std::filesystem::file_size(path))) {
  if (!stream_) {
    refuse("cannot be opened");
  }
}

std::size_t FileBytes::read_some(void* to, std::size_t most) {
  check(1);
  const std::size_t count = std::min(most, static_cast<std::size_t>(left()));
  read(to, count);
  return count;
}

void FileBytes::read(void* to, std::size_t count) {
  check(count);
  stream_.read(static_cast<char*>(to), static_cast<std::streamsize>(count));
  if (!stream_) {
    refuse("cannot be read at byte " + std::to_string(place_));
  }
  place_ += static_cast<std::int64_t>(count);
}

void FileBytes::skip(std::uint64_t count) {
  check(count);
  go_to(place_ + static_cast<std::int64_t>(count));
}

std::string FileBytes::text(std::uint64_t length) {
  check(length);
  return ByteSource::text(length);
}

void FileBytes::go_to(std::int64_t place) {
  place_ = place;
  stream_.seekg(place);
}

void FileBytes::check(std::uint64_t count) const {
  if (count > static_cast<std::uint64_t>(left())) {
    throw CutShort();
  }
}

}  // namespace mriembed::io
