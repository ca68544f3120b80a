#include "kernels/thread_team.hpp"

#include <cstddef>
#include <exception>
#include <vector>

namespace mriembed::kernels {

void run_parts(std::int64_t parts, const std::function<void(std::int64_t)>& part) {
  if (parts == 1) {
    part(0);
    return;
  }
  std::vector<std::exception_ptr> failures(static_cast<std::size_t>(parts));
#pragma omp parallel for num_threads(static_cast<int>(parts)) schedule(static, 1)
  for (std::int64_t index = 0; index < parts; ++index) {
    try {
      part(index);
    } catch (...) {
      failures[static_cast<std::size_t>(index)] = std::current_exception();
    }
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) {
      std::rethrow_exception(failure);
    }
  }
}

}  // namespace mriembed::kernels
