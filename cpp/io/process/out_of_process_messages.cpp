#include "process/out_of_process_messages.hpp"

#include <algorithm>
#include <cstring>

#include "file_bytes.hpp"
#include "magic_bytes.hpp"
#include "mrd_messages.hpp"
#include "mrd_stream.hpp"
#include "process/scan_reader_process.hpp"
#include "size_limits.hpp"

namespace mriembed::io {

namespace {

ReadOptions of_group(const std::string& group) {
  ReadOptions options;
  options.group = group;
  return options;
}

class Hdf5Messages final : public ByteSource {
 public:
  Hdf5Messages(const std::string& path, const std::string& group)
      : reader_(scan_reader_program(), {path, of_group(group), true}) {}

  std::size_t read_some(void* to, std::size_t most) override {
    const std::size_t count = std::min(most, rest());
    std::memcpy(to, message_.data() + begin_, count);
    begin_ += count;
    place_ += static_cast<std::int64_t>(count);
    return count;
  }

 private:
  // Bytes of the present message, or of the next one.
  std::size_t rest() {
    if (begin_ == message_.size()) {
      if (last_) {
        throw CutShort();
      }
      message_ = reader_.answer(AnswerKind::message);
      begin_ = 0;
      last_ = message_.size() == sizeof(Message);  // CLOSE alone has no body
    }
    return message_.size() - begin_;
  }

  ScanReaderProcess reader_;
  std::string message_;
  std::size_t begin_ = 0;
  bool last_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> open_messages(const std::string& path, const std::string& group) {
  static_cast<void>(magic_bytes(path));  // refuses what is no file
  if (is_hdf5(path)) {
    return std::make_unique<Hdf5Messages>(path, group);
  }
  if (!is_mrd_stream(path)) {
    refuse("neither raw MRD data in HDF5 nor an MRD stream; these can be sent");
  }
  return std::make_unique<FileBytes>(path);
}

}  // namespace mriembed::io
