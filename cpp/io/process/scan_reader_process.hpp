// mriembed_scan_reader at work on one file: its answers, and why it is gone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "process/child_process.hpp"
#include "process/scan_reader_request.hpp"
#include "process/scan_stream.hpp"

namespace mriembed::io {

// Where the program lies, seen from this one: in libexec as installed, in the same folder as built.
std::string scan_reader_program();

// All functions throw Error bad_input with the child's refusal, or, where it has ended otherwise, with the reason.
// One thread at a time.
class ScanReaderProcess {
 public:
  // `slots`: of SharedSlots, through which samples come; -1 for a process that answers with messages.
  ScanReaderProcess(const std::string& program, const ScanReaderRequest& request, int slots = -1);

  void request(std::int64_t index);
  // The next answer, which must be of this kind or a refusal.
  std::string answer(AnswerKind kind);
  // Waits for the next portion of samples.
  void await_portion();
  // Lets it fill the slot of the portion again that was awaited last.
  void release_slot();

 private:
  void send(const void* bytes, std::size_t count);
  void receive(void* bytes, std::size_t count);
  [[noreturn]] void refuse_dead_child();

  ChildProcess child_;
};

}  // namespace mriembed::io
