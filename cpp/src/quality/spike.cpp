#include "quality/spike.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>

#include "kernels/aligned_vector.hpp"
#include "kernels/peak.hpp"
#include "kernels/sums_around.hpp"

namespace mriembed::quality {

namespace {

constexpr std::int64_t fewest = 24;  // samples around
constexpr std::int64_t around_echo = 6;
constexpr double at_the_edge = 0.4;  // of the share that a neighbouring line may have
constexpr std::int64_t together = 64;
constexpr double surely_less = 1 - 1e-5;  // sums in float32 are off by less
constexpr double surely_more = 1 + 1e-5;

// A line, the lines before and after it, and sums over what lies around its samples.
struct Line {
  const float* power;
  const float* before;
  const float* after;
  const float* sums;
  const float* counts;
  float most_beside;

  // Whether sample x may have a higher level than this, as far as float32 tells; 1 or 0.
  [[nodiscard]] std::int32_t may_be_stronger(std::int64_t x, float level) const {
    const std::int32_t stands_out = power[x] * counts[x] > level * sums[x] ? 1 : 0;
    const float most = most_beside * power[x];
    return stands_out & (before[x] <= most ? 1 : 0) & (after[x] <= most ? 1 : 0);
  }
};

struct Around {
  double sum = 0;
  std::int64_t count = 0;

  // `peak` of the plane: next to nothing around a sample is rounding.
  [[nodiscard]] double mean(double peak) const { return std::max(1e-12 * peak, sum / static_cast<double>(count)); }
};

// Of a sample, in float64.
Around around(const std::vector<float>& power, std::int64_t height, std::int64_t width, std::int64_t y,
              std::int64_t x) {
  constexpr std::int64_t reach = kernels::around_reach;
  Around found;
  for (std::int64_t line = std::max<std::int64_t>(0, y - reach); line < std::min(height, y + reach + 1); ++line) {
    for (std::int64_t sample = std::max<std::int64_t>(0, x - reach); sample < std::min(width, x + reach + 1);
         ++sample) {
      const bool is_near =
          std::abs(line - y) <= kernels::around_near_y && std::abs(sample - x) <= kernels::around_near_x;
      const float own = power[static_cast<std::size_t>(line * width + sample)];
      if (!is_near && own > 0) {
        found.sum += own;
        ++found.count;
      }
    }
  }
  return found;
}

// The largest power of the lines before and after line y, within a sample of x.
float largest_beside(const std::vector<float>& power, std::int64_t height, std::int64_t width, std::int64_t y,
                     std::int64_t x) {
  float largest = 0;
  for (const std::int64_t line : {y - 1, y + 1}) {
    if (line >= 0 && line < height) {
      const float* const first = power.data() + line * width;
      largest = std::max(largest,
                         *std::max_element(first + std::max<std::int64_t>(0, x - 1), first + std::min(width, x + 2)));
    }
  }
  return largest;
}

}  // namespace

Spike strongest_spike(const std::vector<float>& power, std::int64_t height, std::int64_t width, Echo echo,
                      double most_beside) {
  std::vector<float> sums(static_cast<std::size_t>(width));
  std::vector<float> counts(sums.size());
  const std::vector<float> nothing(sums.size(), 0.0F);
  kernels::AlignedVector<float> memory;
  const double peak = kernels::largest_magnitude(power.data(), static_cast<std::int64_t>(power.size()));
  const bool all_measured = std::ranges::all_of(power, [](float own) { return own > 0; });
  Spike strongest;
  for (std::int64_t y = 0; y < height; ++y) {
    kernels::write_sums_around(power.data(), height, width, y, sums.data(), memory);
    if (!all_measured || y <= kernels::around_reach || y >= height - kernels::around_reach) {  // others are alike
      kernels::write_counts_around(power.data(), height, width, y, counts.data(), memory);
    }
    const double most = y == 0 || y == height - 1 ? at_the_edge * most_beside : most_beside;
    const Line line{.power = power.data() + y * width,
                    .before = y > 0 ? power.data() + (y - 1) * width : nothing.data(),
                    .after = y + 1 < height ? power.data() + (y + 1) * width : nothing.data(),
                    .sums = sums.data(),
                    .counts = counts.data(),
                    .most_beside = static_cast<float>(surely_more * most)};
    const auto may_be_stronger = [&](std::int64_t x) {
      return line.may_be_stronger(x, static_cast<float>(surely_less * strongest.level));
    };
    for (std::int64_t first = 0; first < width; first += together) {
      const std::int64_t end = std::min(width, first + together);
      std::int32_t any = 0;  // without a branch: of most samples this is all that is computed
      for (std::int64_t x = first; x < end; ++x) {
        any |= may_be_stronger(x);
      }
      for (std::int64_t x = first; any != 0 && x < end; ++x) {
        const std::int64_t distance = (y - echo.y) * (y - echo.y) + (x - echo.x) * (x - echo.x);
        const double own = line.power[x];
        if (may_be_stronger(x) == 0 || distance < around_echo * around_echo ||
            !(largest_beside(power, height, width, y, x) <= most * own)) {
          continue;
        }
        const Around others = around(power, height, width, y, x);
        if (others.count >= fewest && own / others.mean(peak) > strongest.level) {
          strongest = {y, x, own / others.mean(peak), std::sqrt(own / peak)};
        }
      }
    }
  }
  return strongest;
}

}  // namespace mriembed::quality
