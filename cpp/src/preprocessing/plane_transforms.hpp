// Fourier transforms of planes of any size.
#pragma once

#include <complex>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "kernels/chirp_fourier.hpp"
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
  using Memory = kernels::ChirpTransform::Memory;

  // Makes ready for these lengths of axes, and drops what was ready for others.
  void prepare(std::span<const std::int64_t> lengths);

  // Transforms along the axes that are asked for, in place and orthonormal; index 0 is at the front. The plane is
  // (height, width), contiguous. Expects lengths that are prepared for.
  void run(std::complex<float>* plane, std::int64_t height, std::int64_t width, Axes axes, kernels::Direction direction,
           Memory& memory) const;

 private:
  using Transform = std::variant<kernels::FourierTransform, kernels::ChirpTransform>;

  [[nodiscard]] static std::int64_t length_of(const Transform& transform);
  [[nodiscard]] std::vector<Transform>::const_iterator find(std::int64_t length) const;

  std::vector<Transform> transforms_;
};

}  // namespace mriembed
