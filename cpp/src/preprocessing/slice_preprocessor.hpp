// One slice on its way through the preprocessing (docs/preprocessing.md).
#pragma once

#include <Eigen/Core>
#include <array>
#include <complex>
#include <cstdint>
#include <optional>
#include <utility>

#include "mriembed/array_view.hpp"
#include "preprocessing/calibration_region.hpp"
#include "preprocessing/line_completion.hpp"
#include "preprocessing/plane_transforms.hpp"
#include "preprocessing/sample_planes.hpp"
#include "preprocessing/slice_extent.hpp"
#include "preprocessing/slice_units.hpp"
#include "preprocessing/slice_workspace.hpp"
#include "preprocessing/virtual_coil_planes.hpp"
#include "threads/executor.hpp"

namespace mriembed {

// What a model file asks for.
struct SliceRequest {
  std::int64_t num_coils;
  bool compress;
  std::int64_t matrix;  // 0: slices stay as they are
};

// What a caller hands in.
struct RawSlices {
  ArrayView<const std::complex<float>, 4> samples;  // (slices, coils, y, x)
  bool kspace;                                      // or else coil images
  std::int64_t height;                              // of the result: y is cropped to it
  std::int64_t width;                               // the same of x
  double pixel_aspect;                              // height of a pixel over its width
};

// The steps, in their order: estimate_coil_gram(), compress_coils(), write_channels(). Each is spread over the
// executor's threads, and throws Error bad_input with the texts of preprocessing.py. Uses the workspace alone while it
// lives.
//
// All samples are read once: virtual coils follow from the calibration region, and everything else is done for virtual
// coils only, as the transforms and the crops act on each coil alike. Where the matrix is smaller than k-space,
// virtual coils are computed at those samples only that it may keep, wherever the echo lies; the others are looked at
// for faults.
class SlicePreprocessor {
 public:
  SlicePreprocessor(const SliceRequest& request, const RawSlices& slices, std::int64_t index, SliceWorkspace& workspace,
                    const threads::Executor& executor);

  // Gathers the Gram matrix of the calibration region.
  void estimate_coil_gram();

  // Looks at every sample and refuses what cannot be embedded: for slices whose coils are not compressed.
  void check();

  // Prewhitening and coil compression; refuses what cannot be embedded. Returns the share of the calibration
  // region's energy that is kept.
  double compress_coils(const std::optional<Eigen::MatrixXcd>& whitening);

  // The same for a slice whose lines arrive one by one, with what can be done before the last one is there: a
  // constructor and steps of their own, then write_channels(). All bits are those of the steps above. The samples lie
  // row-major. For a model that compresses coils; slices of which these steps cannot say all are preprocessed as a
  // whole.
  struct Arriving {
    bool lacks_lines;  // expected of the slice: some that step 4b fills never arrive
  };
  SlicePreprocessor(const SliceRequest& request, const RawSlices& slices, SliceWorkspace& workspace,
                    const threads::Executor& executor, Arriving lines);

  // The lines that must be there for the next step.
  [[nodiscard]] std::pair<std::int64_t, std::int64_t> calibration_rows() const;
  // Takes the calibration region. None: the whole slice must be looked at first. Else the share of its energy that is
  // kept.
  std::optional<double> weigh_ahead(const std::optional<Eigen::MatrixXcd>& whitening);
  // A line that is there.
  void compress_ahead(std::int64_t row);
  // No further line arrives: these were measured, and the others are zero. `peak_bits`: of their samples. False: as
  // weigh_ahead()'s none.
  bool finish_ahead(std::int32_t peak_bits, const MeasuredLines& measured);

  // Everything after that. `channels` is (2 x num_coils, height, width) of the result. Refuses a slice of which a step
  // leaves nothing.
  void write_channels(float* channels);

 private:
  // What both constructors begin with: nothing of the samples is looked at.
  struct Unread {};
  SlicePreprocessor(const SliceRequest& request, const RawSlices& slices, std::int64_t index, SliceWorkspace& workspace,
                    const threads::Executor& executor, Unread samples);
  void take_needed_samples();
  void take_lines_to_fill();
  [[nodiscard]] std::int64_t lines_of_calibration() const;
  double take_weights(const std::optional<Eigen::MatrixXcd>& whitening);
  void take_rows_around_echo();
  // What lines become as they arrive. Nothing: virtual coils alone.
  enum class Ahead { nothing, images_along_x, spectra };
  [[nodiscard]] bool takes_spectra_ahead() const { return !lacks_lines_ && crops_x() && !crops_y(); }
  Planes image_of_row(std::int64_t row);
  void keep_row_ahead(const Planes& kept, std::int64_t row);
  void transform_ahead(std::int64_t row);
  void take_spectra_ahead(std::int64_t row);
  void zero_ahead();
  void take_rows_of_window();
  [[nodiscard]] bool crops_x() const { return width_ != source_width_; }
  [[nodiscard]] bool crops_y() const { return height_ != source_height_; }
  [[nodiscard]] std::int32_t peak();
  void refuse_faults(std::int32_t peak_bits) const;
  std::int32_t take_calibration(std::int64_t lines, float scale);
  std::int32_t compress_scaled(bool look_outside = true);
  // Whether planes_ has every sample of the virtual coils.
  [[nodiscard]] bool whole() const {
    return window_.rows.length() == source_height_ && window_.columns.length() == source_width_;
  }
  [[nodiscard]] VirtualCoilPlanes virtual_coil_planes() const {
    return {source_, kspace_, window_, scale_, workspace_.weights, planes_, measured_};
  }
  void remove_oversampling();
  void complete_lines(bool images_along_x);
  void crop(Axes axes, SampleBuffer& memory);
  // Of the image, once oversampling is cropped.
  [[nodiscard]] GridSize pixels() const { return {height_, width_}; }
  // Length of an axis of the result.
  [[nodiscard]] std::int64_t result(std::int64_t length) const {
    return request_.matrix > 0 ? request_.matrix : length;
  }
  // Axes along which planes_ is k-space, its centre at the front; along the others it is an image.
  [[nodiscard]] Axes kspace_axes() const { return {kspace_ && !crops_y(), kspace_ && !crops_x()}; }
  // Axes along which the samples are those of the grid.
  [[nodiscard]] Axes grid_axes() const {
    return {kspace_axes().y && height_ == grid_.height, kspace_axes().x && width_ == grid_.width};
  }
  // Whether the matrix is a part of the samples, and wherever the echo lies does not reach around their borders.
  [[nodiscard]] bool cuts_samples() const;
  [[nodiscard]] SampleRange needed(std::int64_t length) const;
  std::int32_t find_echo_of_samples();
  std::int32_t compress_around_echo();
  void take_spectra();
  void refuse_empty_matrix(double inside);

  SliceRequest request_;
  SliceWorkspace& workspace_;
  std::int64_t index_;
  std::int64_t coils_;
  SliceUnits units_;
  std::int64_t source_height_;
  std::int64_t source_width_;
  CoilSamples source_;
  std::int64_t height_;
  std::int64_t width_;
  GridSize grid_;  // of the k-space that the matrix is cut from
  bool kspace_;
  MeasuredLines measured_;  // of k-space
  bool lacks_lines_ = false;
  Planes rows_ahead_;             // lines that arrived: images along x, or spectra
  Ahead ahead_ = Ahead::nothing;  // what planes_ are of those
  SampleWindow window_;           // of source_, at which virtual coils are computed
  float scale_ = 1;               // of source_, to about 1
  CalibrationFigures calibration_;
  std::int64_t virtual_coils_ = 0;
  Planes planes_;                       // (virtual coils, y, x)
  std::int32_t peak_bits_ = 0;          // of the slice, before scaling
  Planes spectra_;                      // the same as k-space along both axes, the centre at the front
  Planes matrix_kspace_;                // (virtual coils, y, x) of the result, the echo at the front
  double energy_ = 0;                   // of spectra_
  double weights_energy_ = 0;           // sum of the squared magnitudes of the coils' weights
  double filled_gain_ = 0;              // of LineCompletion
  std::array<std::int64_t, 2> echo_{};  // samples of the grid from its centre, along y and x
};

}  // namespace mriembed
