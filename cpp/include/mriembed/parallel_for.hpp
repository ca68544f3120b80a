// How a host program runs the library's parallel work on threads of its own.
#pragma once

#include <cstdint>
#include <functional>

namespace mriembed {

// parallel_for(tasks, task) calls task(0) to task(tasks - 1), each once, in any order and in any threads, and returns
// when all have returned. A task claims the pieces of work that nobody else has claimed, until none is left: tasks that
// begin late find nothing to do, and running all of them in the calling thread is correct as well. Two tasks of one
// number must not run at once. Tasks throw nothing; what parallel_for throws reaches the caller of the library.
//
// It is called many times a slice, by every thread that calls the library, load() included, and must bear that.
using ParallelFor = std::function<void(std::int64_t tasks, const std::function<void(std::int64_t)>& task)>;

}  // namespace mriembed
