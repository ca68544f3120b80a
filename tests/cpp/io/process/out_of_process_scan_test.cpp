#include "process/out_of_process_scan.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../../scratch_folder.hpp"
#include "mriembed/error.hpp"
#include "process/scan_stream.hpp"
#include "process/shared_slots.hpp"

namespace mriembed::io {
namespace {

using Samples = std::vector<std::complex<float>>;

std::string new_file() {
  static std::atomic<int> count = 0;
  return testing_files::scratch_folder() / ("out-of-process-" + std::to_string(count++));
}

// A program that stands in for mriembed_scan_reader and does what a damaged file could make that one do.
std::string program(const std::string& commands) {
  std::string path = new_file();
  std::ofstream(path) << "#!/bin/sh\n" << commands << "\n";
  chmod(path.c_str(), 0700);
  return path;
}

std::string refusal_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_input);
    return error.what();
  }
  return "accepted";
}

std::string refusal_of(const std::string& commands) {
  return refusal_of([&] { open_out_of_process_scan(program(commands), "/nonexistent/scan.h5", {}); });
}

TEST(OutOfProcessScan, turns_a_crash_into_a_refusal) {
  EXPECT_NE(refusal_of("kill -SEGV $$").find("crashed on it (Segmentation fault)"), std::string::npos);
  EXPECT_NE(refusal_of("kill -PROF $$").find("more time than a file of its size can need"), std::string::npos);
  EXPECT_NE(refusal_of("exit 1").find("gave up"), std::string::npos);
}

TEST(OutOfProcessScan, passes_a_refusal_on) {
  EXPECT_EQ(refusal_of(R"(printf '\003\000\000\000\004\000\000\000what' >&3)"), "what");
}

TEST(OutOfProcessScan, does_not_take_what_a_library_prints_for_an_answer) {
  EXPECT_EQ(refusal_of(R"(echo chatter; printf '\003\000\000\000\004\000\000\000what' >&3)"), "what");
}

TEST(OutOfProcessScan, refuses_answers_that_cannot_be) {
  // Not even a head; an unknown kind; more bytes than any answer has; facts of no scan.
  EXPECT_NE(refusal_of("echo no >&3").find("gave up"), std::string::npos);
  EXPECT_NE(refusal_of(R"(printf '\011\000\000\000\000\000\000\000' >&3)").find("invalid reply"), std::string::npos);
  EXPECT_NE(refusal_of(R"(printf '\001\000\000\000\377\377\377\377' >&3)").find("invalid reply"), std::string::npos);
  EXPECT_NE(refusal_of(R"(printf '\001\000\000\000\004\000\000\000what' >&3)").find("invalid reply"),
            std::string::npos);
}

TEST(OutOfProcessScan, says_where_its_program_should_be) {
  try {
    open_out_of_process_scan("/nonexistent/mriembed_scan_reader", "scan.h5", {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::internal);
    EXPECT_NE(std::string(error.what()).find("installed with mriembed_cli"), std::string::npos);
  }
}

// The rest is about slices: commands of a stand-in that has opened a scan and is asked for them.

class OneCoilScan final : public ScanReader {
 public:
  OneCoilScan() {
    summary_.format = "MRD raw data";
    summary_.coils = summary_.encoded_x = summary_.encoded_y = 1;
    summary_.slices = 1000;
  }
  [[nodiscard]] const ScanSummary& summary() const override { return summary_; }
  [[nodiscard]] const std::optional<NoiseCovariance>& noise_covariance() const override { return noise_; }
  void read(std::int64_t /*index*/, Slice& /*slice*/) override {}

 private:
  ScanSummary summary_;
  std::optional<NoiseCovariance> noise_;
};

Samples some_samples(std::size_t count, float first) {
  Samples samples;
  for (std::size_t index = 0; index < count; ++index) {
    samples.emplace_back(first + static_cast<float>(index), -1.0F);
  }
  return samples;
}

std::string file_with(const void* bytes, std::size_t count) {
  std::string path = new_file();
  std::ofstream(path, std::ios::binary).write(static_cast<const char*>(bytes), static_cast<std::streamsize>(count));
  return path;
}

// The command that sends an answer.
std::string answer(AnswerKind kind, std::string_view bytes) {
  const AnswerHead head{kind, static_cast<std::uint32_t>(bytes.size())};
  std::string whole(reinterpret_cast<const char*>(&head), sizeof(head));
  whole += bytes;
  return "cat " + file_with(whole.data(), whole.size()) + " >&3\n";
}

std::string head(std::int64_t channels, std::int64_t height, std::int64_t width) {
  Slice slice;
  slice.channels = channels;
  slice.height = height;
  slice.width = width;
  return answer(AnswerKind::slice, encoded_slice_head(slice));
}

// The commands that put a portion of samples into its slot, and that say so.
std::string put(const Samples& samples, std::size_t portion = 0) {
  const std::size_t slot = portion % SharedSlots::slots * SharedSlots::portion * sizeof(samples[0]);
  return "dd if=" + file_with(samples.data(), samples.size() * sizeof(samples[0])) +
         " of=/proc/self/fd/4 conv=notrunc oflag=seek_bytes bs=64k seek=" + std::to_string(slot) + " 2>&1\n";
}
constexpr const char* say_so = "printf '\\000' >&3\n";

constexpr const char* next_request = "head -c 8\n";
constexpr const char* wait_for_a_slot = "head -c 1\n";

// A whole slice of one coil.
std::string sent(const Samples& samples, std::int64_t height, std::int64_t width) {
  std::string commands = head(1, height, width);
  for (std::size_t at = 0, portion = 0; at < samples.size(); at += SharedSlots::portion, ++portion) {
    const auto begin = samples.begin() + static_cast<std::ptrdiff_t>(at);
    const std::size_t count = std::min(SharedSlots::portion, samples.size() - at);
    commands += portion < SharedSlots::slots ? "" : wait_for_a_slot;
    commands += put(Samples(begin, begin + static_cast<std::ptrdiff_t>(count)), portion) + say_so;
  }
  return commands;
}

std::string program_that_opens(const std::string& commands) {
  return program(answer(AnswerKind::opened, encoded_facts(OneCoilScan())) + next_request + commands);
}

std::unique_ptr<ScanReader> opened(const std::string& commands, const std::string& file = "/nonexistent/scan.h5") {
  return open_out_of_process_scan(program_that_opens(commands), file, {});
}

std::string refusal_of_slice(const std::string& commands) {
  const auto scan = opened(commands);
  Slice slice;
  return refusal_of([&] { scan->read(0, slice); });
}

// A file that can justify slices of several portions.
std::string large_file() {
  std::string path = new_file();
  std::ofstream(path).flush();
  std::filesystem::resize_file(path, 10 << 20U);
  return path;
}

TEST(OutOfProcessScan, takes_slices_of_changing_sizes) {
  struct Shape {
    std::int64_t height;
    std::int64_t width;
  };
  constexpr std::int64_t portion = SharedSlots::portion;
  constexpr std::array shapes{Shape{1, 100},
                              Shape{portion / 1024, 1024},
                              Shape{1, 1},
                              Shape{5 * portion / 512, 512},
                              Shape{7, 1000},
                              Shape{portion / 1024 + 1, 1024},
                              Shape{2 * portion / 512, 512}};
  const auto samples_of = [](const Shape& shape) {
    return some_samples(static_cast<std::size_t>(shape.height * shape.width), static_cast<float>(shape.width));
  };
  std::string commands;
  for (const Shape& shape : shapes) {
    commands += sent(samples_of(shape), shape.height, shape.width) + next_request;
  }
  const auto scan = opened(commands, large_file());
  Slice slice;
  for (std::size_t index = 0; index < shapes.size(); ++index) {
    scan->read(static_cast<std::int64_t>(index), slice);
    EXPECT_EQ(slice.height, shapes[index].height);
    EXPECT_EQ(slice.samples, samples_of(shapes[index])) << index;
  }
}

TEST(OutOfProcessScan, refuses_a_scan_whose_reader_dies_in_the_middle_of_a_slice) {
  const std::string half = head(1, 10, 10) + put(some_samples(50, 0));
  EXPECT_NE(refusal_of_slice(half + "kill -SEGV $$").find("crashed on it (Segmentation fault)"), std::string::npos);
  EXPECT_NE(refusal_of_slice(half + "kill -BUS $$").find("crashed on it (Bus error)"), std::string::npos);
  EXPECT_NE(refusal_of_slice(half + "kill -PROF $$").find("more time than a file"), std::string::npos);
  EXPECT_NE(refusal_of_slice(R"(printf '\002\000\000\000\144' >&3)").find("gave up"), std::string::npos);
}

TEST(OutOfProcessScan, refuses_a_scan_whose_reader_dies_between_portions) {
  constexpr std::int64_t height = 4 * SharedSlots::portion / 512;
  std::string commands = head(1, height, 512);
  for (int portion = 0; portion < 4; ++portion) {
    const auto scan = opened(commands + "kill -SEGV $$", large_file());
    Slice slice;
    EXPECT_NE(refusal_of([&] { scan->read(0, slice); }).find("crashed on it"), std::string::npos) << portion;
    commands += (portion < 2 ? "" : wait_for_a_slot) + std::string(say_so);
  }
}

TEST(OutOfProcessScan, keeps_a_slice_when_the_reader_dies_after_it) {
  const auto scan = opened(sent(some_samples(100, 5), 10, 10) + "kill -SEGV $$");
  Slice slice;
  scan->read(0, slice);
  EXPECT_EQ(slice.samples, some_samples(100, 5));
  EXPECT_NE(refusal_of([&] { scan->read(1, slice); }).find("crashed on it"), std::string::npos);
}

TEST(OutOfProcessScan, refuses_a_slice_larger_than_the_file_can_justify) {
  // Of a file that is not there, 1 MiB.
  EXPECT_NE(refusal_of_slice(head(1, 512, 257)).find("cannot justify"), std::string::npos);
  EXPECT_NE(refusal_of_slice(head(1024, 16384, 16384)).find("cannot justify"), std::string::npos);
  EXPECT_EQ(refusal_of_slice(head(1, 512, 256) + say_so), "accepted");
}

TEST(OutOfProcessScan, refuses_a_slice_of_sizes_that_cannot_be) {
  for (const std::string& lie :
       {head(0, 1, 1), head(-1, -1, 1), head(1025, 1, 1), head(1, 1, 16385), head(std::int64_t{1} << 62U, 4, 4),
        answer(AnswerKind::slice, "short"), answer(AnswerKind::opened, encoded_facts(OneCoilScan()))}) {
    EXPECT_NE(refusal_of_slice(lie).find("invalid reply"), std::string::npos);
  }
}

TEST(OutOfProcessScan, takes_samples_that_were_never_written_for_zeros) {
  const auto scan = opened(head(1, 10, 10) + say_so);
  Slice slice;
  scan->read(0, slice);
  EXPECT_EQ(slice.samples, Samples(100));
}

TEST(OutOfProcessScan, takes_word_of_portions_that_there_are_not_for_an_answer_that_cannot_be) {
  std::string commands = sent(some_samples(100, 5), 10, 10);
  for (int count = 0; count < 8; ++count) {
    commands += R"(printf '\011' >&3)";
    commands += '\n';
  }
  const auto scan = opened(commands + next_request);
  Slice slice;
  scan->read(0, slice);
  EXPECT_EQ(slice.samples, some_samples(100, 5));
  EXPECT_NE(refusal_of([&] { scan->read(1, slice); }).find("invalid reply"), std::string::npos);
}

TEST(OutOfProcessScan, outlives_a_reader_that_would_cut_off_the_shared_memory) {
  const auto scan = opened(put(some_samples(100, 5)) + "truncate -s 0 /proc/self/fd/4 && kill -SEGV $$\n" +
                           "cp /dev/null /proc/self/fd/4 && kill -SEGV $$\n" +
                           "truncate -s 1G /proc/self/fd/4 && kill -SEGV $$\n" + head(1, 10, 10) + say_so);
  Slice slice;
  scan->read(0, slice);
  EXPECT_EQ(slice.samples, some_samples(100, 5));
}

TEST(OutOfProcessScan, keeps_scans_that_are_read_at_once_apart) {
  constexpr int scans = 3;
  constexpr int slices = 5;
  const auto samples_of = [](int scan, int index) {
    return some_samples(1000, static_cast<float>(10000 * scan + index));
  };
  // Written before the first one starts: a child that is started while another thread writes a program holds it open,
  // and the system starts no program that is open for writing.
  std::vector<std::string> programs;
  for (int scan = 0; scan < scans; ++scan) {
    std::string commands;
    for (int index = 0; index < slices; ++index) {
      commands += sent(samples_of(scan, index), 10, 100) + next_request;
    }
    programs.push_back(program_that_opens(commands));
  }
  std::vector<std::future<void>> readers;
  readers.reserve(scans);
  for (int scan = 0; scan < scans; ++scan) {
    readers.push_back(std::async(std::launch::async, [&, scan] {
      const auto reader =
          open_out_of_process_scan(programs[static_cast<std::size_t>(scan)], "/nonexistent/scan.h5", {});
      Slice slice;
      for (int index = 0; index < slices; ++index) {
        reader->read(index, slice);
        EXPECT_EQ(slice.samples, samples_of(scan, index));
      }
    }));
  }
  for (std::future<void>& reader : readers) {
    reader.get();
  }
}

}  // namespace
}  // namespace mriembed::io
