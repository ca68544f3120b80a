#include "quality/line_consistency.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "quality/readout_length.hpp"
#include "quality/spike.hpp"

namespace mriembed::quality {

namespace {

constexpr std::int64_t most_coils = 8;
constexpr std::int64_t fewest_coils = 4;
constexpr std::int64_t fewest_lines = 24;
constexpr double least_coherence = 0.5;     // of both predictions: noise alone stays far below, objects far above
constexpr std::int64_t most_samples = 256;  // of a readout, around its centre: what lies beyond is mostly noise

std::vector<std::int64_t> strongest_coils(const std::vector<double>& energies) {
  std::vector<std::int64_t> coils(energies.size());
  std::iota(coils.begin(), coils.end(), 0);
  std::ranges::sort(coils, {},
                    [&](std::int64_t coil) { return std::pair(-energies[static_cast<std::size_t>(coil)], coil); });
  coils.resize(std::min(coils.size(), static_cast<std::size_t>(most_coils)));
  return coils;
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
  if (!calibrate()) {
    return found;
  }
  predict(weights_of_odd_, From::both, of_odd_);
  predict(weights_of_even_, From::both, of_even_);
  std::complex<double> turn = 0;
  double energy_of_even = 0;
  double energy_of_odd = 0;
  for (std::int64_t coil = 0; coil < coils_; ++coil) {
    for (std::int64_t sample = width_; sample < (lines_ - 1) * width_; ++sample) {
      const auto place = static_cast<std::size_t>(coil * lines_ * width_ + sample);
      const std::complex<double> even(of_even_[place]);
      const std::complex<double> odd(of_odd_[place]);
      turn += std::conj(even) * odd;
      energy_of_even += std::norm(even);
      energy_of_odd += std::norm(odd);
    }
  }
  // Without an object the predictions have nothing in common.
  found.judged = std::abs(turn) > least_coherence * std::sqrt(energy_of_even * energy_of_odd);
  if (!found.judged) {
    return found;
  }
  found.ghost_phase = std::arg(turn) / 2;
  found.motion = motion();
  found.motion.line += first;
  found.residual_spike = residual_spike();
  found.residual_spike.y += first;
  found.residual_spike.x += kspace.shape[2] / 2 - width_ / 2;
  return found;
}

Spike LineConsistencyCheck::residual_spike() const {
  const std::vector<double>& residual = motion_.residual();
  // The lines that are predicted.
  const std::vector<double> inner(residual.begin() + width_, residual.end() - width_);
  Spike spike = strongest_spike(inner, lines_ - 2, width_);
  spike.y += 1;
  return spike;
}

SuddenMotion LineConsistencyCheck::motion() {
  predict(weights_of_all_, From::before, from_before_);
  predict(weights_of_all_, From::after, from_after_);
  measured_ = samples_;
  const kernels::FourierTransform transform(width_);
  for (std::vector<std::complex<float>>* lines : {&measured_, &from_before_, &from_after_}) {
    transform.along_rows(lines->data(), coils_ * lines_, kernels::Direction::forward, 1, memory_);
    for (std::int64_t row = 0; row < coils_ * lines_; ++row) {  // k = 0 to the middle
      std::complex<float>* const of_row = line(*lines, row);
      std::rotate(of_row, of_row + (width_ - width_ / 2), of_row + width_);
    }
  }
  return motion_.of(measured_, from_before_, from_after_, coils_, lines_, width_);
}

void LineConsistencyCheck::read(const ArrayView<const std::complex<float>, 3>& kspace,
                                const std::vector<std::int64_t>& coils, std::int64_t first, std::int64_t lines) {
  coils_ = static_cast<std::int64_t>(coils.size());
  lines_ = lines;
  width_ = transformed_length(std::min(kspace.shape[2], most_samples));
  samples_.resize(static_cast<std::size_t>(coils_ * lines_ * width_));
  nothing_.resize(samples_.size());  // coils lie as far apart as in the lines
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

bool LineConsistencyCheck::calibrate() {
  kernels::CalibrationRun run;
  run.reserve(static_cast<std::size_t>(lines_));
  for (std::int64_t number = 0; number < lines_; ++number) {
    run.push_back(line(samples_, number));
  }
  const auto by = [&](kernels::GrappaKernels& weights, kernels::Positions positions) {
    weights.calibrate({&run, 1}, std::array<std::int64_t, 1>{2}, coils_, lines_ * width_, width_, executor_, positions);
  };
  by(weights_of_odd_, {.first = 0, .step = 2});  // an odd line lies between two even ones
  by(weights_of_even_, {.first = 1, .step = 2});
  weights_of_all_.calibrate_by_both(weights_of_odd_, weights_of_even_);
  return weights_of_odd_.knows(2) && weights_of_even_.knows(2) && weights_of_all_.knows(2);
}

void LineConsistencyCheck::predict(kernels::GrappaKernels& weights, From sources,
                                   std::vector<std::complex<float>>& predicted) {
  predicted.assign(samples_.size(), 0.0F);
  const std::int64_t stride = lines_ * width_;
  std::vector<kernels::Gap> gaps;
  for (std::int64_t number = 1; number + 1 < lines_; ++number) {
    const std::complex<float>* before = sources == From::after ? nothing_.data() : line(samples_, number - 1);
    const std::complex<float>* after = sources == From::before ? nothing_.data() : line(samples_, number + 1);
    kernels::add_gap(gaps, 2, before, after, std::array{line(predicted, number)});
  }
  weights.fill(gaps, stride, executor_);
}

}  // namespace mriembed::quality
