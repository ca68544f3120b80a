// One slice on its way through preprocessing contract 3, or 2 where slices stay as they are.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <complex>
#include <cstdint>
#include <optional>
#include <vector>

#include "kernels/coil_block.hpp"
#include "kernels/coil_gram.hpp"
#include "kernels/fourier.hpp"
#include "kernels/plane.hpp"
#include "kernels/virtual_coils.hpp"
#include "plane_transforms.hpp"

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
    kernels::FourierTransform::Memory transform;
    at::Tensor padded;  // a virtual coil, padded to a square where it is an image
    std::int32_t peak_bits = 0;
    double energy = 0;
  };

  std::vector<Part> parts;
  kernels::CoilWeights weights;
  PlaneTransforms transforms;
  at::Tensor contiguous;
  at::Tensor readouts;     // calibration lines as they were measured
  at::Tensor calibration;  // (coils, calibration lines, x)
  at::Tensor virtual_coils;
  at::Tensor cropped;    // virtual coils transformed along x and cropped
  at::Tensor resampled;  // virtual coils at the contract's matrix
};

// The steps, in their order: gather(), combine(), stack(). Each runs on as many threads as torch would, and throws
// Error bad_input with the texts of preprocessing.py. Uses the workspace alone while it lives.
//
// All samples are read once: virtual coils follow from the calibration lines, and everything else is done for virtual
// coils only, as the transforms and the crop of x act on each coil alike. Where the contract's matrix is smaller than
// k-space, virtual coils are combined at those samples only that it keeps; the others are looked at for faults.
class SlicePreparation {
 public:
  SlicePreparation(const SliceContract& contract, const RawSlices& slices, std::int64_t index,
                   SliceWorkspace& workspace);

  // Gathers the Gram matrix of the calibration lines.
  void gather();

  // Looks at every sample and refuses what cannot be embedded: for slices that are not combined.
  void check();

  // Prewhitening and coil compression; refuses what cannot be embedded. Returns the share of the calibration lines'
  // energy that is kept.
  double combine(const std::optional<at::Tensor>& whitening);

  // The transform, crop, matrix, phase, scale and layout. `stacked` is (2 x num_coils, height, width) of the result.
  // Refuses a slice of which nothing is left to scale.
  void stack(float* stacked);

 private:
  struct Range {
    std::int64_t begin;
    std::int64_t end;

    [[nodiscard]] std::int64_t length() const { return end - begin; }
  };

  [[nodiscard]] bool cropped() const { return width_ != source_width_; }
  SliceWorkspace::Part& at_part(std::int64_t part) { return workspace_.parts[static_cast<std::size_t>(part)]; }
  [[nodiscard]] Range share_of(Range whole, std::int64_t part) const;
  [[nodiscard]] std::int32_t peak() const { return peak_outside({0, 0}, {0, 0}, {0, coils_}); }
  [[nodiscard]] std::int32_t peak_outside(Range rows, Range columns, Range coils) const;
  void refuse_faults(std::int32_t peak_bits) const;
  void refuse_silence() const;
  std::int32_t gather_lines(std::int64_t lines, float scale);
  [[nodiscard]] at::Tensor calibration_of_images(std::int64_t lines, float scale) const;
  at::Tensor calibration_of_kspace(std::int64_t lines, float scale);
  std::int32_t combine_scaled();
  void combine_run(SliceWorkspace::Part& part, Range pixels) const;
  void combine_block(SliceWorkspace::Part& part, std::int64_t first, std::int64_t last) const;
  void crop();
  [[nodiscard]] std::int64_t square() const { return std::max(height_, width_); }
  [[nodiscard]] Axes kspace_axes() const { return {kspace_, kspace_ && !cropped()}; }
  // Axes along which the k-space of the square is at hand.
  [[nodiscard]] Axes axes_at_hand() const {
    return {kspace_axes().y && height_ == square(), kspace_axes().x && width_ == square()};
  }
  void transform(const at::Tensor& plane, Axes axes, kernels::Direction direction, SliceWorkspace::Part& part) const;
  // `shifted`: axes whose centre is at the front.
  static kernels::Plane plane_of(const at::Tensor& image, Axes shifted);
  void resample();
  void resample_coil(const at::Tensor& plane, const at::Tensor& result, SliceWorkspace::Part& part) const;
  void stack_coil(const kernels::Plane& image, float* real, float* imaginary) const;

  SliceContract contract_;
  SliceWorkspace& workspace_;
  std::int64_t index_;
  at::Tensor source_;  // (coils, y, x)
  std::int64_t coils_;
  std::int64_t height_;
  std::int64_t source_width_;
  std::int64_t width_;
  bool kspace_;
  Range rows_;  // of source_, at which virtual coils are combined
  Range columns_;
  std::int64_t parts_;
  float scale_ = 1;         // of source_, to about 1
  at::Tensor calibration_;  // (coils, lines, x): k-space along y; along x k-space, too, or once cropped an image
  std::int64_t virtual_coils_ = 0;
  at::Tensor planes_;  // (virtual coils, y, x)
  double energy_ = 0;
};

}  // namespace mriembed
