// Missing lines of a slice: which they are, and how preprocessing completes them (docs/preprocessing.md, step 4b).
#pragma once

#include <array>
#include <complex>
#include <cstdint>
#include <vector>

#include "kernels/conjugate_fill.hpp"
#include "kernels/grappa.hpp"
#include "kernels/hybrid_slice.hpp"
#include "mriembed/sampling.hpp"
#include "threads/executor.hpp"

namespace mriembed {

using MeasuredLines = std::vector<std::uint8_t>;  // not 0 where a line was measured

// Of k-space (coils, y, x) of any strides: lines that are not zero.
MeasuredLines measured_lines(const std::complex<float>* kspace, const std::array<std::int64_t, 3>& shape,
                             const std::array<std::int64_t, 3>& strides);

// What preprocessing does with k-space of these lines.
Sampling sampling_of(const MeasuredLines& measured);

// Whether there are lines that it fills.
bool fills_lines(const MeasuredLines& measured);

// The lines that a slice must hold for `wanted` to become the same as in the whole slice.
kernels::LineRange lines_to_fill(const MeasuredLines& measured, kernels::LineRange wanted);

class LineCompletion {
 public:
  // Fills what can be filled of the virtual coils. `transform` as ConjugateFill takes it. No bit depends on the number
  // of threads. Keeps its memory. Returns how many times the energy of the measured lines those that are filled between
  // them have in the whole slice at most.
  double fill(const kernels::HybridSlice& slice, const MeasuredLines& measured,
              const kernels::ColumnTransform& transform, const threads::Executor& executor);

 private:
  kernels::Grappa grappa_;
  kernels::ConjugateFill conjugate_;
};

}  // namespace mriembed
