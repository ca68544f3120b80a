#include "cli/standard_input.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "cli/interruption.hpp"
#include "io/descriptor.hpp"
#include "io/size_limits.hpp"
#include "mriembed/error.hpp"

namespace mriembed::cli {

namespace {

[[noreturn]] void refuse_by_system(const std::string& what) {
  io::refuse(what + ": " + std::generic_category().message(errno));
}

void write_all(int file, const char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t written = write(file, bytes, count);
    if (written < 0 && errno != EINTR) {
      refuse_by_system("standard input cannot be kept in a temporary file");
    }
    const std::size_t done = written < 0 ? 0 : static_cast<std::size_t>(written);
    bytes += done;
    count -= done;
  }
}

void copy_standard_input(int file) {
  constexpr std::size_t block = std::size_t{1} << 20U;
  std::vector<char> bytes(block);
  for (;;) {
    const ssize_t count = read(STDIN_FILENO, bytes.data(), bytes.size());
    if (count == 0) {
      return;
    }
    if (count < 0 && (errno != EINTR || Interruption::requested())) {
      refuse_by_system("standard input cannot be read");
    }
    write_all(file, bytes.data(), count < 0 ? 0 : static_cast<std::size_t>(count));
  }
}

}  // namespace

StandardInput::StandardInput(const std::vector<std::string>& scans) {
  const auto named = std::ranges::count(scans, standard_input_name);
  if (named > 1) {
    throw Error(ErrorCode::invalid_argument, "standard input (-) can be read once; name it once");
  }
  if (named == 1 && isatty(STDIN_FILENO) == 1) {
    throw Error(ErrorCode::invalid_argument, "standard input (-) is a terminal; pipe a scan into this program");
  }
}

StandardInput::~StandardInput() {
  if (!file_.empty()) {
    unlink(file_.c_str());
  }
}

std::string StandardInput::path_of(const std::string& scan) {
  if (scan != standard_input_name) {
    return scan;
  }
  if (file_.empty()) {
    std::string path = std::filesystem::temp_directory_path() / ".mriembed-scan-XXXXXX";
    const io::Descriptor file(mkostemp(path.data(), O_CLOEXEC));
    if (file.get() < 0) {
      refuse_by_system("standard input cannot be kept as " + path);
    }
    file_ = path;
    copy_standard_input(file.get());
  }
  return file_;
}

}  // namespace mriembed::cli
