// One slice on its way through preprocessing version 4 (docs/preprocessing.md).
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <complex>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "kernels/coil_block.hpp"
#include "kernels/coil_gram.hpp"
#include "kernels/fourier.hpp"
#include "kernels/plane.hpp"
#include "kernels/virtual_coils.hpp"
#include "mriembed/array_view.hpp"
#include "preprocessing/echo_position.hpp"
#include "preprocessing/line_completion.hpp"
#include "preprocessing/plane_transforms.hpp"
#include "preprocessing/sample_planes.hpp"
#include "preprocessing/slice_channels.hpp"
#include "preprocessing/slice_extent.hpp"
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

// Memory that slices use one after the other. Grows to the largest one seen and is reused from then on.
struct SliceWorkspace {
  // What each participant has for itself.
  struct Participant {
    kernels::CoilBlock block;
    kernels::CoilGram gram;
    PlaneTransforms::Memory transform;
    SampleBuffer padded;  // k-space of a virtual coil whose image is padded to a square
    SampleBuffer image;   // of a coil, on its way to the calibration lines
  };

  // What a unit of work has found. Units depend on the shape alone and are merged in their order: no bit of a slice
  // depends on who has run them.
  struct Found {
    std::int32_t peak_bits = 0;
    double energy = 0;
    double energy_before = 0;                // the same before a crop
    std::vector<std::complex<double>> gram;  // (coils, coils), row-major
    EchoEnergies echo;
  };

  std::vector<Participant> participants;
  std::vector<Found> found;
  std::vector<std::complex<double>> gram;  // of the calibration lines, (coils, coils), row-major
  kernels::CoilWeights weights;
  PlaneTransforms transforms;
  LineCompletion completion;
  SampleBuffer contiguous;
  SampleBuffer readouts;     // calibration lines as they were measured
  SampleBuffer calibration;  // (coils, calibration lines, x)
  SampleBuffer virtual_coils;
  SampleBuffer cropped;  // virtual coils transformed and cropped
  SampleBuffer row;      // one line of all virtual coils, as it arrives, and once it is transformed and cropped
  SampleBuffer transformed_row;
  SampleBuffer spectra;  // k-space of the virtual coils
  SampleBuffer kspace;   // the same at the matrix, the echo at its centre
  ChannelMemory channels;
};

// The steps, in their order: estimate_coil_gram(), compress_coils(), write_channels(). Each is spread over the
// executor's threads, and throws Error bad_input with the texts of preprocessing.py. Uses the workspace alone while it
// lives.
//
// All samples are read once: virtual coils follow from the calibration lines, and everything else is done for virtual
// coils only, as the transforms and the crops act on each coil alike. Where the matrix is smaller than k-space,
// virtual coils are computed at those samples only that it may keep, wherever the echo lies; the others are looked at
// for faults.
class SlicePreprocessor {
 public:
  SlicePreprocessor(const SliceRequest& request, const RawSlices& slices, std::int64_t index, SliceWorkspace& workspace,
                    const threads::Executor& executor);

  // Gathers the Gram matrix of the calibration lines.
  void estimate_coil_gram();

  // Looks at every sample and refuses what cannot be embedded: for slices whose coils are not compressed.
  void check();

  // Prewhitening and coil compression; refuses what cannot be embedded. Returns the share of the calibration lines'
  // energy that is kept.
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
  // Takes the calibration lines. None: the whole slice must be looked at first. Else the share of their energy that is
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
  // Coils that are read, whose pixels follow each other in memory.
  struct Coils {
    const std::complex<float>* samples;
    std::int64_t stride;  // from a coil to the next
    std::int64_t height;
    std::int64_t width;
  };

  struct Range {
    std::int64_t begin;
    std::int64_t end;

    [[nodiscard]] std::int64_t length() const { return end - begin; }
  };

  // What both constructors begin with: nothing of the samples is looked at.
  struct Unread {};
  SlicePreprocessor(const SliceRequest& request, const RawSlices& slices, std::int64_t index, SliceWorkspace& workspace,
                    const threads::Executor& executor, Unread samples);
  void take_needed_samples();
  [[nodiscard]] std::int64_t lines_of_calibration() const;
  double take_weights(const std::optional<Eigen::MatrixXcd>& whitening);
  void take_rows_around_echo();
  // Whether lines become images along x as they arrive.
  [[nodiscard]] bool transforms_ahead() const { return lacks_lines_ || (crops_x() && !crops_y()); }
  void transform_ahead(std::int64_t row);
  void zero_ahead();
  [[nodiscard]] bool crops_x() const { return width_ != source_width_; }
  [[nodiscard]] bool crops_y() const { return height_ != source_height_; }
  template <typename Work>
  void in_units(std::int64_t units, const Work& work);
  [[nodiscard]] std::int32_t largest_peak() const;
  [[nodiscard]] double sum_of_energies() const;
  [[nodiscard]] std::int32_t peak();
  [[nodiscard]] std::int32_t peak_outside(Range rows, Range columns, std::int64_t coil) const;
  void refuse_faults(std::int32_t peak_bits) const;
  std::int32_t take_calibration(std::int64_t lines, float scale);
  Coils calibration_of_images(std::int64_t lines, float scale);
  Coils calibration_of_kspace(std::int64_t lines, float scale);
  std::int32_t compress_scaled(bool look_outside = true);
  // Whether planes_ has every sample of the virtual coils.
  [[nodiscard]] bool whole() const { return rows_.length() == source_height_ && columns_.length() == source_width_; }
  void compress_run(SliceWorkspace::Participant& own, SliceWorkspace::Found& found, Range pixels) const;
  void compress_block(const kernels::CoilBlock& block, std::int64_t first, std::int64_t last) const;
  void remove_oversampling();
  void complete_lines(bool images_along_x);
  void crop(Axes axes, SampleBuffer& memory);
  // Length of an axis of the result.
  [[nodiscard]] std::int64_t result(std::int64_t length) const {
    return request_.matrix > 0 ? request_.matrix : length;
  }
  // Axes along which planes_ is k-space, its centre at the front; along the others it is an image.
  [[nodiscard]] Axes kspace_axes() const { return {kspace_ && !crops_y(), kspace_ && !crops_x()}; }
  // Axes along which the samples are those of the grid.
  [[nodiscard]] Axes axes_at_hand() const {
    return {kspace_axes().y && height_ == grid_.height, kspace_axes().x && width_ == grid_.width};
  }
  // Whether the matrix is a part of the samples, and wherever the echo lies does not reach around their borders.
  [[nodiscard]] bool cuts_samples() const;
  [[nodiscard]] Range needed(std::int64_t length) const;
  void transform(const Planes& plane, Axes axes, kernels::Direction direction, SliceWorkspace::Participant& own) const;
  void add_echo(const Planes& spectrum, SliceWorkspace::Found& found) const;
  std::int32_t find_echo_of_samples();
  std::int32_t compress_around_echo();
  void take_spectra();
  void find_echo();
  void cut_matrix();
  void refuse_empty_matrix(double inside);
  Planes on_grid(const Planes& spectrum, SliceWorkspace::Participant& own) const;

  SliceRequest request_;
  SliceWorkspace& workspace_;
  const threads::Executor& executor_;
  std::int64_t index_;
  std::int64_t coils_;
  std::int64_t source_height_;
  std::int64_t source_width_;
  Coils source_;
  std::int64_t height_;
  std::int64_t width_;
  GridSize grid_;  // of the k-space that the matrix is cut from
  bool kspace_;
  MeasuredLines measured_;  // of k-space
  bool lacks_lines_ = false;
  Planes transformed_;              // lines that arrived, transformed and cropped along x
  bool transformed_ahead_ = false;  // planes_ are those
  Range rows_;                      // of source_, at which virtual coils are computed
  Range columns_;
  float scale_ = 1;      // of source_, to about 1
  Coils calibration_{};  // lines: k-space along y; along x k-space, too, or once cropped an image
  std::int64_t virtual_coils_ = 0;
  Planes planes_;               // (virtual coils, y, x)
  std::int32_t peak_bits_ = 0;  // of the slice, before scaling
  Planes spectra_;              // the same as k-space along both axes, the centre at the front
  Planes matrix_kspace_;        // (virtual coils, y, x) of the result, the echo at the front
  double energy_ = 0;           // of spectra_
  double weights_energy_ = 0;   // sum of the squared magnitudes of the coils' weights
  double lines_before_ = 0;     // energy of the calibration lines before the crop of x
  double lines_after_ = 0;
  std::array<std::int64_t, 2> echo_{};  // samples of the grid from its centre, along y and x
};

}  // namespace mriembed
