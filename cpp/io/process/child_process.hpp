// A process of our own making that answers requests over pipes, and that may die at any time.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

#include "descriptor.hpp"

namespace mriembed::io {

// The descriptor on which the child writes its answers. Libraries print to standard output, so it is not that one.
inline constexpr int answers_of_child = 3;
// The one that it is lent, where it is.
inline constexpr int lent_to_child = 4;

// Requests go to the child's standard input, answers come from its descriptor `answers_of_child`; its standard output
// and standard error go nowhere.
// One thread at a time may use it. Starting one is safe while other threads run: nothing of this process's memory is
// used between its making and its own program.
class ChildProcess {
 public:
  // Throws Error internal where it cannot be started. `arguments` without the program's own name. `lent`: a descriptor
  // of ours that the child gets as `lent_to_child`; -1: none.
  ChildProcess(const std::string& program, const std::vector<std::string>& arguments, int lent = -1);
  // Ends the child at once where it still runs: nothing that it does outlives it.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // False where the child has ended, or said nothing for two minutes.
  [[nodiscard]] bool send(const void* bytes, std::size_t count) const;
  [[nodiscard]] bool receive(void* bytes, std::size_t count) const;

  // Ends the child and says how it ended, as waitpid() does; SIGKILL where it had not ended by itself.
  int end();

 private:
  Descriptor requests_;
  Descriptor answers_;
  pid_t id_ = -1;  // -1: has been waited for
};

}  // namespace mriembed::io
