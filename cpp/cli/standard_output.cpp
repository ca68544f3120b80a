#include "cli/standard_output.hpp"

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include "mriembed/error.hpp"

namespace mriembed::cli {

namespace {

[[noreturn]] void refuse(int cause) {
  throw Error(ErrorCode::internal, "standard output: cannot be written: " + std::generic_category().message(cause));
}

}  // namespace

void write_standard_output(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size()) {
    refuse(errno);
  }
}

void flush_standard_output() {
  if (std::fflush(stdout) != 0) {
    refuse(errno);
  }
}

}  // namespace mriembed::cli
