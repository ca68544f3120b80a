/// @file
/// Runs the library's parallel work on the threads of the host program.
#pragma once

#include <cstdint>
#include <functional>

namespace mriembed {

/// parallel_for(tasks, task) calls task(0) to task(tasks - 1), each once, in any order and on any threads, and returns
/// when all have returned. A task claims pieces of work until none is left: late tasks find nothing to do, and running
/// all tasks on the calling thread is correct as well. A task of one number must not run twice at once. Tasks do not
/// throw; exceptions of parallel_for reach the caller of the library.
///
/// Every thread that calls the library calls it many times per slice, and load() does as well; it must allow concurrent
/// calls.
using ParallelFor = std::function<void(std::int64_t tasks, const std::function<void(std::int64_t)>& task)>;

}  // namespace mriembed
