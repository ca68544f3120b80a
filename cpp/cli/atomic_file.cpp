#include "cli/atomic_file.hpp"

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "mriembed/error.hpp"

namespace mriembed::cli {

namespace {

constexpr std::size_t buffer_size = std::size_t{1} << 20U;

std::string folder_of(const std::string& file) {
  const std::string folder = std::filesystem::path(file).parent_path().string();
  return folder.empty() ? "." : folder;
}

// Where a rename becomes durable. Some file systems cannot do it for a folder; the rename stands all the same.
void sync_folder(const std::string& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor >= 0) {
    static_cast<void>(fsync(descriptor));
    close(descriptor);
  }
}

}  // namespace

AtomicFile::AtomicFile(std::string target) : target_(std::move(target)) {
  // A short name of its own: the target's name may already be as long as names can be. Another process with the same
  // number (on another machine, in another container) makes open() fail, and the next name is tried.
  constexpr int attempts = 1000;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    std::string name =
        folder_of(target_) + "/.mriembed-" + std::to_string(getpid()) + "-" + std::to_string(attempt) + ".tmp";
    descriptor_ = open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ >= 0) {
      temporary_ = std::move(name);
      return;
    }
    if (errno != EEXIST) {
      break;
    }
  }
  refuse(errno);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) {
    close(descriptor_);
  }
  if (!temporary_.empty()) {
    unlink(temporary_.c_str());
  }
}

void AtomicFile::append(std::string_view bytes) {
  buffer_.append(bytes);
  if (buffer_.size() >= buffer_size) {
    flush();
  }
}

void AtomicFile::replace_beginning(std::string_view bytes) {
  flush();
  off_t position = 0;
  while (!bytes.empty()) {
    const ssize_t written = pwrite(descriptor_, bytes.data(), bytes.size(), position);
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      refuse(errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
    position += written;
  }
}

void AtomicFile::finish() {
  flush();
  if (fsync(descriptor_) != 0 && errno != EINVAL && errno != ENOTSUP) {  // those two: the file system has no such thing
    refuse(errno);
  }
  if (close(std::exchange(descriptor_, -1)) != 0) {
    refuse(errno);
  }
}

void AtomicFile::publish() {
  if (std::rename(temporary_.c_str(), target_.c_str()) != 0) {
    refuse(errno);
  }
  temporary_.clear();
  sync_folder(folder_of(target_));
}

void AtomicFile::flush() {
  std::string_view bytes = buffer_;
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      refuse(errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
}

void AtomicFile::refuse(int cause) const {
  throw Error(ErrorCode::internal, target_ + ": cannot be written: " + std::generic_category().message(cause));
}

}  // namespace mriembed::cli
