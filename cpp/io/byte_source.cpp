#include "byte_source.hpp"

#include <algorithm>
#include <vector>

#include "size_limits.hpp"

namespace mriembed::io {

void ByteSource::read(void* to, std::size_t count) {
  auto* bytes = static_cast<char*>(to);
  while (count > 0) {
    const std::size_t part = read_some(bytes, count);
    bytes += part;
    count -= part;
  }
}

void ByteSource::skip(std::uint64_t count) {
  constexpr std::uint64_t part = std::uint64_t{1} << 16U;
  std::vector<char> bytes(static_cast<std::size_t>(std::min(count, part)));
  while (count > 0) {
    count -= read_some(bytes.data(), static_cast<std::size_t>(std::min(count, part)));
  }
}

std::string ByteSource::text(std::uint64_t length) {
  constexpr std::uint64_t longest = std::uint64_t{64} << 20U;
  if (length > longest) {
    refuse("a text of " + std::to_string(length) + " bytes at byte " + std::to_string(place_) +
           ": the stream is damaged, or of another protocol than MRD v1");
  }
  constexpr std::uint64_t part = std::uint64_t{1} << 20U;
  std::string text;
  while (text.size() < length) {
    const std::size_t before = text.size();
    const auto next = static_cast<std::size_t>(std::min(part, length - before));
    text.resize(before + next);
    read(text.data() + before, next);
  }
  return text;
}

}  // namespace mriembed::io
