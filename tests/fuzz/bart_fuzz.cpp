// BART arrays: the bytes up to the first zero are the .hdr file, those after it the .cfl file.
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "bart.hpp"
#include "read_whole_scan.hpp"
#include "scratch_file.hpp"
#include "size_limits.hpp"

namespace {

// A folder with links to the two scratch files: what the reader needs is that their names belong together.
class BartFiles {
 public:
  BartFiles() {
    std::string folder = std::filesystem::temp_directory_path() / "mriembed-fuzz-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) {
      std::abort();
    }
    folder_ = folder;
    std::filesystem::create_symlink(header_.path(), folder_ / "scan.hdr");
    std::filesystem::create_symlink(samples_.path(), folder_ / "scan.cfl");
  }
  BartFiles(const BartFiles&) = delete;
  BartFiles& operator=(const BartFiles&) = delete;
  ~BartFiles() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  void write(const std::uint8_t* data, std::size_t size) const {
    const std::uint8_t* const end = data + size;
    const std::uint8_t* const zero = std::find(data, end, 0);
    header_.write({data, zero});
    samples_.write({zero == end ? end : zero + 1, end});
  }
  [[nodiscard]] std::string path() const { return folder_ / "scan.cfl"; }

 private:
  std::filesystem::path folder_;
  mriembed::fuzzing::ScratchFile header_;
  mriembed::fuzzing::ScratchFile samples_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const BartFiles files;
  files.write(data, size);
  mriembed::fuzzing::read_whole_scan([](const mriembed::io::ReadOptions& options) {
    if (!mriembed::io::is_bart(files.path())) {
      mriembed::io::refuse("no BART array");
    }
    return mriembed::io::open_bart(files.path(), options);
  });
  return 0;
}
