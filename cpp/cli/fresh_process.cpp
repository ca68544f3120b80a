#include "cli/fresh_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

#include "cli/descriptor.hpp"
#include "mriembed/error.hpp"

namespace mriembed::cli {

namespace {

[[noreturn]] void refuse(int cause) {
  throw Error(ErrorCode::internal, "a fresh process cannot be run: " + std::generic_category().message(cause));
}

class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;

  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

std::vector<std::string> arguments_of_this_process() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> arguments;
  for (std::string argument; std::getline(file, argument, '\0');) {
    arguments.push_back(argument);
  }
  return arguments;
}

std::string read_to_end(int descriptor) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t count = read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      refuse(errno);
    }
    if (count == 0) {
      return text;
    }
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

int wait_for(pid_t process) {
  int state = 0;
  while (waitpid(process, &state, 0) < 0) {
    if (errno != EINTR) {
      refuse(errno);
    }
  }
  return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

}  // namespace

FreshProcess run_again_with(const std::string& option) {
  std::error_code failure;
  const std::string program = std::filesystem::read_symlink("/proc/self/exe", failure).string();
  if (failure) {
    refuse(failure.value());
  }
  std::vector<std::string> arguments = arguments_of_this_process();
  arguments.push_back(option);
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) {
    pointers.push_back(argument.data());
  }
  pointers.push_back(nullptr);

  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    refuse(errno);
  }
  const Descriptor source(ends[0]);
  Descriptor sink(ends[1]);
  FileActions actions;
  posix_spawn_file_actions_adddup2(actions.get(), sink.get(), STDOUT_FILENO);
  FreshProcess result;
  pid_t process = 0;
  result.start = std::chrono::steady_clock::now();
  if (const int cause = posix_spawn(&process, program.c_str(), actions.get(), nullptr, pointers.data(), environ)) {
    refuse(cause);
  }
  sink = Descriptor(-1);  // or its end would never be seen
  result.output = read_to_end(source.get());
  result.status = wait_for(process);
  return result;
}

}  // namespace mriembed::cli
