// A scan that comes through standard input: kept in a temporary file, so that it is read as any other.
#pragma once

#include <string>
#include <vector>

namespace mriembed::cli {

inline constexpr const char* standard_input_name = "-";

class StandardInput {
 public:
  // Throws Error invalid_argument where `scans` name standard input more than once, or it is a terminal.
  explicit StandardInput(const std::vector<std::string>& scans);
  // Removes the file. (HDF5 opens no file that has lost its name already.)
  ~StandardInput();
  StandardInput(const StandardInput&) = delete;
  StandardInput& operator=(const StandardInput&) = delete;

  // What to open for `scan`: itself, or of "-" the file that holds all of standard input, which is read at the first
  // call. It lies in the folder for temporary files (TMPDIR) and is for this user alone. Throws Error bad_input where
  // it cannot be kept. One thread at a time.
  [[nodiscard]] std::string path_of(const std::string& scan);

 private:
  std::string file_;  // empty: none yet
};

}  // namespace mriembed::cli
