#include "threads/available_cpus.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "scratch_folder.hpp"

namespace mriembed::threads {
namespace {

void write(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

TEST(CgroupCpus, is_the_smallest_share_of_the_group_and_those_that_it_lies_in) {
  const testing_files::ScratchFolder folder;
  const std::filesystem::path root = folder.path();
  write(root / "cpu.max", "max 100000\n");
  write(root / "pod" / "cpu.max", "150000 100000\n");
  write(root / "pod" / "container" / "cpu.max", "400000 100000\n");
  EXPECT_DOUBLE_EQ(cgroup_cpus("0::/pod/container\n", root), 1.5);
}

TEST(CgroupCpus, is_nothing_without_a_limit) {
  const testing_files::ScratchFolder folder;
  const std::filesystem::path root = folder.path();
  EXPECT_EQ(cgroup_cpus("0::/\n", root), 0);
  write(root / "cpu.max", "max 100000\n");
  EXPECT_EQ(cgroup_cpus("0::/\n", root), 0);
  EXPECT_EQ(cgroup_cpus("", root), 0);
  EXPECT_EQ(cgroup_cpus("no cgroups here\n", root), 0);
}

TEST(CgroupCpus, reads_quotas_of_version_1) {
  const testing_files::ScratchFolder folder;
  const std::filesystem::path root = folder.path();
  write(root / "cpu" / "cpu.cfs_quota_us", "-1\n");
  write(root / "cpu" / "cpu.cfs_period_us", "100000\n");
  write(root / "cpu" / "job" / "cpu.cfs_quota_us", "300000\n");
  write(root / "cpu" / "job" / "cpu.cfs_period_us", "100000\n");
  EXPECT_DOUBLE_EQ(cgroup_cpus("5:memory:/job\n4:cpu,cpuacct:/job\n", root), 3);
  EXPECT_EQ(cgroup_cpus("4:cpu,cpuacct:/\n", root), 0);
  EXPECT_EQ(cgroup_cpus("4:cpuset:/job\n", root), 0);
}

TEST(AvailableCpus, follows_the_mask_of_the_process_and_not_of_the_calling_thread) {
  if (std::thread::hardware_concurrency() < 2) {
    GTEST_SKIP() << "one processor leaves nothing to restrict";
  }
  const int before = available_cpus();
  int in_a_pinned_thread = 0;
  std::thread([&] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
    in_a_pinned_thread = available_cpus();
  }).join();
  EXPECT_EQ(in_a_pinned_thread, before);

  const pid_t child = fork();
  if (child == 0) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    _exit(sched_setaffinity(0, sizeof(one), &one) == 0 ? available_cpus() : 99);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 1);
}

}  // namespace
}  // namespace mriembed::threads
