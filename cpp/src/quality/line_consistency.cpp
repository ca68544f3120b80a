#include "quality/line_consistency.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>

#include "quality/central_lines.hpp"
#include "quality/readout_length.hpp"
#include "quality/spike.hpp"

namespace mriembed::quality {

namespace {

constexpr std::int64_t most_coils = 8;
constexpr std::int64_t fewest_lines = 24;
constexpr std::int64_t fewest_samples = 16;
constexpr double least_coherence = 0.5;       // of both predictions: noise alone stays far below, objects far above
constexpr double resolved_coherence = 0.965;  // objects that the coils do not resolve, as those that wrap, stay below
constexpr double least_residual_share = 0.1;  // of the power of a spike's sample: of an object's peaks less is left
constexpr std::int64_t most_samples = 128;    // of a readout, around its centre: what lies beyond is mostly noise
// More make neither weights nor the ghost's phase much more certain, and cost time.
constexpr std::int64_t most_positions = 32;  // of a kernel, for odd lines and for even ones
constexpr std::int64_t most_compared = 32;   // lines that are predicted by both

std::vector<std::int64_t> strongest_coils(const std::vector<double>& energies) {
  std::vector<std::int64_t> coils(energies.size());
  std::iota(coils.begin(), coils.end(), 0);
  std::ranges::sort(coils, {},
                    [&](std::int64_t coil) { return std::pair(-energies[static_cast<std::size_t>(coil)], coil); });
  coils.resize(std::min(coils.size(), static_cast<std::size_t>(most_coils)));
  return coils;
}

// From one line to the next, where at most so many of them are taken.
constexpr std::int64_t step_of(std::int64_t lines, std::int64_t most) { return (lines + most - 1) / most; }

}  // namespace

LineConsistency LineConsistencyCheck::of(const ArrayView<const std::complex<float>, 3>& kspace,
                                         const std::vector<bool>& measured, const std::vector<double>& energies,
                                         const std::vector<float>& scales, Echo echo) {
  const auto height = static_cast<std::int64_t>(measured.size());
  const auto [first, end] = central_lines(measured, height / 4);
  const std::vector<std::int64_t> coils = strongest_coils(energies);
  LineConsistency found;
  if (end - first < fewest_lines || kspace.shape[2] < fewest_samples ||
      static_cast<std::int64_t>(coils.size()) < fewest_coils) {
    return found;
  }
  // Weights do not depend on the scale; squares of small samples would leave the range.
  read(kspace, coils, scales[static_cast<std::size_t>(coils.front())], first, end - first);
  if (!calibrate()) {
    return found;
  }
  const kernels::Coherence turn = coherence();
  const double of_predictions = std::abs(turn.product) / std::sqrt(turn.energy_of_a * turn.energy_of_b);
  if (!(of_predictions > least_coherence)) {  // without an object they have nothing in common
    return found;
  }
  found.judged = true;
  found.motion = motion(height / 2 - first);
  found.motion.line += first;
  found.ghost_is_judged = of_predictions > resolved_coherence;
  if (found.ghost_is_judged) {
    found.ghost_phase = std::arg(turn.product) / 2;
  }
  const std::int64_t first_sample = kspace.shape[2] / 2 - width_ / 2;
  found.residual_spike = residual_spike({echo.y - first, echo.x - first_sample});
  found.residual_spike.y += first;
  found.residual_spike.x += first_sample;
  return found;
}

kernels::Coherence LineConsistencyCheck::coherence() {
  const std::int64_t step = step_of(lines_, most_compared);
  predict(weights_of_even_, From::both, step, predicted_);
  predict(weights_of_odd_, From::both, step, predicted_otherwise_);
  kernels::Coherence coherence;
  for (std::int64_t coil = 0; coil < coils_; ++coil) {
    for (std::int64_t number = 1; number + 1 < lines_; number += step) {
      coherence.add(line(predicted_, coil, number), line(predicted_otherwise_, coil, number), width_);
    }
  }
  return coherence;
}

Spike LineConsistencyCheck::residual_spike(Echo echo) const {
  const std::vector<float>& residual = motion_.residual();
  // The lines that are predicted.
  const std::vector<float> inner(residual.begin() + width_, residual.end() - width_);
  constexpr double any = std::numeric_limits<double>::infinity();  // the lines beside a spike are predicted from it
  Spike spike = strongest_spike(inner, lines_ - 2, width_, {echo.y - 1, echo.x}, any);
  spike.y += 1;
  if (spike.level > 0) {
    spike.level *= std::min(1.0, residual_share(spike.y, spike.x) / least_residual_share);
  }
  return spike;
}

double LineConsistencyCheck::residual_share(std::int64_t number, std::int64_t x) const {
  double residual = 0;
  double power = 0;
  for (std::int64_t coil = 0; coil < coils_; ++coil) {
    const auto place = static_cast<std::size_t>((number * coils_ + coil) * width_ +
                                                (x + width_ - width_ / 2) % width_);  // k_x = 0 lies in front
    residual += std::norm(std::complex<double>(measured_[place] - predicted_[place] - predicted_otherwise_[place]));
    power += std::norm(std::complex<double>(measured_[place]));
  }
  return power > 0 ? residual / power : 0;
}

SuddenMotion LineConsistencyCheck::motion(std::int64_t centre) {
  predict(weights_of_all_, From::before, 1, predicted_);
  predict(weights_of_all_, From::after, 1, predicted_otherwise_);
  const kernels::FourierTransform& transform = transform_of(width_, transform_);
  const float scale = 1 / static_cast<float>(width_);
  for (std::vector<std::complex<float>>* lines : {&predicted_, &predicted_otherwise_}) {
    transform.along_rows(line(*lines, 0, 1), (lines_ - 2) * coils_, kernels::Direction::forward, scale, memory_);
  }
  return motion_.of({measured_.data(), predicted_.data(), predicted_otherwise_.data(), coils_, width_, width_},
                    coils_ * width_, lines_, centre);
}

void LineConsistencyCheck::read(const ArrayView<const std::complex<float>, 3>& kspace,
                                const std::vector<std::int64_t>& coils, float scale, std::int64_t first,
                                std::int64_t lines) {
  coils_ = static_cast<std::int64_t>(coils.size());
  lines_ = lines;
  width_ = transformed_length(std::min(kspace.shape[2], most_samples));
  measured_.resize(static_cast<std::size_t>(coils_ * lines_ * width_));
  samples_.resize(measured_.size());
  for (std::int64_t number = 0; number < lines_; ++number) {
    for (std::int64_t coil = 0; coil < coils_; ++coil) {
      const std::complex<float>* from = kspace.data + coils[static_cast<std::size_t>(coil)] * kspace.strides[0] +
                                        (first + number) * kspace.strides[1];
      std::complex<float>* const to = line(measured_, coil, number);
      copy_readout(from, kspace.strides[2], kspace.shape[2], width_, to);
      std::complex<float>* const image = line(samples_, coil, number);
      for (std::int64_t x = 0; x < width_; ++x) {
        to[x] *= scale;
        image[x] = to[x];
      }
    }
  }
  transform_of(width_, transform_)
      .along_rows(samples_.data(), lines_ * coils_, kernels::Direction::inverse, 1, memory_);
}

bool LineConsistencyCheck::calibrate() {
  kernels::CalibrationRun run;
  run.reserve(static_cast<std::size_t>(lines_));
  for (std::int64_t number = 0; number < lines_; ++number) {
    run.push_back(line(samples_, 0, number));
  }
  const auto by = [&](kernels::GrappaKernels& weights, kernels::Positions positions) {
    weights.calibrate({&run, 1}, std::array<std::int64_t, 1>{2}, coils_, width_, width_, executor_, positions);
  };
  const std::int64_t step = 2 * step_of(lines_ / 2, most_positions);
  by(weights_of_odd_, {.first = 0, .step = step});  // an odd line lies between two even ones
  by(weights_of_even_, {.first = 1, .step = step});
  weights_of_all_.calibrate_by_both(weights_of_odd_, weights_of_even_);
  return weights_of_odd_.knows(2) && weights_of_even_.knows(2) && weights_of_all_.knows(2);
}

void LineConsistencyCheck::predict(kernels::GrappaKernels& weights, From sources, std::int64_t step,
                                   std::vector<std::complex<float>>& predicted) {
  predicted.resize(samples_.size());
  std::vector<kernels::Gap> gaps;
  for (std::int64_t number = 1; number + 1 < lines_; number += step) {
    const std::complex<float>* before = sources == From::after ? nullptr : line(samples_, 0, number - 1);
    const std::complex<float>* after = sources == From::before ? nullptr : line(samples_, 0, number + 1);
    kernels::add_gap(gaps, 2, before, after, std::array{line(predicted, 0, number)});
  }
  weights.fill(gaps, width_, executor_);
}

}  // namespace mriembed::quality
