#include "preprocessing/line_completion.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "kernels/energy.hpp"
#include "kernels/peak.hpp"
#include "preprocessing/preprocessing_version.hpp"

namespace mriembed {

namespace {

using kernels::LineRange;

// What is done with lines that are missing.
struct Plan {
  LineRange calibration{0, 0};  // empty: none that serve
  MeasuredLines present;        // once gaps are filled
  std::int64_t acceleration = 1;
  bool gaps_left = false;
  LineRange extent{0, 0};  // from the first to the last line that was measured
  bool partial = false;
};

Plan plan_of(const MeasuredLines& measured) {
  Plan plan;
  plan.present = measured;
  const auto lines = static_cast<std::int64_t>(measured.size());
  const LineRange run = kernels::longest_run(measured);
  const auto [shorter, longer] = std::minmax({lines / 2 - run.begin, run.end - lines / 2});
  if (3 * shorter >= 2 * longer) {
    plan.calibration = run;
  }
  std::int64_t before = -1;  // the last line that was measured
  for (std::int64_t line = 0; line < lines; ++line) {
    if (measured[static_cast<std::size_t>(line)] == 0) {
      continue;
    }
    const std::int64_t gap = line - before;
    if (before < 0) {
      plan.extent.begin = line;
    } else if (kernels::Grappa::fills(gap, plan.calibration.end - plan.calibration.begin)) {
      std::fill(plan.present.begin() + before + 1, plan.present.begin() + line, std::uint8_t{1});
      plan.acceleration = std::max(plan.acceleration, gap);
    } else if (gap > 1) {
      plan.gaps_left = true;
    }
    before = line;
  }
  plan.extent.end = before + 1;
  const bool begins_late = plan.extent.begin > lines / whole_end_share;
  const bool ends_early = lines - plan.extent.end > lines / whole_end_share;
  plan.partial = before >= 0 && !plan.gaps_left && begins_late != ends_early;
  return plan;
}

// The line that holds the echo, by the circular mean of the lines' energies (step 5.1).
std::int64_t echo_line(const kernels::HybridSlice& slice) {
  const std::int64_t window = std::min(slice.lines, echo_window);
  const double turn = 2 * std::numbers::pi / static_cast<double>(window);
  std::complex<double> mean = 0;
  for (std::int64_t k = -(window / 2); k < window - window / 2; ++k) {
    double energy = 0;
    for (std::int64_t coil = 0; coil < slice.coils; ++coil) {
      energy += kernels::energy_of(slice.line(slice.lines / 2 + k) + coil * slice.coil_stride, slice.width);
    }
    mean += std::polar(energy, turn * static_cast<double>(k));
  }
  return slice.lines / 2 + static_cast<std::int64_t>(std::nearbyint(std::arg(mean) / turn));
}

}  // namespace

kernels::LineRange lines_to_fill(const MeasuredLines& measured, LineRange wanted) {
  const Plan plan = plan_of(measured);
  const auto lines = static_cast<std::int64_t>(measured.size());
  if (plan.partial) {  // the missing end follows from images
    return {0, lines};
  }
  const auto there = [&](std::int64_t line) { return measured[static_cast<std::size_t>(line)] != 0; };
  // To the measured lines around gaps that reach into them.
  LineRange held = wanted;
  while (held.begin > 0 && wanted.begin - held.begin < kernels::Grappa::most_gap && !there(held.begin)) {
    --held.begin;
  }
  while (held.end < lines && held.end - wanted.end < kernels::Grappa::most_gap && !there(held.end - 1)) {
    ++held.end;
  }
  if (plan.acceleration > 1) {
    held = {std::min(held.begin, plan.calibration.begin), std::max(held.end, plan.calibration.end)};
  }
  return held;
}

MeasuredLines measured_lines(const std::complex<float>* kspace, const std::array<std::int64_t, 3>& shape,
                             const std::array<std::int64_t, 3>& strides) {
  const auto [coils, lines, width] = shape;
  const auto measured = [&, width = width](const std::complex<float>* row) {
    if (strides[2] == 1) {
      return kernels::peak_bits(row, width) != 0;
    }
    for (std::int64_t x = 0; x < width; ++x) {
      if (row[x * strides[2]] != std::complex<float>(0)) {
        return true;
      }
    }
    return false;
  };
  MeasuredLines found(static_cast<std::size_t>(lines), 0);
  for (std::int64_t y = 0; y < lines; ++y) {
    for (std::int64_t coil = 0; coil < coils && found[static_cast<std::size_t>(y)] == 0; ++coil) {
      found[static_cast<std::size_t>(y)] = measured(kspace + coil * strides[0] + y * strides[1]) ? 1 : 0;
    }
  }
  return found;
}

Sampling sampling_of(const MeasuredLines& measured) {
  const Plan plan = plan_of(measured);
  Sampling sampling;
  sampling.lines = static_cast<std::int64_t>(measured.size());
  sampling.measured = sampling.lines - std::ranges::count(measured, std::uint8_t{0});
  sampling.acceleration = plan.acceleration;
  sampling.gaps_left = plan.gaps_left;
  sampling.extent = plan.extent.end - plan.extent.begin;
  sampling.partial = plan.partial;
  return sampling;
}

bool fills_lines(const MeasuredLines& measured) {
  const Plan plan = plan_of(measured);
  return plan.acceleration > 1 || plan.partial;
}

double LineCompletion::fill(const kernels::HybridSlice& slice, const MeasuredLines& measured,
                            const kernels::ColumnTransform& transform, const threads::Executor& executor) {
  const Plan plan = plan_of(measured);
  double gain = 0;
  if (plan.acceleration > 1) {
    grappa_.fill(slice, measured, plan.calibration, executor);
    gain = grappa_.most_gain();
  }
  if (plan.partial) {
    conjugate_.fill(slice, plan.extent, echo_line(slice), transform, executor);
  }
  return gain;
}

}  // namespace mriembed
