// What a session sends, kept byte for byte: a stream that can be read and sent again.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "io/byte_source.hpp"
#include "io/descriptor.hpp"

namespace mriembed::server {

// Of the sessions that a folder holds (*.mrd): those of earlier runs.
std::int64_t saved_bytes_in(const std::string& folder);

// How much all sessions together may keep; a limit below 0 is none at all. From any thread.
class SavedBytes {
 public:
  explicit SavedBytes(std::int64_t limit) : left_(limit) {}
  // Whether so many more may be kept; then they are counted.
  bool take(std::int64_t bytes);

 private:
  std::atomic<std::int64_t> left_;
};

// Takes bytes until the first failure, of which it tells once.
class SessionFile {
 public:
  // `failed` is told why no more is kept, in one line that names the file.
  SessionFile(const std::string& path, SavedBytes& budget, std::function<void(const std::string&)> failed);

  void append(std::string_view bytes);

 private:
  void fail(const std::string& reason);

  std::string path_;
  SavedBytes& budget_;
  std::function<void(const std::string&)> failed_;
  io::Descriptor file_;
};

// Gives another source's bytes, and shows all of them to `take` on their way, also those of what is cut short.
class TappedSource final : public io::ByteSource {
 public:
  TappedSource(io::ByteSource& source, std::function<void(std::string_view)> take);

  std::size_t read_some(void* to, std::size_t most) override;

 private:
  io::ByteSource& source_;
  std::function<void(std::string_view)> take_;
};

}  // namespace mriembed::server
