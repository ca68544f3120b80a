#include "atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "mriembed/error.hpp"

namespace mriembed::cli {

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)) {
  temporary_ = path_ + ".XXXXXX";
  descriptor_ = mkstemp(temporary_.data());
  if (descriptor_ < 0) {
    temporary_.clear();
    fail("cannot be written");
  }
  // mkstemp makes files for their owner only; the result gets what the umask says.
  const mode_t mask = umask(0);
  umask(mask);
  fchmod(descriptor_, 0666U & ~mask);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) {
    close(descriptor_);
  }
  if (!temporary_.empty()) {
    unlink(temporary_.c_str());
  }
}

void AtomicFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      fail("cannot be written");
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void AtomicFile::finish() {
  const bool synced = fsync(descriptor_) == 0 || errno == EINVAL;  // EINVAL: a place that knows no fsync, as a pipe
  if (!synced) {
    fail("cannot be written");
  }
  if (close(std::exchange(descriptor_, -1)) != 0) {
    fail("cannot be written");
  }
}

void AtomicFile::commit() {
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) {
    fail("cannot be put in place");
  }
  temporary_.clear();
}

void AtomicFile::fail(const char* what) const {
  const std::string reason = std::generic_category().message(errno);
  throw Error(ErrorCode::internal, path_ + ": " + what + ": " + reason + "; what was there before is unchanged");
}

}  // namespace mriembed::cli
