// A host's parallel_for: every task in a thread of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace mriembed {

inline void in_threads_of_the_host(std::int64_t tasks, const std::function<void(std::int64_t)>& task) {
  std::vector<std::jthread> threads;
  threads.reserve(static_cast<std::size_t>(tasks));
  for (std::int64_t index = 0; index < tasks; ++index) {
    threads.emplace_back([&task, index] { task(index); });
  }
}

}  // namespace mriembed
