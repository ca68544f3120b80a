// Lines that all coils lost.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mriembed::quality {

// The lines without samples between the first and the last measured one, if they are less than a tenth of these lines;
// 0 otherwise: undersampling leaves out more.
inline std::int64_t lost_lines(const std::vector<bool>& measured) {
  const auto first = std::ranges::find(measured, true);
  auto end = measured.end();
  while (end != first && !*(end - 1)) {
    --end;
  }
  const std::int64_t missing = std::count(first, end, false);
  return 10 * missing < end - first ? missing : 0;
}

}  // namespace mriembed::quality
