#include "kernels/grappa.hpp"

#include <algorithm>
#include <complex>
#include <vector>

namespace mriembed::kernels {

namespace {

// The gaps that can be filled.
struct FillableGaps {
  std::vector<std::int64_t> sizes;  // of all
  std::vector<Gap> held;            // those that the slice holds
};

FillableGaps gaps_of(const HybridSlice& slice, std::span<const std::uint8_t> measured, LineRange calibration) {
  FillableGaps gaps;
  std::vector<std::complex<float>*> between;
  std::int64_t before = -1;
  for (std::int64_t line = 0; line < static_cast<std::int64_t>(measured.size()); ++line) {
    if (measured[static_cast<std::size_t>(line)] == 0) {
      continue;
    }
    const std::int64_t size = line - before;
    if (before >= 0 && Grappa::fills(size, calibration.end - calibration.begin)) {
      if (std::ranges::find(gaps.sizes, size) == gaps.sizes.end()) {
        gaps.sizes.push_back(size);
      }
      if (slice.holds(before) && slice.holds(line)) {
        between.clear();
        for (std::int64_t missing = before + 1; missing < line; ++missing) {
          between.push_back(slice.line(missing));
        }
        add_gap(gaps.held, size, slice.line(before), slice.line(line), between);
      }
    }
    before = line;
  }
  return gaps;
}

}  // namespace

Completion Grappa::fill(const HybridSlice& slice, std::span<const std::uint8_t> measured, LineRange calibration,
                        const threads::Executor& executor) {
  const FillableGaps gaps = gaps_of(slice, measured, calibration);
  CalibrationRun run;
  for (std::int64_t line = calibration.begin; line < calibration.end; ++line) {
    run.push_back(slice.line(line));
  }
  kernels_.calibrate({&run, 1}, gaps.sizes, slice.coils, slice.coil_stride, slice.width, executor);
  Completion completion;
  completion.filled = kernels_.fill(gaps.held, slice.coil_stride, executor);
  completion.left = std::ranges::count(measured, 0) - completion.filled;
  return completion;
}

}  // namespace mriembed::kernels
