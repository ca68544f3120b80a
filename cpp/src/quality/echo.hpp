// Where the echo of a slice lies: the strongest sample that is no spike.
#pragma once

#include <cstdint>
#include <vector>

namespace mriembed::quality {

struct Echo {
  std::int64_t y = 0;
  std::int64_t x = 0;
};

// `power`: (y, x), 0 where nothing was measured. A spike lies in one line: the echo is the largest sample to which
// another line has, within 2 lines and 1 sample, at least a fortieth of its power; the largest of all where none has.
Echo find_echo(const std::vector<float>& power, std::int64_t height, std::int64_t width);

}  // namespace mriembed::quality
