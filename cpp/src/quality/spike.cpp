#include "quality/spike.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace mriembed::quality {

namespace {

constexpr std::int64_t reach = 6;
constexpr std::int64_t near_y = 1;
constexpr std::int64_t near_x = 2;
constexpr double fewest = 24;    // samples around
constexpr double centre = 0.15;  // of the half axes of k-space

// Sums over rectangles, by one table of sums from the corner.
class Sums {
 public:
  Sums(const std::vector<double>& values, std::int64_t height, std::int64_t width)
      : height_(height), width_(width), sums_(static_cast<std::size_t>((height + 1) * (width + 1)), 0.0) {
    for (std::int64_t y = 0; y < height; ++y) {
      double row = 0;
      for (std::int64_t x = 0; x < width; ++x) {
        row += values[static_cast<std::size_t>(y * width + x)];
        at(y + 1, x + 1) = at(y, x + 1) + row;
      }
    }
  }

  // Within so many lines and samples of a place.
  [[nodiscard]] double around(std::int64_t y, std::int64_t x, std::int64_t lines, std::int64_t samples) const {
    const std::int64_t y0 = std::max<std::int64_t>(0, y - lines);
    const std::int64_t y1 = std::min(height_, y + lines + 1);
    const std::int64_t x0 = std::max<std::int64_t>(0, x - samples);
    const std::int64_t x1 = std::min(width_, x + samples + 1);
    return at(y1, x1) - at(y0, x1) - at(y1, x0) + at(y0, x0);
  }

 private:
  [[nodiscard]] double& at(std::int64_t y, std::int64_t x) {
    return sums_[static_cast<std::size_t>(y * (width_ + 1) + x)];
  }
  [[nodiscard]] double at(std::int64_t y, std::int64_t x) const {
    return sums_[static_cast<std::size_t>(y * (width_ + 1) + x)];
  }

  std::int64_t height_;
  std::int64_t width_;
  std::vector<double> sums_;
};

}  // namespace

Spike strongest_spike(const std::vector<double>& power, std::int64_t height, std::int64_t width) {
  std::vector<double> measured(power.size());
  std::ranges::transform(power, measured.begin(), [](double value) { return value > 0 ? 1.0 : 0.0; });
  const Sums sums(power, height, width);
  const Sums counts(measured, height, width);
  const double peak = *std::ranges::max_element(power);
  Spike strongest;
  for (std::int64_t y = 0; y < height; ++y) {
    const double along_y = static_cast<double>(2 * y - height) / static_cast<double>(height);
    for (std::int64_t x = 0; x < width; ++x) {
      const double along_x = static_cast<double>(2 * x - width) / static_cast<double>(width);
      const double own = power[static_cast<std::size_t>(y * width + x)];
      if (own == 0 || along_y * along_y + along_x * along_x < centre * centre) {
        continue;
      }
      const auto around = [&](const Sums& of) {
        return of.around(y, x, reach, reach) - of.around(y, x, near_y, near_x);
      };
      const double count = around(counts);
      // Next to nothing around a sample is rounding.
      const double mean = count < fewest ? 0 : std::max(1e-12 * peak, around(sums) / count);
      if (mean > 0 && own / mean > strongest.level) {
        strongest = {y, x, own / mean, std::sqrt(own / peak)};
      }
    }
  }
  return strongest;
}

}  // namespace mriembed::quality
