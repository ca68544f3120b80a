#include "cli/isolated_scan.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "../scratch_folder.hpp"
#include "mriembed/error.hpp"

namespace mriembed::cli {
namespace {

// A program that stands in for mriembed_scan_reader and does what a damaged file could make that one do.
std::string program(const std::string& commands) {
  static int count = 0;
  std::string path = testing_files::scratch_folder() / ("reader-" + std::to_string(count++));
  std::ofstream(path) << "#!/bin/sh\n" << commands << "\n";
  chmod(path.c_str(), 0700);
  return path;
}

std::string refusal_of(const std::string& commands) {
  try {
    open_isolated_scan(program(commands), "/nonexistent/scan.h5", {});
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_input);
    return error.what();
  }
  return "accepted";
}

TEST(IsolatedScan, turns_a_crash_into_a_refusal) {
  EXPECT_NE(refusal_of("kill -SEGV $$").find("crashed on it (Segmentation fault)"), std::string::npos);
  EXPECT_NE(refusal_of("kill -PROF $$").find("more time than a file of its size can need"), std::string::npos);
  EXPECT_NE(refusal_of("exit 1").find("gave up"), std::string::npos);
}

TEST(IsolatedScan, passes_a_refusal_on) {
  EXPECT_EQ(refusal_of(R"(printf '\003\000\000\000\004\000\000\000what' >&3)"), "what");
}

TEST(IsolatedScan, does_not_take_what_a_library_prints_for_an_answer) {
  EXPECT_EQ(refusal_of(R"(echo chatter; printf '\003\000\000\000\004\000\000\000what' >&3)"), "what");
}

TEST(IsolatedScan, refuses_answers_that_cannot_be) {
  // Not even a head; an unknown kind; more bytes than any answer has; facts of no scan.
  EXPECT_NE(refusal_of("echo no >&3").find("gave up"), std::string::npos);
  EXPECT_NE(refusal_of(R"(printf '\011\000\000\000\000\000\000\000' >&3)").find("cannot be right"), std::string::npos);
  EXPECT_NE(refusal_of(R"(printf '\001\000\000\000\377\377\377\377' >&3)").find("cannot be right"), std::string::npos);
  EXPECT_NE(refusal_of(R"(printf '\001\000\000\000\004\000\000\000what' >&3)").find("cannot be right"),
            std::string::npos);
}

TEST(IsolatedScan, says_where_its_program_should_be) {
  try {
    open_isolated_scan("/nonexistent/mriembed_scan_reader", "scan.h5", {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::internal);
    EXPECT_NE(std::string(error.what()).find("installed with mriembed_cli"), std::string::npos);
  }
}

}  // namespace
}  // namespace mriembed::cli
