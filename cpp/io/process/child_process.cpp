#include "process/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "mriembed/error.hpp"

namespace mriembed::io {

namespace {

[[noreturn]] void fail(const std::string& program, int cause) {
  throw Error(ErrorCode::internal, program + " cannot be started: " + std::generic_category().message(cause) +
                                       "; it is installed with mriembed_cli, which reads scans with it");
}

// The same descriptor beyond the child's own, which are set up from these one after another; some of ours may be
// closed.
Descriptor above_those_of_the_child(const std::string& program, int number) {
  Descriptor high(fcntl(number, F_DUPFD_CLOEXEC, lent_to_child + 1));
  if (high.get() < 0) {
    fail(program, errno);
  }
  return high;
}

struct Ends {
  Descriptor ours;
  Descriptor childs;
};

Ends above_those_of_the_child(const std::string& program, const std::array<int, 2>& ends) {
  const Descriptor ours(ends[0]);
  const Descriptor childs(ends[1]);
  return {above_those_of_the_child(program, ours.get()), above_those_of_the_child(program, childs.get())};
}

// A socket, because writing to one whose other end is gone can be had without a signal.
Ends request_ends(const std::string& program) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    fail(program, errno);
  }
  return above_those_of_the_child(program, ends);
}

Ends answer_ends(const std::string& program) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    fail(program, errno);
  }
  Ends above = above_those_of_the_child(program, ends);
  fcntl(above.ours.get(), F_SETPIPE_SZ, 1 << 20U);  // fewer turns to wait; less is no failure
  return above;
}

// The settings of posix_spawn, which are to be released.
class SpawnSettings {
 public:
  // `lent`: -1 for none.
  SpawnSettings(int requests, int answers, int lent) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, requests, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, answers, answers_of_child);
    if (lent >= 0) {
      posix_spawn_file_actions_adddup2(&actions_, lent, lent_to_child);
    }
    posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&attributes_);
    // Whatever this thread blocks and this process ignores, the signal that ends a child which takes too long must not
    // be among it.
    sigset_t set;
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attributes_, &set);
    sigfillset(&set);
    posix_spawnattr_setsigdefault(&attributes_, &set);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }

  int spawn(pid_t* id, const std::string& program, std::vector<char*>& arguments) const {
    return posix_spawn(id, program.c_str(), &actions_, &attributes_, arguments.data(), environ);
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

constexpr int longest_silence_ms = 120'000;

}  // namespace

ChildProcess::ChildProcess(const std::string& program, const std::vector<std::string>& arguments, int lent)
    : requests_(-1), answers_(-1) {
  Ends request = request_ends(program);
  Ends answer = answer_ends(program);
  const Descriptor high = lent < 0 ? Descriptor(-1) : above_those_of_the_child(program, lent);
  std::vector<std::string> texts{program};
  texts.insert(texts.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  const SpawnSettings settings(request.childs.get(), answer.childs.get(), high.get());
  const int failure = settings.spawn(&id_, program, pointers);
  if (failure != 0) {
    fail(program, failure);
  }
  requests_ = std::move(request.ours);
  answers_ = std::move(answer.ours);
}

ChildProcess::~ChildProcess() { end(); }

bool ChildProcess::send(const void* bytes, std::size_t count) const {
  const auto* at = static_cast<const char*>(bytes);
  while (count > 0) {
    const ssize_t sent = ::send(requests_.get(), at, count, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) {
      continue;
    }
    if (sent <= 0) {
      return false;
    }
    at += sent;
    count -= static_cast<std::size_t>(sent);
  }
  return true;
}

bool ChildProcess::receive(void* bytes, std::size_t count) const {
  auto* at = static_cast<char*>(bytes);
  while (count > 0) {
    pollfd waiting{answers_.get(), POLLIN, 0};
    const int ready = poll(&waiting, 1, longest_silence_ms);
    if (ready < 0 && errno == EINTR) {
      continue;
    }
    if (ready <= 0) {
      return false;
    }
    const ssize_t received = read(answers_.get(), at, count);
    if (received < 0 && errno == EINTR) {
      continue;
    }
    if (received <= 0) {
      return false;
    }
    at += received;
    count -= static_cast<std::size_t>(received);
  }
  return true;
}

int ChildProcess::end() {
  if (id_ < 0) {
    return 0;
  }
  // A child whose end of the pipe is closed is about to end by itself, and then its status says why.
  pollfd gone{answers_.get(), 0, 0};
  const bool ending = poll(&gone, 1, 0) > 0;
  int status = 0;
  constexpr int longest_wait_ms = 1000;
  for (int waited = 0; ending && waited < longest_wait_ms; ++waited) {
    if (waitpid(id_, &status, WNOHANG) == id_) {
      id_ = -1;
      return status;
    }
    poll(nullptr, 0, 1);
  }
  kill(id_, SIGKILL);
  while (waitpid(id_, &status, 0) < 0 && errno == EINTR) {
  }
  id_ = -1;
  return status;
}

}  // namespace mriembed::io
