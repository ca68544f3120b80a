// One slice on its way through preprocessing contract 1.
#pragma once

#include <ATen/core/Tensor.h>

#include <complex>
#include <cstdint>
#include <optional>
#include <vector>

#include "kernels/coil_block.hpp"
#include "kernels/coil_gram.hpp"
#include "kernels/plane.hpp"
#include "kernels/virtual_coils.hpp"

namespace mriembed {

// What a model file asks for.
struct SliceContract {
  std::int64_t num_coils;
  bool compress;
  std::int64_t matrix;  // 0: slices stay as they are
};

// What a caller hands in.
struct RawSlices {
  at::Tensor samples;  // (slices, coils, y, x), complex64 of any strides
  bool kspace;         // or else coil images
  std::int64_t width;  // of the result: x is cropped to it
};

// Memory that slices use one after the other. Grows to the largest one seen and is reused from then on.
struct SliceWorkspace {
  // What each thread has for itself.
  struct Part {
    kernels::CoilBlock block;
    kernels::CoilGram gram;
    std::int32_t peak_bits = 0;
    double energy = 0;
    at::Tensor readouts;
  };

  std::vector<Part> parts;
  kernels::CoilWeights weights;
  at::Tensor contiguous;
  at::Tensor hybrid;
  at::Tensor virtual_coils;
  at::Tensor squares;    // virtual coils padded to a square, then its k-space cropped
  at::Tensor resampled;  // virtual coils at the contract's matrix
};

// The steps, in their order: gather(), combine(), stack(). Each runs on as many threads as torch would, and throws
// Error bad_input with the texts of preprocessing.py. Uses the workspace alone while it lives.
class SlicePreparation {
 public:
  SlicePreparation(const SliceContract& contract, const RawSlices& slices, std::int64_t index,
                   SliceWorkspace& workspace);

  // Looks at every sample: refuses what cannot be embedded, removes readout oversampling, gathers the Gram matrix.
  void gather();

  // Only refuses what gather() would refuse.
  void check();

  // Prewhitening and coil compression. Returns the share of the energy that is kept.
  double combine(const std::optional<at::Tensor>& whitening);

  // The transform, phase, matrix, scale and layout. `stacked` is (2 x num_coils, height, width) of the result. Refuses
  // a slice of which nothing is left to scale.
  void stack(float* stacked);

 private:
  struct Range {
    std::int64_t begin;
    std::int64_t end;
  };

  [[nodiscard]] bool cropped() const { return width_ != source_width_; }
  SliceWorkspace::Part& at_part(std::int64_t part) { return workspace_.parts[static_cast<std::size_t>(part)]; }
  [[nodiscard]] Range share_of(std::int64_t length, std::int64_t part) const;
  void refuse_faults(std::int32_t peak_bits) const;
  void refuse_silence() const;
  std::int32_t gather_scaled(float scale);
  std::int32_t gather_pixels(SliceWorkspace::Part& part, const at::Tensor& samples, Range pixels, float scale) const;
  void gather_readouts(SliceWorkspace::Part& part, Range rows, float scale) const;
  void combine_block(SliceWorkspace::Part& part, std::int64_t first, std::int64_t last) const;
  [[nodiscard]] at::Tensor transformed(const at::Tensor& plane) const;
  [[nodiscard]] kernels::Plane plane_of(const at::Tensor& image) const;
  [[nodiscard]] std::complex<double> phase_of(const kernels::Plane& image) const;
  void resample();
  void stack_coil(const kernels::Plane& image, std::complex<double> phase, float* real, float* imaginary) const;

  SliceContract contract_;
  SliceWorkspace& workspace_;
  std::int64_t index_;
  at::Tensor source_;  // (coils, y, x): the samples, once they are cropped the hybrid
  std::int64_t coils_;
  std::int64_t height_;
  std::int64_t source_width_;
  std::int64_t width_;
  bool shift_y_;
  bool shift_x_;
  std::int64_t parts_;
  float scale_ = 1;    // of source_, to a peak of about 1
  at::Tensor hybrid_;  // transformed along x and cropped
  std::int64_t virtual_coils_ = 0;
  at::Tensor planes_;  // (virtual coils, y, x)
  double energy_ = 0;
  std::vector<std::complex<double>> phases_;  // of the virtual coils, where they are resampled
};

}  // namespace mriembed
