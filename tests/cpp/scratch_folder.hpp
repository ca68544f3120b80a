// Where the tests of one process write their files.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

namespace mriembed::testing_files {

// A new folder among the temporary ones, removed with all it holds. Its name is the system's choice: the number of the
// process alone comes around again, and an interrupted process leaves its files behind.
class ScratchFolder {
 public:
  ScratchFolder() : path_(testing::TempDir() + "mriembed-XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr) {
      throw std::system_error(errno, std::generic_category(), path_);
    }
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The folder of this process.
inline const ScratchFolder& scratch_folder() {
  static const ScratchFolder folder;
  return folder;
}

}  // namespace mriembed::testing_files
