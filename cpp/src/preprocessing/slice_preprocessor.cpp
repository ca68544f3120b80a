#include "preprocessing/slice_preprocessor.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>
#include <vector>

#include "kernels/energy.hpp"
#include "kernels/peak.hpp"
#include "mriembed/error.hpp"
#include "preprocessing/coil_matrices.hpp"
#include "preprocessing/matrix_kspace.hpp"
#include "preprocessing/peak_scale.hpp"
#include "preprocessing/plane_copies.hpp"
#include "preprocessing/preprocessing_version.hpp"
#include "preprocessing/slice_channels.hpp"
#include "preprocessing/without_signal.hpp"

namespace mriembed {

namespace {

using kernels::Direction;
using Sample = std::complex<float>;

using RowMajor = Eigen::Matrix<std::complex<double>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

}  // namespace

SlicePreprocessor::SlicePreprocessor(const SliceRequest& request, const RawSlices& slices, std::int64_t index,
                                     SliceWorkspace& workspace, const threads::Executor& executor, Unread /*samples*/)
    : request_(request),
      workspace_(workspace),
      index_(index),
      coils_(slices.samples.shape[1]),
      units_(workspace, executor, coils_),
      source_height_(slices.samples.shape[2]),
      source_width_(slices.samples.shape[3]),
      source_{slices.samples.data + index * slices.samples.strides[0], coils_, slices.samples.strides[1],
              source_height_, source_width_},
      height_(slices.height),
      width_(slices.width),
      grid_(request.matrix > 0 ? square_field_of_view(height_, width_, slices.pixel_aspect)
                               : GridSize{height_, width_}),
      kspace_(slices.kspace),
      window_{{0, source_height_}, {0, source_width_}} {
  workspace_.transforms.prepare(std::array{source_height_, source_width_, height_, width_, grid_.height, grid_.width,
                                           result(height_), result(width_)});
}

SlicePreprocessor::SlicePreprocessor(const SliceRequest& request, const RawSlices& slices, std::int64_t index,
                                     SliceWorkspace& workspace, const threads::Executor& executor)
    : SlicePreprocessor(request, slices, index, workspace, executor, Unread()) {
  // Kernels read along pixels: coils may lie anywhere, pixels must be neighbours.
  const std::int64_t along_y = slices.samples.strides[2];
  const std::int64_t along_x = slices.samples.strides[3];
  if ((source_width_ > 1 && along_x != 1) || (source_height_ > 1 && along_y != source_width_)) {
    const Planes copy = sized(workspace_.contiguous, coils_, source_height_, source_width_);
    units_.run(coils_, [&](std::int64_t coil, auto& /*own*/, auto& /*found*/) {
      gather_plane(source_.samples + coil * source_.stride, along_y, along_x, copy.at(coil));
    });
    source_.samples = copy.samples;
    source_.stride = copy.pixels();
  }
  if (kspace_) {
    measured_ =
        measured_lines(source_.samples, {coils_, source_height_, source_width_}, {source_.stride, source_width_, 1});
    lacks_lines_ = fills_lines(measured_);
  }
  if (lacks_lines_) {
    take_lines_to_fill();
  } else {
    take_needed_samples();
  }
}

void SlicePreprocessor::take_needed_samples() {
  window_.rows = grid_axes().y ? needed(source_height_) : window_.rows;
  window_.columns = grid_axes().x ? needed(source_width_) : window_.columns;
}

// Of lines that the matrix does not keep, only those that others are filled from, in a window around the centre.
void SlicePreprocessor::take_lines_to_fill() {
  if (!grid_axes().y) {
    return;
  }
  const auto [begin, end] = needed(source_height_);
  const kernels::LineRange lines = lines_to_fill(measured_, {begin, end});
  const std::int64_t centre = source_height_ / 2;
  const std::int64_t half = std::max(centre - lines.begin, lines.end - centre);
  if (2 * half <= source_height_) {
    window_.rows = {centre - half, centre + half};
  }
}

// With phase oversampling, more lines lie in the same region of k-space.
std::int64_t SlicePreprocessor::lines_of_calibration() const {
  return std::min(source_height_, units_of(calibration_lines * source_height_, height_));
}

// The samples of an axis of the grid that the matrix may keep: the echo lies within the window that it is looked for
// in.
SampleRange SlicePreprocessor::needed(std::int64_t length) const {
  const std::int64_t count = std::min(length, result(length) + echo_window);
  return {length / 2 - count / 2, length / 2 - count / 2 + count};
}

// Samples are taken as they are. Only where that would not do for squares, or where there is nothing in these lines, it
// takes a look at the whole slice.
void SlicePreprocessor::estimate_coil_gram() {
  if (!request_.compress && !crops_x()) {
    return;
  }
  std::int64_t lines = lines_of_calibration();
  std::int32_t line_bits = take_calibration(lines, 1);
  scale_ = scale_to_one(line_bits);
  if (squares_are_safe(line_bits, 1)) {
    return;
  }
  const std::int32_t slice_bits = peak();
  refuse_faults(slice_bits);
  scale_ = scale_to_one(slice_bits);
  line_bits = take_calibration(lines, scale_);
  if (line_bits == 0 && calibration_.energy_before > 0) {
    return;  // the crop has taken all of it: compress_coils() refuses that
  }
  if (line_bits == 0) {
    lines = source_height_;
    line_bits = take_calibration(lines, scale_);
  }
  if (!squares_are_safe(line_bits, 1)) {
    constexpr float largest_scale = 0x1p126F;
    take_calibration(lines, std::min(scale_ * scale_to_one(line_bits), largest_scale));
  }
}

std::int32_t SlicePreprocessor::take_calibration(std::int64_t lines, float scale) {
  calibration_ = gather_coil_gram(source_, {lines, width_, kspace_}, scale, units_);
  return calibration_.peak_bits;
}

void SlicePreprocessor::check() { refuse_faults(peak()); }

double SlicePreprocessor::compress_coils(const std::optional<Eigen::MatrixXcd>& whitening) {
  if (crops_x() && !(calibration_.energy > least_energy * calibration_.energy_before)) {
    refuse_without_signal(index_, "cropped readout");
  }
  const double energy_kept = take_weights(whitening);
  peak_bits_ = compress_around_echo();
  refuse_faults(peak_bits_);
  if (!squares_are_safe(peak_bits_, scale_)) {  // no lines told the scale, or others are far larger
    scale_ = scale_to_one(peak_bits_);
    compress_around_echo();
  }
  return energy_kept;
}

double SlicePreprocessor::take_weights(const std::optional<Eigen::MatrixXcd>& whitening) {
  double energy_kept = 1;
  Eigen::MatrixXcd weights;
  if (request_.compress) {
    const Eigen::Map<const RowMajor> gram(workspace_.gram.data(), coils_, coils_);
    CoilCompression compression = estimate_coil_compression(gram, whitening, request_.num_coils);
    weights = std::move(compression.weights);
    energy_kept = compression.energy_kept;
  } else {
    weights = whitening ? *whitening : Eigen::MatrixXcd::Identity(coils_, coils_);
  }
  virtual_coils_ = weights.rows();
  std::vector<Sample> rows(static_cast<std::size_t>(weights.size()));
  Eigen::Map<Eigen::Matrix<Sample, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(rows.data(), virtual_coils_,
                                                                                     coils_) = weights.cast<Sample>();
  workspace_.weights.assign(rows, coils_);
  weights_energy_ = kernels::energy_of(rows.data(), virtual_coils_ * coils_);
  return energy_kept;
}

// Returns the peak of the slice before scaling, as bits; that of some samples if they hold a fault already.
std::int32_t SlicePreprocessor::compress_around_echo() {
  if (cuts_samples()) {
    if (const std::int32_t peak_bits = find_echo_of_samples(); peak_bits >= kernels::infinity_bits) {
      return peak_bits;
    }
    take_rows_around_echo();
  }
  return compress_scaled();
}

void SlicePreprocessor::take_rows_around_echo() {
  const auto around = [](std::int64_t length, std::int64_t matrix, std::int64_t echo) {
    const std::int64_t first = length / 2 - matrix / 2 + echo;
    return SampleRange{first, first + matrix};
  };
  window_ = {around(height_, request_.matrix, echo_[0]), around(source_width_, request_.matrix, echo_[1])};
}

bool SlicePreprocessor::cuts_samples() const {
  return !lacks_lines_ && grid_axes().y && grid_axes().x && request_.matrix > 0 &&
         request_.matrix + echo_window <= std::min(height_, width_);
}

// From virtual coils at the samples that tell it. Returns their peak before scaling, as bits.
std::int32_t SlicePreprocessor::find_echo_of_samples() {
  window_ = {{height_ / 2 - echo_window / 2, height_ / 2 - echo_window / 2 + echo_window},
             {source_width_ / 2 - echo_window / 2, source_width_ / 2 - echo_window / 2 + echo_window}};
  const std::int32_t peak_bits = compress_scaled(/*look_outside=*/false);
  units_.run(virtual_coils_, [&](std::int64_t coil, auto& /*own*/, SliceUnits::Found& found) {
    add_echo(planes_.at(coil), pixels(), found);
  });
  echo_ = find_echo(pixels(), grid_, units_);
  return peak_bits;
}

void SlicePreprocessor::write_channels(float* channels) {
  if (cuts_samples()) {
    matrix_kspace_ = planes_;
    units_.run(virtual_coils_, [&](std::int64_t coil, auto& /*own*/, SliceUnits::Found& found) {
      found.energy = energy_of(planes_.at(coil));
    });
    refuse_empty_matrix(units_.energy());
  } else {
    remove_oversampling();
    take_spectra();
    echo_ = find_echo(pixels(), grid_, units_);
    matrix_kspace_ = sized(workspace_.kspace, virtual_coils_, result(height_), result(width_));
    cut_matrix(spectra_, pixels(), grid_, echo_, matrix_kspace_, units_);
    if (request_.matrix > 0) {
      refuse_empty_matrix(units_.energy());
    }
  }
  mriembed::write_channels(matrix_kspace_, request_.num_coils, index_, workspace_.transforms, units_.executor(),
                           workspace_.channels, channels);
}

// Virtual coils at the window's samples. Returns the peak before scaling, as bits, of the whole slice or of these.
std::int32_t SlicePreprocessor::compress_scaled(bool look_outside) {
  planes_ = sized(workspace_.virtual_coils, virtual_coils_, window_.rows.length(), window_.columns.length());
  return compress_window(virtual_coil_planes(), look_outside, units_);
}

// Of the whole slice before scaling, as bits.
std::int32_t SlicePreprocessor::peak() {
  units_.run(coils_, [&](std::int64_t coil, auto& /*own*/, SliceUnits::Found& found) {
    found.peak_bits = peak_outside(source_, {{0, 0}, {0, 0}}, measured_, coil);
  });
  return units_.largest_peak();
}

void SlicePreprocessor::refuse_faults(std::int32_t peak_bits) const {
  if (peak_bits >= kernels::infinity_bits) {
    throw Error(ErrorCode::bad_input, index_, "holds NaN or infinite samples; only finite samples can be embedded");
  }
  if (peak_bits == 0) {
    throw Error(ErrorCode::bad_input, index_, "is all zero; a slice needs signal to be embedded");
  }
}

// From the virtual coils; before that, lines that are missing are filled.
void SlicePreprocessor::remove_oversampling() {
  if (ahead_ == Ahead::spectra) {
    return;
  }
  const bool images_along_x = std::exchange(ahead_, Ahead::nothing) == Ahead::images_along_x;
  if (lacks_lines_) {
    complete_lines(images_along_x);
    if (crops_y()) {
      crop({true, false}, crops_x() ? workspace_.virtual_coils : workspace_.cropped);
    }
  } else if (crops_x() || crops_y()) {
    crop({crops_y(), crops_x()}, workspace_.cropped);
  }
}

// Of the virtual coils, as images along x: there is where readout oversampling is cropped, which is done with.
void SlicePreprocessor::complete_lines(bool images_along_x) {
  const auto transform_x = [&](Direction direction) {
    units_.run(virtual_coils_, [&](std::int64_t coil, SliceUnits::Participant& own, auto& /*found*/) {
      units_.transform(planes_.at(coil), {false, true}, direction, own);
    });
  };
  if (!images_along_x && crops_x()) {
    crop({false, true}, workspace_.cropped);
  } else if (!images_along_x) {
    transform_x(Direction::inverse);
  }
  const std::int64_t front = window_.rows.begin + planes_.height / 2;
  const kernels::HybridSlice hybrid{planes_.samples,  virtual_coils_, planes_.height,    width_,
                                    planes_.pixels(), front,          window_.rows.begin};
  filled_gain_ = workspace_.completion.fill(
      hybrid, measured_,
      [&](Sample* plane, Direction direction, int participant) {
        workspace_.transforms.run(plane, planes_.height, width_, {true, false}, direction,
                                  workspace_.participants[static_cast<std::size_t>(participant)].transform);
      },
      units_.executor());
  if (!crops_x()) {
    transform_x(Direction::forward);
  }
}

// Crops the virtual coils along these axes, where they are k-space and become images, into `memory`.
void SlicePreprocessor::crop(Axes axes, SampleBuffer& memory) {
  const Planes whole = planes_;
  planes_ = sized(memory, virtual_coils_, axes.y ? height_ : whole.height, axes.x ? width_ : whole.width);
  units_.run(virtual_coils_, [&](std::int64_t coil, SliceUnits::Participant& own, SliceUnits::Found& found) {
    units_.transform(whole.at(coil), axes, Direction::inverse, own);
    const CropEnergies energies = crop_plane(whole.at(coil), axes, planes_.at(coil));
    found.energy = energies.kept;
    found.energy_before = energies.all;
  });
  if (axes.y && !(units_.energy() > least_energy * units_.energy_before())) {
    refuse_without_signal(index_, "cropped phase encoding");
  }
}

// K-space of the virtual coils along both axes, and the energy of a whole one.
void SlicePreprocessor::take_spectra() {
  const Axes axes = std::exchange(ahead_, Ahead::nothing) == Ahead::spectra ? Axes{true, true} : kspace_axes();
  spectra_ = axes.y && axes.x ? planes_ : sized(workspace_.spectra, virtual_coils_, planes_.height, planes_.width);
  transform_to_kspace(planes_, axes, pixels(), spectra_, whole(), units_);
  energy_ = units_.energy();
}

// Refuses a matrix that holds next to nothing of the virtual coils' energy; `inside` is what it holds.
void SlicePreprocessor::refuse_empty_matrix(double inside) {
  if (!whole()) {
    // What all samples hold at most, and what was filled from them, tells nearly always that enough of it is left.
    const double peak = static_cast<double>(std::bit_cast<float>(peak_bits_)) * static_cast<double>(scale_);
    const auto samples = static_cast<double>(coils_ * source_height_ * source_width_);
    if (inside > least_energy * 2 * peak * peak * samples * weights_energy_ * (1 + filled_gain_)) {
      return;
    }
    if (matrix_kspace_.samples == planes_.samples) {  // planes_ get other samples
      const Planes kept = sized(workspace_.kspace, virtual_coils_, matrix_kspace_.height, matrix_kspace_.width);
      std::copy_n(matrix_kspace_.samples, kept.count * kept.pixels(), kept.samples);
      matrix_kspace_ = kept;
    }
    window_ = {{0, source_height_}, {0, source_width_}};
    compress_scaled(/*look_outside=*/false);
    remove_oversampling();
    take_spectra();
  }
  if (!(inside > least_energy * energy_)) {
    refuse_without_signal(index_, "cropped matrix");
  }
}

}  // namespace mriembed
