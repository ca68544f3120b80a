#include "quality/spike.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>

namespace mriembed::quality {

namespace {

constexpr std::int64_t reach = 6;
constexpr std::int64_t near_y = 1;
constexpr std::int64_t near_x = 2;
constexpr std::int32_t fewest = 24;  // samples around
constexpr std::int64_t around_echo = 6;
constexpr double at_the_edge = 0.4;  // of the share that a neighbouring line may have

// Sums around each sample of a plane, line by line.
template <typename Sum>
class SumsAround {
 public:
  // `value` of a place in the plane.
  template <typename Value>
  SumsAround(std::int64_t height, std::int64_t width, const Value& value)
      : height_(height),
        width_(width),
        columns_(static_cast<std::size_t>((height + 1) * width)),
        far_(static_cast<std::size_t>(width + 2 * reach + 1)),
        near_(far_.size()),
        around_(static_cast<std::size_t>(width)) {
    for (std::int64_t place = 0; place < height * width; ++place) {
      const auto above = static_cast<std::size_t>(place);
      columns_[above + static_cast<std::size_t>(width)] = columns_[above] + value(above);
    }
  }

  // Within `reach` lines and samples of each sample of line y, without the nearest.
  const std::vector<Sum>& of_line(std::int64_t y) {
    const Sum* const far_from = columns_before(y - reach);
    const Sum* const far_to = columns_before(y + reach + 1);
    const Sum* const near_from = columns_before(y - near_y);
    const Sum* const near_to = columns_before(y + near_y + 1);
    Sum* const far = far_.data() + reach;  // of all samples before x; those before the first one stay 0
    Sum* const near = near_.data() + reach;
    for (std::int64_t x = 0; x < width_; ++x) {
      far[x + 1] = far[x] + (far_to[x] - far_from[x]);
      near[x + 1] = near[x] + (near_to[x] - near_from[x]);
    }
    std::fill_n(far + width_ + 1, reach, far[width_]);
    std::fill_n(near + width_ + 1, reach, near[width_]);
    for (std::int64_t x = 0; x < width_; ++x) {
      around_[static_cast<std::size_t>(x)] =
          far[x + reach + 1] - far[x - reach] - (near[x + near_x + 1] - near[x - near_x]);
    }
    return around_;
  }

 private:
  [[nodiscard]] const Sum* columns_before(std::int64_t y) const {
    return columns_.data() + std::clamp<std::int64_t>(y, 0, height_) * width_;
  }

  std::int64_t height_;
  std::int64_t width_;
  std::vector<Sum> columns_;  // (y, x), of all lines before y
  std::vector<Sum> far_;
  std::vector<Sum> near_;
  std::vector<Sum> around_;
};

// Measured samples around each sample of a plane, line by line.
class CountsAround {
 public:
  CountsAround(const std::vector<float>& power, std::int64_t height, std::int64_t width) : height_(height) {
    if (std::ranges::any_of(power, [](float of_sample) { return !(of_sample > 0); })) {
      sums_.emplace(height, width, [&](std::size_t place) { return power[place] > 0 ? 1 : 0; });
      return;
    }
    counts_.resize(static_cast<std::size_t>(width));
    for (std::int64_t x = 0; x < width; ++x) {
      far_.push_back(inside(x, reach, width));
      near_.push_back(inside(x, near_x, width));
    }
  }

  const std::vector<std::int32_t>& of_line(std::int64_t y) {
    if (sums_.has_value()) {
      return sums_->of_line(y);
    }
    const std::int32_t far_lines = inside(y, reach, height_);
    const std::int32_t near_lines = inside(y, near_y, height_);
    for (std::size_t x = 0; x < counts_.size(); ++x) {
      counts_[x] = far_lines * far_[x] - near_lines * near_[x];
    }
    return counts_;
  }

 private:
  // Of `size` places those within `distance` of one.
  static std::int32_t inside(std::int64_t place, std::int64_t distance, std::int64_t size) {
    return static_cast<std::int32_t>(std::min(size, place + distance + 1) -
                                     std::max<std::int64_t>(0, place - distance));
  }

  std::int64_t height_;
  std::optional<SumsAround<std::int32_t>> sums_;  // none: all samples were measured
  std::vector<std::int32_t> far_;                 // of the samples of a line, along it
  std::vector<std::int32_t> near_;
  std::vector<std::int32_t> counts_;
};

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
  SumsAround<double> sums(height, width, [&](std::size_t place) { return power[place]; });
  CountsAround counts(power, height, width);
  const double peak = *std::ranges::max_element(power);
  Spike strongest;
  for (std::int64_t y = 0; y < height; ++y) {
    const std::vector<double>& sums_of_line = sums.of_line(y);
    const std::vector<std::int32_t>& counts_of_line = counts.of_line(y);
    const double most = y == 0 || y == height - 1 ? at_the_edge * most_beside : most_beside;
    for (std::int64_t x = 0; x < width; ++x) {
      const double own = power[static_cast<std::size_t>(y * width + x)];
      const double sum = sums_of_line[static_cast<std::size_t>(x)];
      const std::int32_t count = counts_of_line[static_cast<std::size_t>(x)];
      if (own * count <= strongest.level * sum || count < fewest) {
        continue;
      }
      const std::int64_t distance = (y - echo.y) * (y - echo.y) + (x - echo.x) * (x - echo.x);
      // Next to nothing around a sample is rounding.
      const double mean = std::max(1e-12 * peak, sum / count);
      if (distance >= around_echo * around_echo && mean > 0 && own / mean > strongest.level &&
          largest_beside(power, height, width, y, x) <= most * own) {
        strongest = {y, x, own / mean, std::sqrt(own / peak)};
      }
    }
  }
  return strongest;
}

}  // namespace mriembed::quality
