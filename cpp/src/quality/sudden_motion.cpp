#include "quality/sudden_motion.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace mriembed::quality {

namespace {

constexpr std::int64_t nearest = 3;  // lines that an estimate of what is usual comes from, from here
constexpr std::int64_t farthest = 8;
constexpr std::int64_t band = 9;
constexpr std::int64_t held = 4;         // samples that share one median
constexpr std::int64_t most_shift = 16;  // the largest shift is a part of the field of view, by so much
constexpr double clip = 2;
constexpr double floor_of_fall = 0.05;
constexpr double tiny = 1e-30;

// Calls `take` with each line that is near `line`, but not too near.
template <typename Take>
void for_lines_nearby(std::int64_t line, std::int64_t first, std::int64_t end, const Take& take) {
  for (std::int64_t other = std::max(first, line - farthest); other < std::min(end, line + farthest + 1); ++other) {
    if (std::abs(other - line) >= nearest) {
      take(other);
    }
  }
}

}  // namespace

SuddenMotion SuddenMotionCheck::of(const std::vector<std::complex<float>>& measured,
                                   const std::vector<std::complex<float>>& from_before,
                                   const std::vector<std::complex<float>>& from_after, std::int64_t coils,
                                   std::int64_t lines, std::int64_t width) {
  measured_ = measured.data();
  before_ = from_before.data();
  after_ = from_after.data();
  coils_ = coils;
  lines_ = lines;
  width_ = width;
  sum_over_coils();
  find_weights();
  // Falls of the residual if line `first` + index is the first one after a motion.
  constexpr std::int64_t first = 2;
  const kernels::FourierTransform half_pixels(2 * width);
  std::vector<double> falls;
  for (std::int64_t line = first; line + 1 < lines; ++line) {
    falls.push_back(fall_of(line, half_pixels));
  }
  SuddenMotion found;
  const auto breaks = static_cast<std::int64_t>(falls.size());
  for (std::int64_t index = 0; index < breaks; ++index) {
    double nearby = 0;
    for_lines_nearby(index, 0, breaks,
                     [&](std::int64_t other) { nearby = std::max(nearby, falls[static_cast<std::size_t>(other)]); });
    const double level = falls[static_cast<std::size_t>(index)] / (floor_of_fall + nearby);
    if (level > found.level) {
      found = {level, first + index};
    }
  }
  return found;
}

std::vector<double> SuddenMotionCheck::coil_weights() const {
  std::vector<double> share(static_cast<std::size_t>(coils_), 0.0);
  std::vector<double> power(share.size());
  for (std::int64_t sample = width_; sample < (lines_ - 1) * width_; ++sample) {
    double all = 0;
    for (std::int64_t coil = 0; coil < coils_; ++coil) {
      const std::int64_t place = coil * lines_ * width_ + sample;
      const double own = std::norm(measured_[place] - before_[place] - after_[place]);
      power[static_cast<std::size_t>(coil)] = own;
      all += own;
    }
    for (std::size_t coil = 0; coil < share.size() && all > 0; ++coil) {
      share[coil] += power[coil] / all;
    }
  }
  double mean = 0;
  for (const double value : share) {
    mean += value / static_cast<double>(coils_);
  }
  for (double& value : share) {
    value = mean > 0 ? 1 / std::max(value / mean, 1e-6) : 1;
  }
  return share;
}

void SuddenMotionCheck::sum_over_coils() {
  const std::vector<double> weights = coil_weights();
  const auto samples = static_cast<std::size_t>(lines_ * width_);
  residual_.assign(samples, 0.0);
  with_before_.assign(samples, 0.0);
  with_after_.assign(samples, 0.0);
  for (std::int64_t coil = 0; coil < coils_; ++coil) {
    const double weight = weights[static_cast<std::size_t>(coil)];
    for (std::int64_t sample = width_; sample < (lines_ - 1) * width_; ++sample) {
      const std::int64_t place = coil * lines_ * width_ + sample;
      const std::complex<double> value(measured_[place]);
      const std::complex<double> before(before_[place]);
      const std::complex<double> after(after_[place]);
      const auto at = static_cast<std::size_t>(sample);
      residual_[at] += weight * std::norm(value - before - after);
      with_before_[at] += weight * std::conj(before) * (value - after);
      with_after_[at] += weight * std::conj(after) * (value - before);
    }
  }
}

void SuddenMotionCheck::find_weights() {
  const auto place = [&](std::int64_t line, std::int64_t x) { return static_cast<std::size_t>(line * width_ + x); };
  const std::int64_t columns = (width_ + held - 1) / held;
  std::vector<double> smooth(static_cast<std::size_t>(lines_ * columns), 0.0);  // mean over `band`, at every held-th k
  for (std::int64_t line = 1; line + 1 < lines_; ++line) {
    for (std::int64_t column = 0; column < columns; ++column) {
      double sum = 0;
      for (std::int64_t step = -(band / 2); step <= band / 2; ++step) {
        const std::int64_t x = std::min(column * held + held / 2 - 1, width_ - 1) + step;
        sum += residual_[place(line, (x % width_ + width_) % width_)];
      }
      smooth[static_cast<std::size_t>(line * columns + column)] = sum / static_cast<double>(band);
    }
  }
  weight_.assign(residual_.size(), 0.0);
  std::vector<double> nearby;
  for (std::int64_t line = 1; line + 1 < lines_; ++line) {
    for (std::int64_t column = 0; column < columns; ++column) {
      nearby.clear();
      for_lines_nearby(line, 1, lines_ - 1, [&](std::int64_t other) {
        nearby.push_back(smooth[static_cast<std::size_t>(other * columns + column)]);
      });
      const auto middle = nearby.begin() + static_cast<std::ptrdiff_t>(nearby.size() / 2);
      std::ranges::nth_element(nearby, middle);
      const double usual = std::max(*middle, tiny);
      for (std::int64_t x = column * held; x < std::min(width_, (column + 1) * held); ++x) {
        weight_[place(line, x)] = std::min(1.0, clip * usual / std::max(residual_[place(line, x)], tiny)) / usual;
      }
    }
  }
}

double SuddenMotionCheck::fall_of(std::int64_t line, const kernels::FourierTransform& half_pixels) {
  const std::int64_t length = half_pixels.length();
  shifts_.assign(static_cast<std::size_t>(length), 0.0F);
  double still = 0;
  double residual = 0;
  std::vector<std::complex<double>> both(static_cast<std::size_t>(width_));
  double peak = 0;
  for (std::int64_t x = 0; x < width_; ++x) {
    const auto own = static_cast<std::size_t>(line * width_ + x);
    const auto last = static_cast<std::size_t>((line - 1) * width_ + x);
    const std::complex<double> value = weight_[own] * with_before_[own] + std::conj(weight_[last] * with_after_[last]);
    still += value.real();
    residual += weight_[own] * residual_[own] + weight_[last] * residual_[last];
    both[static_cast<std::size_t>(x)] = value;
    peak = std::max(peak, std::abs(value));
  }
  if (peak == 0 || residual == 0) {
    return 0;
  }
  for (std::int64_t x = 0; x < width_; ++x) {  // within the range of float
    shifts_[static_cast<std::size_t>(x)] = std::complex<float>(both[static_cast<std::size_t>(x)] / peak);
  }
  half_pixels.along_rows(shifts_.data(), 1, kernels::Direction::forward, 1, memory_);
  double best = 0;
  const std::int64_t most = width_ / most_shift * 2;
  for (std::int64_t step = -most; step <= most; ++step) {
    best = std::max(best, static_cast<double>(std::abs(shifts_[static_cast<std::size_t>((step + length) % length)])));
  }
  return 2 * (best * peak - still) / residual;
}

}  // namespace mriembed::quality
