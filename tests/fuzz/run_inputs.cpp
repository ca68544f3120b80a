// Runs a fuzz target once over each file of the files and folders in its arguments, where the compiler has no
// libFuzzer. The limits of time and memory are those of scripts/fuzz. The input that was named last is the one that
// failed.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

// Of the sanitizers' library; GCC has no header of it.
extern "C" int __sanitizer_install_malloc_and_free_hooks(  // NOLINT(bugprone-reserved-identifier)
    void (*allocated)(const volatile void* memory, std::size_t size), void (*released)(const volatile void* memory));

namespace {

constexpr unsigned seconds_an_input = 20;
constexpr std::size_t most_bytes_at_once = std::size_t{256} << 20U;
constexpr long most_kibibytes = 2048L << 10U;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

void look_at_allocation(const volatile void* /*memory*/, std::size_t size) {
  if (size > most_bytes_at_once) {
    fail("more than 256 MiB are allocated at once");
  }
}

void ignore_release(const volatile void* /*memory*/) {}

std::vector<std::string> files_of(const std::string& path) {
  if (!std::filesystem::is_directory(path)) {
    return {path};
  }
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// In a block of its own size, so that AddressSanitizer notices a byte too many.
std::vector<std::uint8_t> contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::uint8_t> bytes(std::filesystem::file_size(path));
  if (!file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()))) {
    fail("the file cannot be read");
  }
  return bytes;
}

void run(const std::vector<std::uint8_t>& bytes, const std::string& name) {
  std::fprintf(stderr, "%s\n", name.c_str());
  alarm(seconds_an_input);
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  alarm(0);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  if (usage.ru_maxrss > most_kibibytes) {
    fail("the process took more than 2048 MiB");
  }
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<std::string> files;
  for (int argument = 1; argument < count; ++argument) {
    const std::vector<std::string> more = files_of(arguments[argument]);
    files.insert(files.end(), more.begin(), more.end());
  }
  if (files.empty()) {
    fail("no inputs");
  }
  __sanitizer_install_malloc_and_free_hooks(&look_at_allocation, &ignore_release);
  run({}, "no bytes");
  for (const std::string& file : files) {
    run(contents_of(file), file);
  }
  return EXIT_SUCCESS;
}
