#include "quality/line_consistency.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "quality/readout_length.hpp"

namespace mriembed::quality {

namespace {

constexpr std::int64_t most_coils = 8;
constexpr std::int64_t fewest_coils = 4;
constexpr std::int64_t fewest_lines = 24;

std::vector<std::int64_t> strongest_coils(const std::vector<double>& energies) {
  std::vector<std::int64_t> coils(energies.size());
  std::iota(coils.begin(), coils.end(), 0);
  std::ranges::sort(coils, {},
                    [&](std::int64_t coil) { return std::pair(-energies[static_cast<std::size_t>(coil)], coil); });
  coils.resize(std::min(coils.size(), static_cast<std::size_t>(most_coils)));
  return coils;
}

// Each value over the median of those up to 8 lines away, without the nearest, which a break spoils too.
std::vector<double> against_nearby(const std::vector<double>& residuals) {
  constexpr std::int64_t reach = 8;
  constexpr std::int64_t spoilt = 2;
  const auto count = static_cast<std::int64_t>(residuals.size());
  std::vector<double> levels;
  std::vector<double> nearby;
  for (std::int64_t line = 0; line < count; ++line) {
    nearby.clear();
    for (std::int64_t other = std::max<std::int64_t>(0, line - reach); other <= std::min(count - 1, line + reach);
         ++other) {
      if (std::abs(other - line) > spoilt) {
        nearby.push_back(residuals[static_cast<std::size_t>(other)]);
      }
    }
    const auto middle = nearby.begin() + static_cast<std::ptrdiff_t>(nearby.size() / 2);
    std::ranges::nth_element(nearby, middle);
    levels.push_back(*middle > 0 ? residuals[static_cast<std::size_t>(line)] / *middle : 0);
  }
  return levels;
}

}  // namespace

LineConsistency LineConsistencyCheck::of(const ArrayView<const std::complex<float>, 3>& kspace,
                                         const std::vector<bool>& measured, const std::vector<double>& energies) {
  const auto height = static_cast<std::int64_t>(measured.size());
  std::int64_t first = height / 2;
  std::int64_t end = height / 2;
  while (end < height && end < height / 2 + height / 4 && measured[static_cast<std::size_t>(end)]) {
    ++end;
  }
  while (first > 0 && first > height / 2 - height / 4 && measured[static_cast<std::size_t>(first - 1)]) {
    --first;
  }
  const std::vector<std::int64_t> coils = strongest_coils(energies);
  LineConsistency found;
  if (end - first < fewest_lines || static_cast<std::int64_t>(coils.size()) < fewest_coils) {
    return found;
  }
  read(kspace, coils, first, end - first);
  if (!predict(-1, of_all_) || !predict(0, of_even_) || !predict(1, of_odd_)) {
    return found;
  }
  found.judged = true;
  std::complex<double> turn = 0;
  std::vector<double> residuals;
  for (std::int64_t number = 1; number + 1 < lines_; ++number) {
    double residual = 0;
    double energy = 0;
    for (std::int64_t coil = 0; coil < coils_; ++coil) {
      const std::int64_t row = coil * lines_ + number;
      for (std::int64_t x = 0; x < width_; ++x) {
        const std::complex<double> sample = line(samples_, row)[x];
        residual += std::norm(std::complex<double>(line(of_all_, row)[x]) - sample);
        energy += std::norm(sample);
        turn += std::conj(std::complex<double>(line(of_even_, row)[x])) * std::complex<double>(line(of_odd_, row)[x]);
      }
    }
    residuals.push_back(energy > 0 ? residual / energy : 0);
  }
  found.ghost_phase = std::arg(turn) / 2;
  const std::vector<double> levels = against_nearby(residuals);
  const auto worst = std::ranges::max_element(levels);
  found.break_level = *worst;
  found.break_line = first + 1 + (worst - levels.begin());
  return found;
}

void LineConsistencyCheck::read(const ArrayView<const std::complex<float>, 3>& kspace,
                                const std::vector<std::int64_t>& coils, std::int64_t first, std::int64_t lines) {
  coils_ = static_cast<std::int64_t>(coils.size());
  lines_ = lines;
  width_ = transformed_length(kspace.shape[2]);
  samples_.resize(static_cast<std::size_t>(coils_ * lines_ * width_));
  float peak = 0;
  for (std::int64_t coil = 0; coil < coils_; ++coil) {
    for (std::int64_t number = 0; number < lines_; ++number) {
      const std::complex<float>* from = kspace.data + coils[static_cast<std::size_t>(coil)] * kspace.strides[0] +
                                        (first + number) * kspace.strides[1];
      copy_readout(from, kspace.strides[2], kspace.shape[2], width_, line(samples_, coil * lines_ + number));
    }
  }
  for (const std::complex<float>& sample : samples_) {
    peak = std::max({peak, std::abs(sample.real()), std::abs(sample.imag())});
  }
  // Weights do not depend on the scale; squares of small samples would leave the range.
  const float scale = peak > 0 ? 1 / peak : 1;
  kernels::FourierTransform(width_).along_rows(samples_.data(), coils_ * lines_, kernels::Direction::inverse, scale,
                                               memory_);
}

bool LineConsistencyCheck::predict(std::int64_t parity, std::vector<std::complex<float>>& predicted) {
  predicted.resize(samples_.size());
  std::vector<kernels::CalibrationRun> runs;
  std::vector<kernels::Gap> gaps;
  for (std::int64_t number = 1; number + 1 < lines_; ++number) {
    const std::complex<float>* before = line(samples_, number - 1);
    const std::complex<float>* after = line(samples_, number + 1);
    if (parity < 0 || number % 2 == parity) {
      runs.push_back({before, line(samples_, number), after});
    }
    kernels::add_gap(gaps, 2, before, after, std::array{line(predicted, number)});
  }
  const std::int64_t stride = lines_ * width_;
  kernels_.calibrate(runs, std::array<std::int64_t, 1>{2}, coils_, stride, width_, executor_);
  return kernels_.fill(gaps, stride, executor_) > 0;
}

}  // namespace mriembed::quality
