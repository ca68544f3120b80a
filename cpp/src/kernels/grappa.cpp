#include "kernels/grappa.hpp"

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

Completion Grappa::fill(const HybridSlice& slice, std::span<const std::uint8_t> measured, LineRange calibration,
                        const threads::Executor& executor) {
  plan(slice, measured, calibration);
  participants_.resize(std::max(participants_.size(), static_cast<std::size_t>(executor.threads())));
  if (width_ != slice.width) {
    width_ = slice.width;
    roots_ = grappa_roots(width_);
    tap_roots_.resize(width_);
  }
  calibrate(slice, calibration, executor);
  executor.run(static_cast<std::int64_t>(gaps_.size()), [&](std::int64_t gap, int /*participant*/) {
    solve(gaps_[static_cast<std::size_t>(gap)], slice.coils);
  });
  executor.run(blocks_of(slice.width), [&](std::int64_t block, int participant) {
    for (const Gap& gap : gaps_) {
      for (std::size_t distance = 0; gap.solved && distance < gap.lines.size(); ++distance) {
        fill_lines(gap.lines[distance], gap.weights[distance], tap_roots_, slice.coil_stride, block * block_columns,
                   columns_of(slice.width, block), participants_[static_cast<std::size_t>(participant)].synthesis);
      }
    }
  });
  Completion completion;
  for (const Gap& gap : gaps_) {
    for (const auto& lines : gap.lines) {
      completion.filled += gap.solved ? static_cast<std::int64_t>(lines.size()) : 0;
    }
  }
  completion.left = std::ranges::count(measured, 0) - completion.filled;
  return completion;
}

// Finds the gaps that can be filled.
void Grappa::plan(const HybridSlice& slice, std::span<const std::uint8_t> measured, LineRange calibration) {
  gaps_.clear();
  std::int64_t before = -1;
  for (std::int64_t line = 0; line < slice.lines; ++line) {
    if (measured[static_cast<std::size_t>(line)] == 0) {
      continue;
    }
    const std::int64_t size = line - before;
    if (before >= 0 && size > 1 && size <= most_gap && size < calibration.end - calibration.begin) {
      auto gap = std::ranges::find(gaps_, size, &Gap::size);
      if (gap == gaps_.end()) {
        gaps_.emplace_back().size = size;
        gap = gaps_.end() - 1;
        gap->lines.resize(static_cast<std::size_t>(size - 1));
      }
      for (std::int64_t distance = 1; distance < size; ++distance) {
        gap->lines[static_cast<std::size_t>(distance - 1)].push_back(
            {slice.line(before), slice.line(line), slice.line(before + distance)});
      }
    }
    before = line;
  }
}

void Grappa::weigh_positions(const HybridSlice& slice) {
  std::vector<double> energies;
  energies.reserve(calibration_lines_.size());
  for (const std::complex<float>* line : calibration_lines_) {
    double energy = 0;
    for (std::int64_t coil = 0; coil < slice.coils; ++coil) {
      energy += energy_of(line + coil * slice.coil_stride, slice.width);
    }
    energies.push_back(energy);
  }
  for (Gap& gap : gaps_) {
    std::vector<double>& weights = gap.position_weights;
    weights.clear();
    for (auto first = energies.begin(); first + gap.size < energies.end(); ++first) {
      weights.push_back(std::accumulate(first, first + gap.size + 1, 0.0));
    }
    const double most = std::ranges::max(weights);
    for (double& weight : weights) {
      weight = most > 0 ? 1 / (weight / most + 1e-6) : 0;
    }
  }
}

// Sums of each block of columns are formed apart and merged in the order of the blocks.
void Grappa::calibrate(const HybridSlice& slice, LineRange calibration, const threads::Executor& executor) {
  calibration_lines_.clear();
  for (std::int64_t line = calibration.begin; line < calibration.end; ++line) {
    calibration_lines_.push_back(slice.line(line));
  }
  weigh_positions(slice);
  const std::int64_t blocks = blocks_of(slice.width);
  const auto gaps = static_cast<std::int64_t>(gaps_.size());
  found_.resize(std::max(found_.size(), static_cast<std::size_t>(gaps * blocks)));
  executor.run(blocks, [&](std::int64_t block, int participant) {
    CalibrationBlock& columns = participants_[static_cast<std::size_t>(participant)].block;
    columns.read(calibration_lines_, slice.coils, slice.coil_stride, block * block_columns,
                 columns_of(slice.width, block));
    for (std::int64_t gap = 0; gap < gaps; ++gap) {
      GrappaSums& sums = found_[static_cast<std::size_t>(gap * blocks + block)];
      sums.reset(gaps_[static_cast<std::size_t>(gap)].size, slice.coils);
      sums.add(columns, gaps_[static_cast<std::size_t>(gap)].position_weights,
               roots_.data() + block * grappa_block_roots);
    }
  });
  for (std::int64_t gap = 0; gap < gaps; ++gap) {
    GrappaSums& sums = gaps_[static_cast<std::size_t>(gap)].sums;
    sums.reset(gaps_[static_cast<std::size_t>(gap)].size, slice.coils);
    for (std::int64_t block = 0; block < blocks; ++block) {
      sums.add(found_[static_cast<std::size_t>(gap * blocks + block)]);
    }
  }
}

// The weights W of a line between solve (G + regularization) W = b with G = A^H A and b = A^H v for the design matrix
// A, whose columns are sources times taps, and the line's values v; here as W^H (G + regularization) = b^H.
void Grappa::solve(Gap& gap, std::int64_t coils) const {
  const std::int64_t sources = 2 * coils;
  const std::int64_t unknowns = grappa_taps * sources;
  const std::int64_t half = grappa_taps / 2;
  const std::int64_t distances = gap.size - 1;
  const GrappaSums& sums = gap.sums;
  const auto signal = [&](std::int64_t source) { return sums.signal(source / coils, source % coils); };
  const auto sum_of = [&](std::int64_t source, std::int64_t other, std::int64_t lag) {
    const std::int64_t place = grappa_taps - 1;
    return source <= other ? sums.of(signal(source), signal(other))[place + lag]
                           : std::conj(sums.of(signal(other), signal(source))[place - lag]);
  };

  HermitianEquations& equations = gap.equations;
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
  gap.solved = trace > 0 && equations.solve();
  if (!gap.solved) {
    return;
  }
  gap.weights.resize(static_cast<std::size_t>(distances));
  for (std::int64_t row = 0; row < distances * coils; ++row) {
    LineWeights& weights = gap.weights[static_cast<std::size_t>(row / coils)];
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
