#include "torch_backend/forked_child.hpp"

#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace mriembed::torch_backend {

namespace {

// PF_FORKNOEXEC of Linux, in the seventh field behind the program's name of /proc/self/stat; false where that cannot be
// read.
bool has_forked_without_exec() {
  constexpr std::uint64_t forked_without_exec = 0x40;
  std::ifstream file("/proc/self/stat");
  const std::string stat(std::istreambuf_iterator<char>(file), {});
  const std::size_t name_end = stat.rfind(')');  // the name itself may hold any character
  if (name_end == std::string::npos) {
    return false;
  }
  std::istringstream fields(stat.substr(name_end + 1));
  std::string skipped;
  for (int field = 0; field < 6; ++field) {
    fields >> skipped;
  }
  std::uint64_t flags = 0;
  return (fields >> flags) && (flags & forked_without_exec) != 0;
}

}  // namespace

bool is_forked_child() {
  struct Origin {
    pid_t process = getpid();
    bool is_forked = has_forked_without_exec();
  };
  static const Origin first_call;  // a child inherits it
  return first_call.is_forked || getpid() != first_call.process;
}

}  // namespace mriembed::torch_backend
