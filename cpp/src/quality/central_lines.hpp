// The lines around the centre of k-space that were measured side by side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mriembed::quality {

struct LineRange {
  std::int64_t first = 0;
  std::int64_t end = 0;  // the line after the last one
};

// Up to `reach` lines either way.
inline LineRange central_lines(const std::vector<bool>& measured, std::int64_t reach) {
  const auto height = static_cast<std::int64_t>(measured.size());
  LineRange range{height / 2, height / 2};
  while (range.end < height && range.end < height / 2 + reach && measured[static_cast<std::size_t>(range.end)]) {
    ++range.end;
  }
  while (range.first > 0 && range.first > height / 2 - reach && measured[static_cast<std::size_t>(range.first - 1)]) {
    --range.first;
  }
  return range;
}

}  // namespace mriembed::quality
