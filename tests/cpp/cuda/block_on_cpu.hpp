// Runs CUDA device code on a CPU: one thread of the operating system for each thread of a block, one block after the
// other. Include it before the device code.
#pragma once

#include <barrier>
#include <thread>
#include <vector>

// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming): CUDA's names
#define __global__
#define __device__
#define __shared__ static  // blocks do not run at the same time

namespace mriembed::cuda {

struct Index {
  unsigned x = 0;
  unsigned y = 0;
};

inline thread_local Index threadIdx;
inline thread_local Index blockIdx;
inline thread_local Index gridDim;
inline thread_local std::barrier<>* block_barrier = nullptr;

inline void __syncthreads() { block_barrier->arrive_and_wait(); }
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming)

// kernel() for every thread of every block, as kernel<<<grid, threads>>>() does. Threads that leave the kernel before
// a barrier of the others are not allowed, as on a GPU.
template <typename Kernel>
void run_grid(Index grid, unsigned threads, const Kernel& kernel) {
  std::barrier<> barrier(threads);
  std::vector<std::jthread> block;
  block.reserve(threads);
  for (unsigned thread = 0; thread < threads; ++thread) {
    block.emplace_back([&, thread] {
      block_barrier = &barrier;
      threadIdx = {thread, 0};
      gridDim = grid;
      for (unsigned y = 0; y < grid.y; ++y) {
        for (unsigned x = 0; x < grid.x; ++x) {
          blockIdx = {x, y};
          kernel();
          barrier.arrive_and_wait();
        }
      }
    });
  }
}

}  // namespace mriembed::cuda
