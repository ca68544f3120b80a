#include "kernels/grappa_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "kernels/energy.hpp"

namespace mriembed::kernels {

namespace {

constexpr std::int64_t block_columns = CalibrationBlock::most_columns;

constexpr std::int64_t blocks_of(std::int64_t width) { return (width + block_columns - 1) / block_columns; }

constexpr std::int64_t columns_of(std::int64_t width, std::int64_t block) {
  return std::min(block_columns, width - block * block_columns);
}

}  // namespace

void add_gap(std::vector<Gap>& gaps, std::int64_t size, const std::complex<float>* before,
             const std::complex<float>* after, std::span<std::complex<float>* const> between) {
  auto gap = std::ranges::find(gaps, size, &Gap::size);
  if (gap == gaps.end()) {
    gaps.emplace_back().size = size;
    gap = gaps.end() - 1;
    gap->lines.resize(between.size());
  }
  for (std::size_t distance = 0; distance < between.size(); ++distance) {
    gap->lines[distance].push_back({before, after, between[distance]});
  }
}

// Sums of each block of columns are formed apart and merged in the order of the blocks.
void GrappaKernels::calibrate(std::span<const CalibrationRun> runs, std::span<const std::int64_t> sizes,
                              std::int64_t coils, std::int64_t coil_stride, std::int64_t width,
                              const threads::Executor& executor, Positions positions) {
  participants_.resize(std::max(participants_.size(), static_cast<std::size_t>(executor.threads())));
  coils_ = coils;
  use_width(width);
  kernels_.resize(sizes.size());
  for (std::size_t index = 0; index < sizes.size(); ++index) {
    kernels_[index].size = sizes[index];
  }
  weigh_positions(runs, coils, coil_stride, positions);
  const std::int64_t blocks = blocks_of(width);
  const auto kernels = static_cast<std::int64_t>(kernels_.size());
  found_.resize(std::max(found_.size(), static_cast<std::size_t>(kernels * blocks)));
  executor.run(blocks, [&](std::int64_t block, int participant) {
    CalibrationBlock& columns = participants_[static_cast<std::size_t>(participant)].block;
    for (std::int64_t index = 0; index < kernels; ++index) {
      found_[static_cast<std::size_t>(index * blocks + block)].reset(kernels_[static_cast<std::size_t>(index)].size,
                                                                     coils);
    }
    for (std::size_t run = 0; run < runs.size(); ++run) {
      columns.read(runs[run], coils, coil_stride, block * block_columns, columns_of(width, block));
      for (std::int64_t index = 0; index < kernels; ++index) {
        found_[static_cast<std::size_t>(index * blocks + block)].add(
            columns, positions, kernels_[static_cast<std::size_t>(index)].position_weights[run],
            roots_.data() + block * grappa_block_roots);
      }
    }
  });
  for (std::int64_t index = 0; index < kernels; ++index) {
    GrappaSums& sums = kernels_[static_cast<std::size_t>(index)].sums;
    sums.reset(kernels_[static_cast<std::size_t>(index)].size, coils);
    for (std::int64_t block = 0; block < blocks; ++block) {
      sums.add(found_[static_cast<std::size_t>(index * blocks + block)]);
    }
  }
  executor.run(kernels,
               [&](std::int64_t index, int /*participant*/) { solve(kernels_[static_cast<std::size_t>(index)]); });
}

void GrappaKernels::calibrate_by_both(const GrappaKernels& one, const GrappaKernels& other) {
  coils_ = one.coils_;
  use_width(one.width_);
  kernels_.resize(one.kernels_.size());
  for (std::size_t index = 0; index < kernels_.size(); ++index) {
    kernels_[index].size = one.kernels_[index].size;
    kernels_[index].sums = one.kernels_[index].sums;
    kernels_[index].sums.add(other.kernels_[index].sums);
    solve(kernels_[index]);
  }
}

void GrappaKernels::use_width(std::int64_t width) {
  if (width_ != width) {
    width_ = width;
    roots_ = grappa_roots(width);
    tap_roots_.resize(width);
  }
}

// By Cauchy and Schwarz, a sample's energy is at most that of its weights times that of its sources. Each sample is the
// source of grappa_taps samples in each line of the two gaps beside it.
double GrappaKernels::most_gain() const {
  double most = 0;
  for (const Kernel& kernel : kernels_) {
    double energy = 0;
    for (std::size_t distance = 0; kernel.solved && distance < kernel.weights.size(); ++distance) {
      const std::vector<std::complex<float>>& values = kernel.weights[distance].values;
      energy += energy_of(values.data(), static_cast<std::int64_t>(values.size()));
    }
    most = std::max(most, energy);
  }
  return 2 * grappa_taps * most;
}

std::int64_t GrappaKernels::fill(std::span<const Gap> gaps, std::int64_t coil_stride,
                                 const threads::Executor& executor) {
  participants_.resize(std::max(participants_.size(), static_cast<std::size_t>(executor.threads())));
  executor.run(blocks_of(width_), [&](std::int64_t block, int participant) {
    for (const Gap& gap : gaps) {
      const Kernel* kernel = kernel_of(gap.size);
      for (std::size_t distance = 0; kernel != nullptr && distance < gap.lines.size(); ++distance) {
        fill_lines(gap.lines[distance], kernel->weights[distance], tap_roots_, coil_stride, block * block_columns,
                   columns_of(width_, block), participants_[static_cast<std::size_t>(participant)].synthesis);
      }
    }
  });
  std::int64_t filled = 0;
  for (const Gap& gap : gaps) {
    for (const auto& lines : gap.lines) {
      filled += knows(gap.size) ? static_cast<std::int64_t>(lines.size()) : 0;
    }
  }
  return filled;
}

const GrappaKernels::Kernel* GrappaKernels::kernel_of(std::int64_t size) const {
  const auto kernel = std::ranges::find(kernels_, size, &Kernel::size);
  return kernel != kernels_.end() && kernel->solved ? &*kernel : nullptr;
}

void GrappaKernels::weigh_positions(std::span<const CalibrationRun> runs, std::int64_t coils, std::int64_t coil_stride,
                                    Positions positions) {
  std::vector<std::vector<double>> energies;  // of each run's lines
  for (const CalibrationRun& run : runs) {
    std::vector<double>& of_run = energies.emplace_back();
    for (const std::complex<float>* line : run) {
      double energy = 0;
      for (std::int64_t coil = 0; coil < coils; ++coil) {
        energy += energy_of(line + coil * coil_stride, width_);
      }
      of_run.push_back(energy);
    }
  }
  for (Kernel& kernel : kernels_) {
    kernel.position_weights.assign(runs.size(), {});
    double most = 0;
    for (std::size_t run = 0; run < runs.size(); ++run) {
      const std::vector<double>& of_run = energies[run];
      const auto lines = static_cast<std::int64_t>(of_run.size());
      for (std::int64_t first = 0; first + kernel.size < lines; ++first) {
        const auto begin = of_run.begin() + first;
        const double energy = std::accumulate(begin, begin + kernel.size + 1, 0.0);
        most = std::max(most, energy);  // of those that do not count as well: weights of two calibrations compare
        if (first >= positions.first && (first - positions.first) % positions.step == 0) {
          kernel.position_weights[run].push_back(energy);
        }
      }
    }
    for (std::vector<double>& of_run : kernel.position_weights) {
      for (double& weight : of_run) {
        weight = most > 0 ? 1 / (weight / most + 1e-6) : 0;
      }
    }
  }
}

// The weights W of a line between solve (G + regularization) W = b with G = A^H A and b = A^H v for the design matrix
// A, whose columns are sources times taps, and the line's values v; here as W^H (G + regularization) = b^H.
void GrappaKernels::solve(Kernel& kernel) const {
  const std::int64_t coils = coils_;
  const std::int64_t sources = 2 * coils;
  const std::int64_t unknowns = grappa_taps * sources;
  const std::int64_t half = grappa_taps / 2;
  const std::int64_t distances = kernel.size - 1;
  const GrappaSums& sums = kernel.sums;
  const auto signal = [&](std::int64_t source) { return sums.signal(source / coils, source % coils); };
  const auto sum_of = [&](std::int64_t source, std::int64_t other, std::int64_t lag) {
    const std::int64_t place = grappa_taps - 1;
    return source <= other ? sums.of(signal(source), signal(other))[place + lag]
                           : std::conj(sums.of(signal(other), signal(source))[place - lag]);
  };

  HermitianEquations& equations = kernel.equations;
  equations.reset(unknowns, distances * coils);
  double trace = 0;
  for (std::int64_t source = 0; source < sources; ++source) {
    trace += sum_of(source, source, 0).real();
  }
  const double added = regularization_ * trace / static_cast<double>(sources);
  for (std::int64_t row = 0; row < unknowns; ++row) {
    for (std::int64_t column = 0; column <= row; ++column) {
      const std::complex<double> value = sum_of(row % sources, column % sources, column / sources - row / sources);
      equations.real(row)[column] = value.real() + (row == column ? added : 0);
      equations.imaginary(row)[column] = value.imag();
    }
  }
  for (std::int64_t row = 0; row < distances * coils; ++row) {
    const std::int64_t target = sums.signal(2 + row / coils, row % coils);
    for (std::int64_t column = 0; column < unknowns; ++column) {
      const std::int64_t lag = half - column / sources;
      const std::complex<double> value = sums.of(signal(column % sources), target)[grappa_taps - 1 + lag];
      equations.real(unknowns + row)[column] = value.real();
      equations.imaginary(unknowns + row)[column] = -value.imag();
    }
  }
  kernel.solved = trace > 0 && equations.solve();
  if (!kernel.solved) {
    return;
  }
  kernel.weights.resize(static_cast<std::size_t>(distances));
  for (std::int64_t row = 0; row < distances * coils; ++row) {
    LineWeights& weights = kernel.weights[static_cast<std::size_t>(row / coils)];
    weights.coils = coils;
    weights.values.resize(static_cast<std::size_t>(coils * unknowns));
    for (std::int64_t column = 0; column < unknowns; ++column) {
      weights.values[static_cast<std::size_t>(row % coils * unknowns + column)] = {
          static_cast<float>(equations.real(unknowns + row)[column]),
          -static_cast<float>(equations.imaginary(unknowns + row)[column])};
    }
  }
}

}  // namespace mriembed::kernels
