// Fourier transforms of planes, by the library's kernels where they serve a length, otherwise by torch.
#pragma once

#include <complex>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/fourier.hpp"

namespace mriembed {

// Axes of a plane (y, x).
struct Axes {
  bool y;
  bool x;

  [[nodiscard]] bool any() const { return y || x; }
};

// Once prepared, any number of threads may transform, each with memory of its own.
class PlaneTransforms {
 public:
  // Makes ready for these lengths of axes, and drops what was ready for others.
  void prepare(std::span<const std::int64_t> lengths);

  // Transforms along the axes that are asked for, in place and orthonormal; index 0 is at the front. The plane is
  // (height, width), contiguous. Lengths that were not prepared for are torch's.
  void run(std::complex<float>* plane, std::int64_t height, std::int64_t width, Axes axes, kernels::Direction direction,
           kernels::FourierTransform::Memory& memory) const;

 private:
  [[nodiscard]] const kernels::FourierTransform* find(std::int64_t length) const;

  std::vector<kernels::FourierTransform> transforms_;
};

}  // namespace mriembed
