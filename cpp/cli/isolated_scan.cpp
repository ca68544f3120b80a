#include "cli/isolated_scan.hpp"

#include <sys/wait.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

#include "cli/child_process.hpp"
#include "cli/message.hpp"
#include "io/file_start.hpp"
#include "io/flat_scan.hpp"
#include "io/noise_scan.hpp"
#include "io/refuse.hpp"
#include "io/scan_stream.hpp"

namespace mriembed::cli {

namespace {

[[noreturn]] void refuse_answer() {
  io::refuse("what reads HDF5 gave an answer that cannot be right: the file is damaged");
}

std::vector<std::string> arguments_of(const std::string& path, const io::ReadOptions& options) {
  std::vector<std::string> arguments{path, options.allow_undersampled ? "allow-undersampled" : "complete"};
  if (options.domain.has_value()) {
    arguments.emplace_back(options.domain == io::Domain::image ? "image" : "kspace");
  } else {
    arguments.emplace_back("any");
  }
  arguments.push_back(options.group);
  const bool own = options.noise == io::NoiseUse::own;
  arguments.emplace_back(own ? "own-noise" : options.noise == io::NoiseUse::none ? "no-noise" : "noise-alone");
  return arguments;
}

// Why the process that read the scan is gone; it did not say so itself.
std::string reason_of_end(int status) {
  if (!WIFSIGNALED(status)) {
    return "what reads HDF5 gave up on it: the file is damaged";
  }
  const int signal = WTERMSIG(status);
  if (signal == SIGPROF) {
    return "reading it takes more time than a file of its size can need: the file is damaged";
  }
  return "the HDF5 library crashed on it (" + std::string(strsignal(signal)) + "): the file is damaged";
}

class IsolatedScan final : public io::ScanReader {
 public:
  IsolatedScan(const std::string& program, const std::string& path, const io::ReadOptions& options)
      : child_(program, arguments_of(path, options)) {
    std::error_code failure;
    const auto size = std::filesystem::file_size(path, failure);
    file_size_ = failure ? 0 : static_cast<std::int64_t>(size);
    facts_ = io::decoded_facts(answer(io::AnswerKind::opened));
  }

  [[nodiscard]] const io::ScanSummary& summary() const override { return facts_.summary; }
  [[nodiscard]] const std::optional<io::NoiseCovariance>& noise_covariance() const override {
    return facts_.noise.front();
  }
  [[nodiscard]] const std::optional<io::NoiseCovariance>& noise_of(int measurement) const override {
    return facts_.noise.at(static_cast<std::size_t>(measurement));
  }

  [[nodiscard]] const io::HeaderFacts& header_of(int measurement) const override {
    return facts_.headers.at(static_cast<std::size_t>(measurement));
  }

  void read(std::int64_t index, io::Slice& slice) override {
    request(index);
    const std::uint64_t address =
        io::decode_slice_head(answer(io::AnswerKind::slice), facts_.summary.domain, file_size_, slice);
    if (slice.stacked.empty()) {
      fetch(address, slice.samples.data(), slice.samples.size() * sizeof(slice.samples[0]));
    } else {
      fetch(address, slice.stacked.data(), slice.stacked.size() * sizeof(slice.stacked[0]));
    }
  }

 private:
  void request(std::int64_t index) {
    if (!child_.send(&index, sizeof(index))) {
      refuse_dead_child();
    }
  }

  void fetch(std::uint64_t address, void* bytes, std::size_t count) {
    if (child_.fetch(address, bytes, count)) {
      return;
    }
    request(io::send_samples);
    receive(bytes, count);
  }

  // The next answer, which must be of this kind or a refusal.
  std::string answer(io::AnswerKind kind) {
    io::AnswerHead head;
    receive(&head, sizeof(head));
    if (head.bytes > io::longest_answer) {
      refuse_answer();
    }
    std::string bytes(head.bytes, '\0');
    receive(bytes.data(), bytes.size());
    if (head.kind == io::AnswerKind::refused) {
      constexpr std::size_t longest_reason = 1000;
      io::refuse(io::shown(bytes, longest_reason));
    }
    if (head.kind != kind) {
      refuse_answer();
    }
    return bytes;
  }

  void receive(void* bytes, std::size_t count) {
    if (!child_.receive(bytes, count)) {
      refuse_dead_child();
    }
  }

  [[noreturn]] void refuse_dead_child() { io::refuse(reason_of_end(child_.end())); }

  ChildProcess child_;
  std::int64_t file_size_ = 0;
  io::OpenedScan facts_;
};

}  // namespace

std::string scan_reader_program() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "mriembed_scan_reader";
}

std::unique_ptr<io::ScanReader> open_isolated_scan(const std::string& program, const std::string& path,
                                                   const io::ReadOptions& options) {
  return std::make_unique<IsolatedScan>(program, path, options);
}

std::unique_ptr<io::ScanReader> open_guarded_scan(const std::string& path, const io::ReadOptions& options) {
  return io::is_hdf5(path) ? open_isolated_scan(scan_reader_program(), path, options)
                           : io::open_flat_scan(path, options);
}

std::optional<io::MeasuredNoise> measured_noise(const std::string& path) {
  if (path.empty()) {
    return std::nullopt;
  }
  io::ReadOptions options;
  options.noise = io::NoiseUse::alone;
  try {
    return io::noise_in(*open_guarded_scan(path, options), path);
  } catch (const Error& error) {
    throw about_file(path, error);
  }
}

std::unique_ptr<io::ScanReader> open_guarded_scan(const std::string& path, io::ReadOptions options,
                                                  const std::optional<io::MeasuredNoise>& noise) {
  if (!noise.has_value()) {
    return open_guarded_scan(path, options);
  }
  options.noise = io::NoiseUse::none;
  return io::with_noise(open_guarded_scan(path, options), *noise);
}

}  // namespace mriembed::cli
