#include "quality/echo.hpp"

#include <algorithm>
#include <cstddef>

#include "kernels/peak.hpp"

namespace mriembed::quality {

namespace {

constexpr float least_share = 1.0F / 40;
constexpr std::int64_t reach_y = 2;
constexpr std::int64_t reach_x = 1;

}  // namespace

Echo find_echo(const std::vector<float>& power, std::int64_t height, std::int64_t width) {
  const auto at = [&](std::int64_t y, std::int64_t x) { return power[static_cast<std::size_t>(y * width + x)]; };
  const auto is_shared = [&](std::int64_t y, std::int64_t x) {
    const float least = least_share * at(y, x);
    for (std::int64_t line = std::max<std::int64_t>(0, y - reach_y); line <= std::min(height - 1, y + reach_y);
         ++line) {
      for (std::int64_t sample = std::max<std::int64_t>(0, x - reach_x);
           line != y && sample <= std::min(width - 1, x + reach_x); ++sample) {
        if (at(line, sample) >= least) {
          return true;
        }
      }
    }
    return false;
  };
  Echo echo;
  float largest = 0;
  Echo of_all;
  float largest_of_all = 0;
  for (std::int64_t y = 0; y < height; ++y) {
    const bool any = kernels::largest_magnitude(power.data() + y * width, width) > largest;
    for (std::int64_t x = 0; any && x < width; ++x) {
      const float own = at(y, x);
      if (own > largest_of_all) {
        largest_of_all = own;
        of_all = {y, x};
      }
      if (own > largest && is_shared(y, x)) {
        largest = own;
        echo = {y, x};
      }
    }
  }
  return largest > 0 ? echo : of_all;
}

}  // namespace mriembed::quality
