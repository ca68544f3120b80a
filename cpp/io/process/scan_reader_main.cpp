// mriembed_scan_reader: reads one HDF5 scan for another program, in a process of its own that may die of a damaged
// file.
//
// Its arguments are those of scan_reader_request.hpp. Answers on descriptor 3 as scan_stream.hpp says: the scan's
// facts, and then for each 64-bit index on standard input that slice, its samples through the memory that is descriptor
// 4; or the messages of an MRD stream. A refusal is an answer and the last one. Ends with its standard input.
#include <fcntl.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <complex>
#include <csignal>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "hdf5_file.hpp"
#include "hdf5_messages.hpp"
#include "hdf5_scan.hpp"
#include "process/child_process.hpp"
#include "process/scan_reader_request.hpp"
#include "process/scan_stream.hpp"
#include "process/shared_slots.hpp"

namespace {

using mriembed::io::AnswerHead;
using mriembed::io::AnswerKind;
using mriembed::io::answers_of_child;
using mriembed::io::Descriptor;
using mriembed::io::lent_to_child;
using mriembed::io::SharedSlots;

// The other program is gone: nobody waits for an answer.
class Unheard : public std::exception {};

void write_all(const void* bytes, std::size_t count) {
  const auto* at = static_cast<const char*>(bytes);
  while (count > 0) {
    const ssize_t written = write(answers_of_child, at, count);
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      throw Unheard();
    }
    at += written;
    count -= static_cast<std::size_t>(written);
  }
}

void answer(AnswerKind kind, std::string_view bytes) {
  const AnswerHead head{kind, static_cast<std::uint32_t>(bytes.size())};
  write_all(&head, sizeof(head));
  write_all(bytes.data(), bytes.size());
}

// False at the end of the requests.
bool read_all(void* bytes, std::size_t count) {
  auto* at = static_cast<char*>(bytes);
  while (count > 0) {
    const ssize_t got = read(STDIN_FILENO, at, count);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return false;
    }
    at += got;
    count -= static_cast<std::size_t>(got);
  }
  return true;
}

// False where the other process takes no more of them.
bool send_samples(std::span<const std::complex<float>> samples, const SharedSlots& slots) {
  char signal = 0;
  for (std::size_t portion = 0; !samples.empty(); ++portion) {
    if (portion >= SharedSlots::slots && !read_all(&signal, 1)) {
      return false;
    }
    const auto part = samples.first(std::min(SharedSlots::portion, samples.size()));
    std::ranges::copy(part, slots.slot_of(portion).begin());
    samples = samples.subspan(part.size());
    write_all(&signal, 1);
  }
  return true;
}

void limit(__rlimit_resource_t resource, std::uint64_t most) {
  rlimit current{};
  getrlimit(resource, &current);
  current.rlim_cur = std::min<rlim_t>(most, current.rlim_max);
  setrlimit(resource, &current);
}

// Memory that is let go of is used again within the same scan; to have it from the kernel each time costs more than
// reading the samples into it.
void keep_memory() {
  constexpr int largest_threshold = 32 << 20U;  // that glibc takes
  constexpr int everything = 1 << 30U;
  mallopt(M_MMAP_THRESHOLD, largest_threshold);
  mallopt(M_TRIM_THRESHOLD, everything);
}

// What a sound file of this size needs, many times over; a damaged one can make HDF5 ask for anything, or never end.
void limit_resources(std::uint64_t file_size) {
  constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;
  limit(RLIMIT_AS, 256 * mebibyte + 256 * file_size);  // libraries included
  limit(RLIMIT_FSIZE, 0);                              // nothing is written
  limit(RLIMIT_CORE, 0);
  // Of the processor's time, not of the clock's: what else the machine does is not the file's fault.
  const std::uint64_t milliseconds = 500 + 1000 * file_size / mebibyte;
  itimerval timer{};
  timer.it_value.tv_sec = static_cast<time_t>(milliseconds / 1000);
  timer.it_value.tv_usec = static_cast<suseconds_t>(milliseconds % 1000 * 1000);
  setitimer(ITIMER_PROF, &timer, nullptr);
}

// Reads the slice after the one that was asked for while the other process is busy with that one.
class SliceAhead {
 public:
  explicit SliceAhead(mriembed::io::ScanReader& reader) : reader_(reader) {}

  // Stays as it is until the next call.
  const mriembed::io::Slice& get(std::int64_t index) {
    if (ahead_ != index) {
      read(index);
    }
    if (failure_ != nullptr) {
      std::rethrow_exception(failure_);
    }
    return slice_;
  }

  void read(std::int64_t index) {
    ahead_ = index;
    failure_ = nullptr;
    try {
      reader_.read(index, slice_);
    } catch (...) {
      failure_ = std::current_exception();  // belongs to this slice, which may never be asked for
    }
  }

 private:
  mriembed::io::ScanReader& reader_;
  mriembed::io::Slice slice_;
  std::int64_t ahead_ = -1;  // the slice that slice_ or failure_ is
  std::exception_ptr failure_;
};

void serve(const std::string& path, const mriembed::io::ReadOptions& options) {
  const SharedSlots slots = SharedSlots::lent(Descriptor(lent_to_child));
  const auto reader = mriembed::io::open_hdf5_scan(path, options);
  answer(AnswerKind::opened, mriembed::io::encoded_facts(*reader));
  SliceAhead ahead(*reader);
  const std::int64_t slices = reader->summary().slices;
  for (std::int64_t index = 0; read_all(&index, sizeof(index)) && index >= 0 && index < slices;) {
    const mriembed::io::Slice& slice = ahead.get(index);
    answer(AnswerKind::slice, mriembed::io::encoded_slice_head(slice));
    if (!send_samples(slice.samples, slots)) {
      return;
    }
    if (index + 1 < slices) {
      ahead.read(index + 1);
    }
  }
}

int run(std::span<char*> arguments) {
  const std::span<char*> after_name = arguments.subspan(std::min<std::size_t>(1, arguments.size()));
  const std::vector<std::string> texts(after_name.begin(), after_name.end());
  const std::optional<mriembed::io::ScanReaderRequest> request = mriembed::io::request_of(texts);
  if (!request.has_value()) {
    constexpr std::string_view usage = "mriembed_scan_reader: read HDF5 scans with mriembed_cli, which runs this\n";
    return write(STDERR_FILENO, usage.data(), usage.size()) > 0 ? 2 : 1;
  }
  // What a terminal sends to all of its programs is for the other program, whose end ends this one.
  for (const int signal : {SIGINT, SIGQUIT, SIGHUP}) {
    std::signal(signal, SIG_IGN);
  }
  std::error_code failure;
  const auto size = std::filesystem::file_size(request->path, failure);
  limit_resources(failure ? 0 : size);
  keep_memory();
  mriembed::io::restrict_hdf5();
  try {
    if (request->messages) {
      mriembed::io::hdf5_messages(request->path, request->options.group,
                                  [](std::string_view message) { answer(AnswerKind::message, message); });
    } else {
      serve(request->path, request->options);
    }
  } catch (const Unheard&) {
    return 0;
  } catch (const std::bad_alloc&) {
    answer(AnswerKind::refused, "a slice of this file does not fit into memory");
  } catch (const std::exception& error) {
    answer(AnswerKind::refused, error.what());
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  int status = 1;
  try {
    status = run({argv, static_cast<std::size_t>(argc)});
  } catch (...) {  // also from an answer to nobody
    status = 1;
  }
  // Without the closing of files and the library's own end: after a damaged file, neither is safe, and all of it goes.
  _exit(status);
}
