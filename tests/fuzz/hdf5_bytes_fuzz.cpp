// HDF5 files of any bytes: what the program that reads them for mriembed_cli meets.
//
// HDF5's own library has defects that such files reach; that is why that program is a process of its own. Here, too, a
// process reads each file, and its death inside the library is no finding. Anything else that sanitizers report is.
#include <hdf5.h>
#include <sanitizer/common_interface_defs.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "hdf5_file.hpp"
#include "hdf5_scan.hpp"
#include "read_whole_scan.hpp"
#include "scratch_file.hpp"

// Where the compiler counts how often parts of the code ran, if it does.
extern "C" [[gnu::weak]] std::uint8_t __start___sancov_cntrs;
extern "C" [[gnu::weak]] std::uint8_t __stop___sancov_cntrs;

namespace {

constexpr std::size_t most_counters = 1 << 16U;

// Counters beside the compiler's, which libFuzzer looks at, too: the reading process leaves its own here.
[[gnu::section("__libfuzzer_extra_counters"), gnu::used]] alignas(4096) std::uint8_t shared_counters[most_counters];

void share_counters() {
  if (mmap(shared_counters, most_counters, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
      shared_counters) {
    std::abort();
  }
}

void leave_counters() {
  const std::uint8_t* const first = &__start___sancov_cntrs;
  const std::uint8_t* const last = &__stop___sancov_cntrs;
  if (first == nullptr) {
    return;
  }
  std::copy(first, std::min(last, first + most_counters), shared_counters);
}

[[noreturn]] void read_in_child(const std::string& path, int report) {
  __sanitizer_set_death_callback(nullptr);
  dup2(report, STDERR_FILENO);
  for (const int signal : {SIGABRT, SIGALRM, SIGXCPU}) {
    std::signal(signal, SIG_DFL);
  }
  constexpr rlimit seconds{2, 2};
  setrlimit(RLIMIT_CPU, &seconds);
  alarm(30);
  mriembed::io::restrict_hdf5();
  mriembed::fuzzing::read_whole_scan(
      [&](const mriembed::io::ReadOptions& options) { return mriembed::io::open_hdf5_scan(path, options); });
  leave_counters();
  _exit(0);
}

// What the reading process wrote before it died.
std::string text_of(int file) {
  std::string text(static_cast<std::size_t>(lseek(file, 0, SEEK_END)), '\0');
  const ssize_t count = pread(file, text.data(), text.size(), 0);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return text;
}

bool died_in_hdf5(int status, const std::string& report) {
  if (WIFSIGNALED(status) &&
      (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGALRM)) {
    return true;  // an endless loop, of which our own code has none
  }
  return report.find("libhdf5") != std::string::npos && report.find("runtime error") == std::string::npos;
}

// How often HDF5's library died, for the log.
class Deaths {
 public:
  Deaths() = default;
  Deaths(const Deaths&) = delete;
  Deaths& operator=(const Deaths&) = delete;
  ~Deaths() { std::fprintf(stderr, "stat::died_in_hdf5: %d\n", count); }
  int count = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const mriembed::fuzzing::ScratchFile file;
  static const bool shared = (share_counters(), true);
  static_cast<void>(shared);
  file.write({data, size});
  const int report = memfd_create("report", 0);
  const pid_t child = fork();
  if (child == 0) {
    read_in_child(file.path(), report);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) {
    const std::string text = text_of(report);
    if (!died_in_hdf5(status, text)) {
      static_cast<void>(!write(STDERR_FILENO, text.data(), text.size()));
      std::abort();
    }
    static Deaths deaths;
    ++deaths.count;
  }
  close(report);
  return 0;
}
