#include "threads/available_cpus.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <thread>
#include <vector>

namespace mriembed::threads {

namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Of the numbers "quota period"; "max" and -1 stand for no limit.
std::optional<double> share_of(const std::string& text) {
  std::istringstream numbers(text);
  double quota = 0;
  double period = 0;
  if (numbers >> quota >> period && quota > 0 && period > 0) {
    return quota / period;
  }
  return std::nullopt;
}

// The group's folder and those that it lies in, up to `root`.
std::vector<std::filesystem::path> folders(const std::filesystem::path& root, const std::string& group) {
  std::vector<std::filesystem::path> found{root};
  for (const std::filesystem::path& part : std::filesystem::path(group).relative_path()) {
    found.push_back(found.back() / part);
  }
  return found;
}

// Processors in the affinity mask of the process's main thread; 0 if it cannot be read, as with more than 1024 of them.
int affinity_cpus() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  return sched_getaffinity(getpid(), sizeof(mask), &mask) == 0 ? CPU_COUNT(&mask) : 0;
}

}  // namespace

double cgroup_cpus(const std::string& membership, const std::filesystem::path& root) {
  std::optional<double> least;
  const auto consider = [&least](const std::optional<double>& share) {
    if (share) {
      least = std::min(*share, least.value_or(*share));
    }
  };
  std::istringstream lines(membership);
  for (std::string line; std::getline(lines, line);) {  // hierarchy:controllers:group
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) {
      continue;
    }
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string group = line.substr(second + 1);
    if (controllers == ",,") {
      for (const auto& folder : folders(root, group)) {
        consider(share_of(text_of(folder / "cpu.max")));
      }
    } else if (controllers.find(",cpu,") != std::string::npos) {
      for (const auto& folder : folders(root / "cpu", group)) {
        consider(share_of(text_of(folder / "cpu.cfs_quota_us") + " " + text_of(folder / "cpu.cfs_period_us")));
      }
    }
  }
  return least.value_or(0);
}

int available_cpus() {
  const int affine = affinity_cpus();
  const int cpus = affine > 0 ? affine : static_cast<int>(std::thread::hardware_concurrency());
  const double granted = cgroup_cpus(text_of("/proc/self/cgroup"), "/sys/fs/cgroup");
  return std::max(1, granted > 0 ? std::min(cpus, static_cast<int>(granted)) : cpus);
}

}  // namespace mriembed::threads
