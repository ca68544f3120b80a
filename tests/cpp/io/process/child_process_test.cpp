#include "process/child_process.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <string>

#include "mriembed/error.hpp"

namespace mriembed::io {
namespace {

ChildProcess shell(const std::string& command) { return {"/bin/sh", {"-c", command}}; }

TEST(ChildProcess, hears_requests_and_answers) {
  const ChildProcess child = shell("read word; echo chatter; echo $word $word >&3");
  ASSERT_TRUE(child.send("ab\n", 3));
  std::string answer(6, '\0');
  ASSERT_TRUE(child.receive(answer.data(), answer.size()));
  EXPECT_EQ(answer, "ab ab\n");
}

TEST(ChildProcess, says_how_it_ended) {
  char letter = 0;
  ChildProcess exited = shell("exit 3");
  EXPECT_FALSE(exited.receive(&letter, 1));
  EXPECT_EQ(WEXITSTATUS(exited.end()), 3);
  ChildProcess crashed = shell("kill -SEGV $$");
  EXPECT_FALSE(crashed.receive(&letter, 1));
  EXPECT_EQ(WTERMSIG(crashed.end()), SIGSEGV);
}

TEST(ChildProcess, bears_a_request_to_a_dead_child) {
  const ChildProcess child = shell("exit 0");
  char letter = 0;
  ASSERT_FALSE(child.receive(&letter, 1));
  const std::string much(1 << 20U, 'x');
  EXPECT_FALSE(child.send(much.data(), much.size()));  // and no SIGPIPE
}

TEST(ChildProcess, leaves_no_child_behind) {
  {
    const ChildProcess child = shell("sleep 1000");
  }
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);  // no child at all
  EXPECT_EQ(errno, ECHILD);
}

TEST(ChildProcess, ends_a_child_that_closes_its_answers_and_goes_on) {
  ChildProcess child = shell("exec 3>&-; sleep 1000");
  char letter = 0;
  EXPECT_FALSE(child.receive(&letter, 1));
  EXPECT_EQ(WTERMSIG(child.end()), SIGKILL);
}

TEST(ChildProcess, names_a_program_that_is_not_there) {
  try {
    const ChildProcess child("/nonexistent/program", {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::internal);
    EXPECT_NE(std::string(error.what()).find("/nonexistent/program cannot be started"), std::string::npos);
  }
}

}  // namespace
}  // namespace mriembed::io
