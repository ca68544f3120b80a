#include "model_file/zip_archive.hpp"

#include <cstdint>
#include <optional>

#include "mriembed/error.hpp"

namespace mriembed {

namespace {

constexpr std::string_view end_signature = "PK\5\6";
constexpr std::string_view entry_signature = "PK\1\2";
constexpr std::string_view local_signature = "PK\3\4";
constexpr std::size_t end_size = 22;
constexpr std::size_t entry_size = 46;
constexpr std::size_t local_size = 30;
constexpr std::uint64_t beyond_16_bits = 0xFFFF;  // the true number stands elsewhere
constexpr std::uint64_t beyond_32_bits = 0xFFFFFFFF;
constexpr unsigned encrypted = 1;

[[noreturn]] void refuse(const std::string& reason) { throw Error(ErrorCode::bad_model_file, reason); }

[[noreturn]] void refuse_archive() {
  refuse("this is not a model file, or it is damaged; `mriembed export` writes model files");
}

// A header of the archive, whose numbers are little-endian.
class Header {
 public:
  Header(std::string_view bytes, std::size_t at, std::size_t size, std::string_view signature) {
    if (at > bytes.size() || bytes.size() - at < size || !bytes.substr(at).starts_with(signature)) {
      refuse_archive();
    }
    bytes_ = bytes.substr(at, size);
  }

  [[nodiscard]] std::uint64_t number(std::size_t at, std::size_t length) const {
    std::uint64_t value = 0;
    for (std::size_t byte = length; byte-- > 0;) {
      value = value << 8U | static_cast<std::uint8_t>(bytes_[at + byte]);
    }
    return value;
  }

 private:
  std::string_view bytes_;
};

}  // namespace

ZipArchive::ZipArchive(std::string_view bytes) : bytes_(bytes) {
  if (bytes.size() < end_size) {
    refuse_archive();
  }
  const Header end(bytes, bytes.size() - end_size, end_size, end_signature);
  const std::uint64_t entries = end.number(10, 2);
  const std::uint64_t start = end.number(16, 4);
  const bool split = end.number(4, 2) != 0 || end.number(6, 2) != 0 || end.number(8, 2) != entries;
  if (split || entries == beyond_16_bits || start == beyond_32_bits) {
    refuse_archive();
  }
  std::size_t at = start;
  std::optional<std::string> folder;
  for (std::uint64_t count = 0; count < entries; ++count) {
    const Header entry(bytes, at, entry_size, entry_signature);
    const std::uint64_t flags = entry.number(8, 2);
    const std::uint64_t method = entry.number(10, 2);
    const std::uint64_t packed = entry.number(20, 4);
    const std::uint64_t size = entry.number(24, 4);
    const std::size_t name_length = entry.number(28, 2);
    const std::uint64_t header = entry.number(42, 4);
    if (packed == beyond_32_bits || size == beyond_32_bits || header == beyond_32_bits ||
        bytes.size() - at - entry_size < name_length) {
      refuse_archive();
    }
    const std::string_view path = bytes.substr(at + entry_size, name_length);
    const std::size_t slash = path.find('/');
    if (slash == std::string_view::npos ||
        folder.value_or(std::string(path.substr(0, slash))) != path.substr(0, slash)) {
      refuse_archive();
    }
    folder = path.substr(0, slash);
    const std::string name(path.substr(slash + 1));
    const bool stored = method == 0 && packed == size && (flags & encrypted) == 0;
    if (!records_.try_emplace(name, Record{!stored, header, size}).second) {
      refuse("its archive has two records " + name + "; a model file has each record once");
    }
    at += entry_size + name_length + entry.number(30, 2) + entry.number(32, 2);
  }
}

std::string_view ZipArchive::stored(const std::string& name) const {
  const auto found = records_.find(name);
  if (found == records_.end()) {
    refuse("its archive lacks the record " + name);
  }
  const Record& record = found->second;
  if (record.compressed) {
    refuse("its record " + name + " is compressed or encrypted; `mriembed export` stores it as it is");
  }
  const Header local(bytes_, record.header, local_size, local_signature);
  const std::size_t start = record.header + local_size + local.number(26, 2) + local.number(28, 2);
  if (start > bytes_.size() || bytes_.size() - start < record.size) {
    refuse_archive();
  }
  return bytes_.substr(start, record.size);
}

}  // namespace mriembed
