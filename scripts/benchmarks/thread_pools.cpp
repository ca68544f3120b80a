// What runs the library's units of work best beside busy processes: its own pool, oneTBB or OpenMP?
//
//   apt-get install libtbb-dev; package=$(realpath "$(mriembed cmake-dir)/../../..")
//   g++ -std=c++20 -O2 -fopenmp -I"$package/include" scripts/benchmarks/thread_pools.cpp -o build/thread_pools -ltbb \
//       "$package"/lib/libmriembed.so.* -Wl,-rpath,"$package/lib"
//   build/thread_pools MODEL BUSY_PROCESSES
//
// The others run the same units through Options::parallel_for, as a host's threads would. All take turns of 0.3 s in
// one process; shown are percentiles of the milliseconds of one call with 16 x 128 x 128 samples, for which the model
// file must have 8 virtual coils.
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/partitioner.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "mriembed/embedder.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using Task = std::function<void(std::int64_t)>;

void in_tbb(std::int64_t tasks, const Task& task) {
  oneapi::tbb::parallel_for(
      std::int64_t{0}, tasks, [&](std::int64_t index) { task(index); }, oneapi::tbb::simple_partitioner());
}

void in_openmp(std::int64_t tasks, const Task& task) {
#pragma omp parallel for num_threads(static_cast<int>(tasks)) schedule(static, 1)
  for (std::int64_t index = 0; index < tasks; ++index) {
    task(index);
  }
}

struct Way {
  const char* name;
  mriembed::Embedder embedder;
  std::vector<double> milliseconds;
};

Way way(const char* name, const std::string& model, int threads, mriembed::ParallelFor parallel_for) {
  mriembed::Options options;
  options.threads = threads;
  options.parallel_for = std::move(parallel_for);
  return {name, mriembed::Embedder::load(model, options), {}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: thread_pools MODEL BUSY_PROCESSES\n", stderr);
    return 2;
  }
  std::vector<pid_t> busy;
  for (int process = 0; process < std::atoi(argv[2]); ++process) {
    busy.push_back(fork());
    if (busy.back() == 0) {
      volatile unsigned turns = 0;
      for (;;) {
        turns = turns + 1;
      }
    }
  }
  std::vector<Way> ways;
  ways.push_back(way("one thread", argv[1], 1, {}));
  ways.push_back(way("own pool", argv[1], 0, {}));
  ways.push_back(way("oneTBB", argv[1], 0, in_tbb));
  ways.push_back(way("OpenMP", argv[1], 0, in_openmp));
  std::vector<float> samples(std::size_t{16} * 128 * 128);
  for (std::size_t index = 0; index < samples.size(); ++index) {
    samples[index] = static_cast<float>(std::sin(0.37 * static_cast<double>(index * index % 10007)));
  }
  const auto stacked = mriembed::ArrayView<const float, 4>::row_major(samples.data(), {1, 16, 128, 128});
  for (int turn = 0; turn < 20; ++turn) {
    for (Way& own : ways) {
      std::vector<float> row(static_cast<std::size_t>(own.embedder.info().embed_dim));
      const auto end = Clock::now() + std::chrono::milliseconds(300);
      for (auto before = Clock::now(); before < end;) {
        own.embedder.embed(stacked, mriembed::ArrayView<float, 2>::row_major(row.data(), {1, std::ssize(row)}));
        const auto after = Clock::now();
        own.milliseconds.push_back(std::chrono::duration<double, std::milli>(after - before).count());
        before = after;
      }
    }
  }
  for (const pid_t process : busy) {
    kill(process, SIGKILL);
    waitpid(process, nullptr, 0);
  }
  for (Way& own : ways) {
    std::sort(own.milliseconds.begin(), own.milliseconds.end());
    const auto percentile = [&](double share) {
      return own.milliseconds[static_cast<std::size_t>(share * static_cast<double>(own.milliseconds.size() - 1))];
    };
    std::printf("%-10s  p50 %7.3f  p90 %7.3f  p99 %7.3f ms, %zu calls\n", own.name, percentile(0.5), percentile(0.9),
                percentile(0.99), own.milliseconds.size());
  }
}
