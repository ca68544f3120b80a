// How many processors this process may use.
#pragma once

#include <filesystem>
#include <string>

namespace mriembed::threads {

// At least 1: the processors of the process's affinity mask (that of its main thread, as `taskset` sets it, for a
// thread of the host may be pinned to one), or fewer where a cgroup grants less processor time. Fractions are rounded
// down: a process that has used up its share of a period stands still until the next, for tens of milliseconds.
int available_cpus();

// What the cgroups of a process grant: the smallest quota / period of them and of the groups that they lie in, or 0 if
// there is no limit. Reads version 1 (cpu.cfs_quota_us, cpu.cfs_period_us) and version 2 (cpu.max).
//
// `membership` is the text of /proc/self/cgroup (cgroups(7)); `root` is where cgroups are mounted, /sys/fs/cgroup.
double cgroup_cpus(const std::string& membership, const std::filesystem::path& root);

}  // namespace mriembed::threads
