// Work split over the threads of torch's OpenMP runtime: a second set of threads would compete with them for the cores.
#pragma once

#include <cstdint>
#include <functional>

namespace mriembed::kernels {

// Runs part(0) to part(parts - 1), each in a thread of its own where the runtime gives as many, and returns when all
// have ended. Rethrows what the first of them threw, in the order of their numbers.
void run_parts(std::int64_t parts, const std::function<void(std::int64_t)>& part);

}  // namespace mriembed::kernels
