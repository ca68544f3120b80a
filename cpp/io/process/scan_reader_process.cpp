#include "process/scan_reader_process.hpp"

#include <sys/wait.h>

#include <csignal>
#include <cstring>
#include <filesystem>

#include "size_limits.hpp"

namespace mriembed::io {

namespace {

// Why the process that read the scan is gone; it did not say so itself.
std::string reason_of_end(int status) {
  if (!WIFSIGNALED(status)) {
    return "the HDF5 reader process gave up on it: the file is damaged";
  }
  const int signal = WTERMSIG(status);
  if (signal == SIGPROF) {
    return "reading it takes more time than a file of its size can need: the file is damaged";
  }
  return "the HDF5 library crashed on it (" + std::string(strsignal(signal)) + "): the file is damaged";
}

}  // namespace

std::string scan_reader_program() {
  constexpr const char* name = "mriembed_scan_reader";
  const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const auto installed = (folder / MRIEMBED_LIBEXEC / name).lexically_normal();
  const auto built = folder / name;
  return !exists(installed) && exists(built) ? built : installed;
}

ScanReaderProcess::ScanReaderProcess(const std::string& program, const ScanReaderRequest& request, int slots)
    : child_(program, arguments_of(request), slots) {}

void ScanReaderProcess::request(std::int64_t index) { send(&index, sizeof(index)); }

std::string ScanReaderProcess::answer(AnswerKind kind) {
  AnswerHead head;
  receive(&head, sizeof(head));
  if (head.bytes > longest_answer) {
    refuse_answer();
  }
  std::string bytes(head.bytes, '\0');
  receive(bytes.data(), bytes.size());
  if (head.kind == AnswerKind::refused) {
    constexpr std::size_t longest_reason = 1000;
    refuse(shown(bytes, longest_reason));
  }
  if (head.kind != kind) {
    refuse_answer();
  }
  return bytes;
}

void ScanReaderProcess::await_portion() {
  char signal = 0;
  receive(&signal, 1);
}

void ScanReaderProcess::release_slot() {
  const char signal = 0;
  send(&signal, 1);
}

void ScanReaderProcess::send(const void* bytes, std::size_t count) {
  if (!child_.send(bytes, count)) {
    refuse_dead_child();
  }
}

void ScanReaderProcess::receive(void* bytes, std::size_t count) {
  if (!child_.receive(bytes, count)) {
    refuse_dead_child();
  }
}

void ScanReaderProcess::refuse_dead_child() { refuse(reason_of_end(child_.end())); }

}  // namespace mriembed::io
