#include "server/session_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace mriembed::server {

std::int64_t saved_bytes_in(const std::string& folder) {
  std::int64_t sum = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::error_code failure;  // of a file that somebody takes away meanwhile
    const std::uintmax_t size = entry.path().extension() == ".mrd" ? entry.file_size(failure) : 0;
    sum += failure ? 0 : static_cast<std::int64_t>(size);
  }
  return sum;
}

bool SavedBytes::take(std::int64_t bytes) {
  std::int64_t left = left_;
  while (left >= bytes) {
    if (left_.compare_exchange_weak(left, left - bytes)) {
      return true;
    }
  }
  return false;
}

SessionFile::SessionFile(const std::string& path, SavedBytes& budget, std::function<void(const std::string&)> failed)
    : path_(path),
      budget_(budget),
      failed_(std::move(failed)),
      file_(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) {
  if (file_.get() < 0) {
    fail(std::generic_category().message(errno));
  }
}

void SessionFile::append(std::string_view bytes) {
  if (file_.get() < 0) {
    return;
  }
  if (!budget_.take(static_cast<std::int64_t>(bytes.size()))) {
    fail("the limit of saved bytes is reached (--save-limit)");
    return;
  }
  while (!bytes.empty()) {
    const ssize_t written = write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      fail(std::generic_category().message(errno));
      return;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void SessionFile::fail(const std::string& reason) {
  file_ = io::Descriptor(-1);
  failed_(path_ + ": the session is saved no further: " + reason);
}

TappedSource::TappedSource(io::ByteSource& source, std::function<void(std::string_view)> take)
    : source_(source), take_(std::move(take)) {}

std::size_t TappedSource::read_some(void* to, std::size_t most) {
  const std::size_t count = source_.read_some(to, most);
  place_ += static_cast<std::int64_t>(count);
  take_({static_cast<const char*>(to), count});
  return count;
}

}  // namespace mriembed::server
