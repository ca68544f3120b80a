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
#include "threads/executor.hpp"

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
  // What each participant has for itself.
  struct Participant {
    kernels::CoilBlock block;
    kernels::CoilGram gram;
    kernels::FourierTransform::Memory transform;
    at::Tensor padded;  // a virtual coil, padded to a square where it is an image
  };

  // What a unit of work has found. Units depend on the shape alone and are merged in their order: no bit of a slice
  // depends on who has run them.
  struct Found {
    std::int32_t peak_bits = 0;
    double energy = 0;
    std::vector<std::complex<double>> gram;  // (coils, coils)
  };

  std::vector<Participant> participants;
  std::vector<Found> found;
  std::vector<std::complex<double>> gram;  // of the calibration lines, (coils, coils)
  kernels::CoilWeights weights;
  PlaneTransforms transforms;
  at::Tensor contiguous;
  at::Tensor readouts;     // calibration lines as they were measured
  at::Tensor calibration;  // (coils, calibration lines, x)
  at::Tensor virtual_coils;
  at::Tensor cropped;    // virtual coils transformed along x and cropped
  at::Tensor resampled;  // virtual coils at the contract's matrix
};

// The steps, in their order: gather(), combine(), stack(). Each is spread over the executor's threads, and throws Error
// bad_input with the texts of preprocessing.py. Uses the workspace alone while it lives. Expects SerialTorch.
//
// All samples are read once: virtual coils follow from the calibration lines, and everything else is done for virtual
// coils only, as the transforms and the crop of x act on each coil alike. Where the contract's matrix is smaller than
// k-space, virtual coils are combined at those samples only that it keeps; the others are looked at for faults.
class SlicePreparation {
 public:
  SlicePreparation(const SliceContract& contract, const RawSlices& slices, std::int64_t index,
                   SliceWorkspace& workspace, const threads::Executor& executor);

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
  template <typename Work>
  void in_units(std::int64_t units, const Work& work);
  [[nodiscard]] std::int32_t largest_peak() const;
  [[nodiscard]] double sum_of_energies() const;
  [[nodiscard]] std::int32_t peak();
  [[nodiscard]] std::int32_t peak_outside(Range rows, Range columns, std::int64_t coil) const;
  void refuse_faults(std::int32_t peak_bits) const;
  void refuse_silence() const;
  std::int32_t gather_lines(std::int64_t lines, float scale);
  at::Tensor calibration_of_images(std::int64_t lines, float scale);
  at::Tensor calibration_of_kspace(std::int64_t lines, float scale);
  std::int32_t combine_scaled();
  void combine_run(SliceWorkspace::Participant& own, SliceWorkspace::Found& found, Range pixels) const;
  double combine_block(const kernels::CoilBlock& block, std::int64_t first, std::int64_t last) const;
  void crop();
  [[nodiscard]] std::int64_t square() const { return std::max(height_, width_); }
  [[nodiscard]] Axes kspace_axes() const { return {kspace_, kspace_ && !cropped()}; }
  // Axes along which the k-space of the square is at hand.
  [[nodiscard]] Axes axes_at_hand() const {
    return {kspace_axes().y && height_ == square(), kspace_axes().x && width_ == square()};
  }
  void transform(const at::Tensor& plane, Axes axes, kernels::Direction direction,
                 SliceWorkspace::Participant& own) const;
  // `shifted`: axes whose centre is at the front.
  static kernels::Plane plane_of(const at::Tensor& image, Axes shifted);
  void resample();
  void resample_coil(const at::Tensor& plane, const at::Tensor& result, SliceWorkspace::Participant& own) const;
  void stack_coil(const kernels::Plane& image, float* real, float* imaginary) const;

  SliceContract contract_;
  SliceWorkspace& workspace_;
  const threads::Executor& executor_;
  std::int64_t index_;
  at::Tensor source_;  // (coils, y, x)
  std::int64_t coils_;
  std::int64_t height_;
  std::int64_t source_width_;
  std::int64_t width_;
  bool kspace_;
  Range rows_;  // of source_, at which virtual coils are combined
  Range columns_;
  float scale_ = 1;         // of source_, to about 1
  at::Tensor calibration_;  // (coils, lines, x): k-space along y; along x k-space, too, or once cropped an image
  std::int64_t virtual_coils_ = 0;
  at::Tensor planes_;  // (virtual coils, y, x)
  double energy_ = 0;
};

}  // namespace mriembed
