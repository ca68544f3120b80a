#include "quality/sudden_motion.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <numeric>

#include "quality/readout_length.hpp"

namespace mriembed::quality {

namespace {

constexpr std::int64_t nearest = 3;  // lines that an estimate of what is usual comes from, from here
constexpr std::int64_t farthest = 8;
constexpr std::int64_t band = 9;
constexpr std::int64_t most_weighed = 32;  // lines that the weights of coils come from
constexpr std::int64_t held = 4;           // samples that share one median
constexpr std::int64_t most_shift = 16;    // the largest shift is a part of the field of view, by so much
constexpr std::int64_t first_break = 2;    // the first line that may be the first after a motion
constexpr float clip = 2;
constexpr double floor_of_fall = 0.05;
constexpr double least_share = 0.25;     // of the fall, of the line that has less of it: counts nothing
constexpr double full_share = 0.4;       // counts in full
constexpr double least_of_motion = 0.5;  // of the fall: at the centre, what no motion explains must stay below
constexpr double weight_of_doubtful = 0.5;
constexpr float tiny = 1e-30F;

// Of each column, the middle one of the values in all rows, of an even number the upper one. Reorders the rows.
std::vector<float> medians(std::vector<std::vector<float>>& rows) {
  const std::size_t middle = rows.size() / 2;
  for (std::size_t smallest = 0; smallest <= middle; ++smallest) {
    for (std::size_t row = rows.size() - 1; row > smallest; --row) {
      float* const above = rows[row - 1].data();
      float* const below = rows[row].data();
      for (std::size_t column = 0; column < rows[row].size(); ++column) {
        const float one = above[column];
        const float other = below[column];
        above[column] = std::min(one, other);
        below[column] = std::max(one, other);
      }
    }
  }
  return rows[middle];
}

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

SuddenMotion SuddenMotionCheck::of(const kernels::PredictedLine& first, std::int64_t line_stride, std::int64_t lines,
                                   std::int64_t centre) {
  first_ = first;
  line_stride_ = line_stride;
  lines_ = lines;
  width_ = first.samples;
  sum_over_coils();
  find_weights();
  find_shifts();
  std::vector<double> falls;
  falls.reserve(breaks_.size());
  for (const Break& of_break : breaks_) {
    falls.push_back(of_break.fall(largest_of(of_break)));
  }
  SuddenMotion found;
  const auto breaks = static_cast<std::int64_t>(falls.size());
  for (std::int64_t index = 0; index < breaks; ++index) {
    double nearby = 0;
    for_lines_nearby(index, 0, breaks,
                     [&](std::int64_t other) { nearby = std::max(nearby, falls[static_cast<std::size_t>(other)]); });
    if (falls[static_cast<std::size_t>(index)] <= found.level * (floor_of_fall + nearby)) {
      continue;
    }
    double fall = fall_by_motion(index, centre);
    if (SuddenMotion::is_at_centre(first_break + index, centre) &&
        fall_without_motion(index) > least_of_motion * fall) {
      fall *= weight_of_doubtful;
    }
    if (const double level = fall / (floor_of_fall + nearby); level > found.level) {
      found = {level, first_break + index};
    }
  }
  return found;
}

kernels::PredictedLine SuddenMotionCheck::line(std::int64_t number) const {
  const std::int64_t place = number * line_stride_;
  kernels::PredictedLine line = first_;
  line.measured += place;
  line.from_before += place;
  line.from_after += place;
  return line;
}

std::vector<float> SuddenMotionCheck::coil_weights() const {
  std::vector<double> shares(static_cast<std::size_t>(first_.coils), 0.0);
  const std::int64_t step = (lines_ + most_weighed - 1) / most_weighed;
  for (std::int64_t number = 1; number + 1 < lines_; number += step) {
    kernels::add_residual_shares(line(number), shares.data());
  }
  const double mean = std::accumulate(shares.begin(), shares.end(), 0.0) / static_cast<double>(first_.coils);
  std::vector<float> weights;
  weights.reserve(shares.size());
  for (const double share : shares) {
    weights.push_back(mean > 0 ? static_cast<float>(1 / std::max(share / mean, 1e-6)) : 1.0F);
  }
  return weights;
}

void SuddenMotionCheck::sum_over_coils() {
  coil_weights_ = coil_weights();
  const auto samples = static_cast<std::size_t>(lines_ * width_);
  residual_.resize(samples);
  with_before_.resize(samples);
  with_after_.resize(samples);
  const auto to_ascending_k = [&](auto* of_line) {
    std::rotate(of_line, of_line + (width_ - width_ / 2), of_line + width_);
  };
  for (std::int64_t number = 1; number + 1 < lines_; ++number) {
    const std::int64_t place = number * width_;
    const kernels::LineProducts products{residual_.data() + place, with_before_.data() + place,
                                         with_after_.data() + place};
    kernels::write_line_products(line(number), coil_weights_.data(), products);
    to_ascending_k(products.residual);
    to_ascending_k(products.with_before);
    to_ascending_k(products.with_after);
  }
}

void SuddenMotionCheck::find_weights() {
  constexpr std::int64_t half = band / 2;
  const std::int64_t columns = (width_ + held - 1) / held;
  std::vector<std::vector<float>> smooth(static_cast<std::size_t>(lines_));  // mean over `band`, at every held-th k
  std::vector<float> cyclic(static_cast<std::size_t>(width_ + 2 * half));
  for (std::int64_t number = 1; number + 1 < lines_; ++number) {
    const float* const residual = residual_.data() + number * width_;
    for (std::int64_t x = -half; x < width_ + half; ++x) {
      const std::int64_t inside = x < 0 || x >= width_ ? (x % width_ + width_) % width_ : x;
      cyclic[static_cast<std::size_t>(x + half)] = residual[inside];
    }
    for (std::int64_t column = 0; column < columns; ++column) {
      const auto first = cyclic.begin() + std::min(column * held + held / 2 - 1, width_ - 1);
      smooth[static_cast<std::size_t>(number)].push_back(std::accumulate(first, first + band, 0.0F) /
                                                         static_cast<float>(band));
    }
  }
  weight_.resize(residual_.size());
  std::vector<std::vector<float>> nearby;
  for (std::int64_t number = 1; number + 1 < lines_; ++number) {
    nearby.clear();
    for_lines_nearby(number, 1, lines_ - 1,
                     [&](std::int64_t other) { nearby.push_back(smooth[static_cast<std::size_t>(other)]); });
    const std::vector<float> usual = medians(nearby);
    for (std::int64_t x = 0; x < width_; ++x) {
      const auto place = static_cast<std::size_t>(number * width_ + x);
      const float floor = std::max(usual[static_cast<std::size_t>(x / held)], tiny);
      weight_[place] = std::min(1.0F, clip * floor / std::max(residual_[place], tiny)) / floor;
    }
  }
}

void SuddenMotionCheck::find_shifts() {
  const std::int64_t length = 2 * width_;  // shifts by half a pixel
  const std::int64_t breaks = std::max<std::int64_t>(0, lines_ - 1 - first_break);
  shifts_.resize(static_cast<std::size_t>(breaks * length));
  breaks_.assign(static_cast<std::size_t>(breaks), Break());
  for (std::int64_t index = 0; index < breaks; ++index) {
    Break& of_break = breaks_[static_cast<std::size_t>(index)];
    std::complex<float>* const products = shifts_.data() + index * length;
    for (std::int64_t x = 0; x < width_; ++x) {
      const auto own = static_cast<std::size_t>((first_break + index) * width_ + x);
      const std::size_t last = own - static_cast<std::size_t>(width_);
      products[x] = weight_[own] * with_before_[own] + std::conj(weight_[last] * with_after_[last]);
      of_break.still += products[x].real();
      of_break.residual += weight_[own] * residual_[own] + weight_[last] * residual_[last];
      of_break.peak = std::max({of_break.peak, std::abs(products[x].real()), std::abs(products[x].imag())});
    }
    std::fill_n(products + width_, width_, 0.0F);
    for (std::int64_t x = 0; x < width_ && of_break.peak > 0; ++x) {  // within the range of float
      products[x] /= of_break.peak;
    }
    of_break.of_shifts = products;
  }
  transform_of(length, transform_).along_rows(shifts_.data(), breaks, kernels::Direction::forward, 1, memory_);
}

double SuddenMotionCheck::largest_of(const Break& of_break) const {
  const std::int64_t length = 2 * width_;
  const std::int64_t most = width_ / most_shift * 2;
  float best = 0;
  for (std::int64_t step = -most; step <= most; ++step) {
    best = std::max(best, std::norm(of_break.of_shifts[(step + length) % length]));
  }
  return std::sqrt(static_cast<double>(best)) * static_cast<double>(of_break.peak);
}

double SuddenMotionCheck::weighted_energy(const std::complex<float>* prediction, std::int64_t number) const {
  double energy = 0;
  for (std::int64_t coil = 0; coil < first_.coils; ++coil) {
    const double of_coil = coil_weights_[static_cast<std::size_t>(coil)];
    const std::complex<float>* const samples = prediction + coil * first_.coil_stride;
    for (std::int64_t x = 0; x < width_; ++x) {
      const std::int64_t k = (x + width_ - width_ / 2) % width_;  // k_x = 0 lies in front
      energy += of_coil * weight_[static_cast<std::size_t>(number * width_ + x)] *
                std::norm(std::complex<double>(samples[k]));
    }
  }
  return energy;
}

double SuddenMotionCheck::fall_without_motion(std::int64_t index) const {
  const Break& of_break = breaks_[static_cast<std::size_t>(index)];
  const std::int64_t number = first_break + index;
  const double in_phase = std::abs(std::complex<double>(of_break.of_shifts[0])) * double{of_break.peak};
  const double energy =
      weighted_energy(line(number).from_before, number) + weighted_energy(line(number - 1).from_after, number - 1);
  const double off = of_break.still - energy;  // what both predictions have in common with r
  const double by_factor = energy > 0 && of_break.residual > 0 ? off * off / (energy * of_break.residual) : 0;
  return std::max(of_break.fall(in_phase), by_factor);
}

double SuddenMotionCheck::fall_by_motion(std::int64_t index, std::int64_t centre) const {
  const Break& of_break = breaks_[static_cast<std::size_t>(index)];
  const std::int64_t length = 2 * width_;
  const std::int64_t most = width_ / most_shift * 2;
  const std::int64_t line = first_break + index;
  // Of a shift along y by as much.
  const double most_phase = 2 * std::numbers::pi / static_cast<double>(most_shift) *
                            static_cast<double>(std::max(std::abs(line - centre), std::abs(line - 1 - centre)));
  constexpr std::array<std::complex<double>, 4> quarters{{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}};
  double best = 0;
  std::complex<double> turn = 1;  // of the sample at x = 0
  std::int64_t shift = 0;
  for (std::int64_t step = -most; step <= most; ++step) {
    // The ramp is 1 at k_x = 0, which lies at width / 2.
    const std::complex<double> to_centre = quarters[static_cast<std::size_t>((step % 4 + 4) % 4)];
    const std::complex<double> sum =
        to_centre * std::complex<double>(of_break.of_shifts[(step + length) % length]) * double{of_break.peak};
    if (std::abs(sum) <= best) {
      continue;
    }
    const double phase = std::clamp(std::arg(sum), -most_phase, most_phase);
    if (const double undone = (sum * std::polar(1.0, -phase)).real(); undone > best) {
      best = undone;
      turn = to_centre * std::polar(1.0, -phase);
      shift = step;
    }
  }
  const double gain = best - of_break.still;
  if (!(gain > 0)) {
    return 0;
  }
  const std::complex<double> of_sample =
      std::polar(1.0, -2 * std::numbers::pi * static_cast<double>(shift) / static_cast<double>(length));
  double of_line = 0;  // of the gain; that of the line before is the rest
  for (std::int64_t x = 0; x < width_; ++x) {
    const auto own = static_cast<std::size_t>(line * width_ + x);
    const std::complex<double> product(weight_[own] * with_before_[own]);
    of_line += (product * turn).real() - product.real();
    turn *= of_sample;
  }
  const double share = std::min(of_line, gain - of_line) / gain;
  return of_break.fall(best) * std::clamp((share - least_share) / (full_share - least_share), 0.0, 1.0);
}

}  // namespace mriembed::quality
