#include "kernels/thread_team.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace mriembed::kernels {
namespace {

TEST(RunParts, runs_every_part_once) {
  for (const std::int64_t parts : {1, 2, 3, 17}) {
    std::vector<int> runs(static_cast<std::size_t>(parts));
    run_parts(parts, [&](std::int64_t part) { ++runs[static_cast<std::size_t>(part)]; });
    EXPECT_EQ(runs, std::vector<int>(static_cast<std::size_t>(parts), 1));
  }
}

TEST(RunParts, rethrows_the_failure_of_the_first_part_after_all_have_ended) {
  for (const std::int64_t parts : {1, 2, 5}) {
    std::vector<int> runs(static_cast<std::size_t>(parts));
    try {
      run_parts(parts, [&](std::int64_t part) {
        ++runs[static_cast<std::size_t>(part)];
        throw std::runtime_error(std::to_string(part));
      });
      FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "0");
    }
    EXPECT_EQ(runs, std::vector<int>(static_cast<std::size_t>(parts), 1));
  }
}

}  // namespace
}  // namespace mriembed::kernels
