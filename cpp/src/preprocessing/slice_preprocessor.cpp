#include "preprocessing/slice_preprocessor.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>
#include <utility>

#include "kernels/energy.hpp"
#include "kernels/peak.hpp"
#include "kernels/sample_copy.hpp"
#include "mriembed/error.hpp"
#include "preprocessing/coil_matrices.hpp"
#include "preprocessing/echo_position.hpp"
#include "preprocessing/peak_scale.hpp"
#include "preprocessing/plane_copies.hpp"
#include "preprocessing/preprocessing_version.hpp"
#include "preprocessing/without_signal.hpp"

namespace mriembed {

namespace {

using kernels::Direction;
using Sample = std::complex<float>;

constexpr std::int64_t block_pixels = kernels::CoilBlock::most_pixels;
// Of a unit of work: some tens of microseconds of a core. A Gram matrix of a unit's own takes as long as some blocks.
constexpr std::int64_t gram_pixels = 8 * block_pixels;
constexpr std::int64_t combined_pixels = 8 * block_pixels;
// Coils whose calibration lines are transformed at once: their lines fill the lanes of the transform.
constexpr std::int64_t calibration_coils = 2;

using RowMajor = Eigen::Matrix<std::complex<double>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr std::int64_t units_of(std::int64_t length, std::int64_t unit) { return (length + unit - 1) / unit; }

}  // namespace

SlicePreprocessor::SlicePreprocessor(const SliceRequest& request, const RawSlices& slices, std::int64_t index,
                                     SliceWorkspace& workspace, const threads::Executor& executor, Unread /*samples*/)
    : request_(request),
      workspace_(workspace),
      executor_(executor),
      index_(index),
      coils_(slices.samples.shape[1]),
      source_height_(slices.samples.shape[2]),
      source_width_(slices.samples.shape[3]),
      source_{slices.samples.data + index * slices.samples.strides[0], slices.samples.strides[1], source_height_,
              source_width_},
      height_(slices.height),
      width_(slices.width),
      grid_(request.matrix > 0 ? square_field_of_view(height_, width_, slices.pixel_aspect)
                               : GridSize{height_, width_}),
      kspace_(slices.kspace),
      rows_{0, source_height_},
      columns_{0, source_width_} {
  auto& participants = workspace_.participants;
  participants.resize(std::max(participants.size(), static_cast<std::size_t>(executor.threads())));
  for (auto& participant : participants) {
    participant.block.resize(coils_);
  }
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
    in_units(coils_, [&](std::int64_t coil, auto& /*own*/, auto& /*found*/) {
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
  if (!lacks_lines_) {  // others are completed as a whole
    take_needed_samples();
  }
}

void SlicePreprocessor::take_needed_samples() {
  rows_ = axes_at_hand().y ? needed(source_height_) : rows_;
  columns_ = axes_at_hand().x ? needed(source_width_) : columns_;
}

// With phase oversampling, more lines lie in the same region of k-space.
std::int64_t SlicePreprocessor::lines_of_calibration() const {
  return std::min(source_height_, units_of(calibration_lines * source_height_, height_));
}

// The samples of an axis of the grid that the matrix may keep: the echo lies within the window that it is looked for
// in.
SlicePreprocessor::Range SlicePreprocessor::needed(std::int64_t length) const {
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
  if (squares_well(line_bits, 1)) {
    return;
  }
  const std::int32_t slice_bits = peak();
  refuse_faults(slice_bits);
  scale_ = scale_to_one(slice_bits);
  line_bits = take_calibration(lines, scale_);
  if (line_bits == 0 && lines_before_ > 0) {
    return;  // the crop has taken all of it: compress_coils() refuses that
  }
  if (line_bits == 0) {
    lines = source_height_;
    line_bits = take_calibration(lines, scale_);
  }
  if (!squares_well(line_bits, 1)) {
    constexpr float largest_scale = 0x1p126F;
    take_calibration(lines, std::min(scale_ * scale_to_one(line_bits), largest_scale));
  }
}

void SlicePreprocessor::check() { refuse_faults(peak()); }

double SlicePreprocessor::compress_coils(const std::optional<Eigen::MatrixXcd>& whitening) {
  if (crops_x() && !(lines_after_ > least_energy * lines_before_)) {
    refuse_without_signal(index_, "cropped readout");
  }
  const double energy_kept = take_weights(whitening);
  peak_bits_ = compress_around_echo();
  refuse_faults(peak_bits_);
  if (!squares_well(peak_bits_, scale_)) {  // no lines told the scale, or others are far larger
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
    return Range{first, first + matrix};
  };
  rows_ = around(height_, request_.matrix, echo_[0]);
  columns_ = around(source_width_, request_.matrix, echo_[1]);
}

bool SlicePreprocessor::cuts_samples() const {
  return !lacks_lines_ && axes_at_hand().y && axes_at_hand().x && request_.matrix > 0 &&
         request_.matrix + echo_window <= std::min(height_, width_);
}

// From virtual coils at the samples that tell it. Returns their peak before scaling, as bits.
std::int32_t SlicePreprocessor::find_echo_of_samples() {
  rows_ = {height_ / 2 - echo_window / 2, height_ / 2 - echo_window / 2 + echo_window};
  columns_ = {source_width_ / 2 - echo_window / 2, source_width_ / 2 - echo_window / 2 + echo_window};
  const std::int32_t peak_bits = compress_scaled(/*look_outside=*/false);
  in_units(virtual_coils_,
           [&](std::int64_t coil, auto& /*own*/, SliceWorkspace::Found& found) { add_echo(planes_.at(coil), found); });
  find_echo();
  return peak_bits;
}

void SlicePreprocessor::write_channels(float* channels) {
  if (cuts_samples()) {
    matrix_kspace_ = planes_;
    in_units(virtual_coils_, [&](std::int64_t coil, auto& /*own*/, SliceWorkspace::Found& found) {
      found.energy = energy_of(planes_.at(coil));
    });
    refuse_empty_matrix(sum_of_energies());
  } else {
    remove_oversampling();
    take_spectra();
    find_echo();
    cut_matrix();
  }
  mriembed::write_channels(matrix_kspace_, request_.num_coils, index_, workspace_.transforms, executor_,
                           workspace_.channels, channels);
}

// Runs work(unit, own, found) for the units 0 to units - 1; what they found stands in the workspace afterwards.
template <typename Work>
void SlicePreprocessor::in_units(std::int64_t units, const Work& work) {
  workspace_.found.resize(static_cast<std::size_t>(units));
  executor_.run(units, [&](std::int64_t unit, int participant) {
    SliceWorkspace::Found& found = workspace_.found[static_cast<std::size_t>(unit)];
    found.peak_bits = 0;
    found.energy = 0;
    found.energy_before = 0;
    found.gram.clear();
    work(unit, workspace_.participants[static_cast<std::size_t>(participant)], found);
  });
}

std::int32_t SlicePreprocessor::largest_peak() const {
  return std::ranges::max(workspace_.found, {}, &SliceWorkspace::Found::peak_bits).peak_bits;
}

double SlicePreprocessor::sum_of_energies() const {
  return std::accumulate(workspace_.found.begin(), workspace_.found.end(), 0.0,
                         [](double sum, const SliceWorkspace::Found& found) { return sum + found.energy; });
}

// Of the whole slice before scaling, as bits.
std::int32_t SlicePreprocessor::peak() {
  in_units(coils_, [&](std::int64_t coil, auto& /*own*/, SliceWorkspace::Found& found) {
    found.peak_bits = peak_outside({0, 0}, {0, 0}, coil);
  });
  return largest_peak();
}

// Of a coil's samples but those in `rows` and `columns`, before scaling, as bits.
std::int32_t SlicePreprocessor::peak_outside(Range rows, Range columns, std::int64_t coil) const {
  const Sample* plane = source_.samples + coil * source_.stride;
  std::int32_t peak_bits = 0;
  // From where one row of the inner samples ends to where the next one begins.
  std::int64_t first = 0;
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    const std::int64_t inner = row * source_width_ + columns.begin;
    peak_bits = std::max(peak_bits, kernels::peak_bits(plane + first, inner - first));
    first = inner + columns.length();
  }
  return std::max(peak_bits, kernels::peak_bits(plane + first, source_height_ * source_width_ - first));
}

void SlicePreprocessor::refuse_faults(std::int32_t peak_bits) const {
  if (peak_bits >= kernels::infinity_bits) {
    throw Error(ErrorCode::bad_input, index_, "holds NaN or infinite samples; only finite samples can be embedded");
  }
  if (peak_bits == 0) {
    throw Error(ErrorCode::bad_input, index_, "is all zero; a slice needs signal to be embedded");
  }
}

// The Gram matrix of the central lines times `scale`. Returns their peak after scaling, as bits.
std::int32_t SlicePreprocessor::take_calibration(std::int64_t lines, float scale) {
  calibration_ = kspace_ ? calibration_of_kspace(lines, scale) : calibration_of_images(lines, scale);
  const std::int64_t samples = lines * calibration_.width;
  in_units(units_of(samples, gram_pixels),
           [&](std::int64_t unit, SliceWorkspace::Participant& own, SliceWorkspace::Found& found) {
             own.gram.reset(coils_);
             const std::int64_t end = std::min(samples, (unit + 1) * gram_pixels);
             for (std::int64_t first = unit * gram_pixels; first < end; first += block_pixels) {
               const std::int64_t count = std::min(block_pixels, end - first);
               const Sample* from = calibration_.samples + first;
               found.peak_bits = std::max(found.peak_bits, own.block.read(from, calibration_.stride, count, 1));
               own.gram.add(own.block);
             }
             found.gram.resize(static_cast<std::size_t>(coils_ * coils_));
             own.gram.write(found.gram.data());
           });
  auto& sum = workspace_.gram;
  sum.assign(static_cast<std::size_t>(coils_ * coils_), 0.0);
  for (const SliceWorkspace::Found& found : workspace_.found) {
    std::transform(found.gram.begin(), found.gram.end(), sum.begin(), sum.begin(), std::plus<>());
  }
  return largest_peak();
}

// The centred orthonormal transform along y, of which the central lines are kept.
SlicePreprocessor::Coils SlicePreprocessor::calibration_of_images(std::int64_t lines, float scale) {
  const Planes calibration = sized(workspace_.calibration, coils_, lines, source_width_);
  in_units(coils_, [&](std::int64_t coil, SliceWorkspace::Participant& own, auto& /*found*/) {
    const Planes image = sized(own.image, 1, source_height_, source_width_);
    const Sample* from = source_.samples + coil * source_.stride;
    const std::int64_t before_centre = source_height_ / 2 * source_width_;
    const std::int64_t from_centre = image.pixels() - before_centre;
    kernels::copy_scaled(from + before_centre, from_centre, scale, image.samples);
    kernels::copy_scaled(from, before_centre, scale, image.samples + from_centre);
    transform(image, {true, false}, Direction::forward, own);
    Sample* to = calibration.at(coil).samples;
    for (std::int64_t line = 0; line < lines; ++line) {
      const std::int64_t row = (line - lines / 2 + source_height_) % source_height_;
      to = std::copy_n(image.samples + row * source_width_, source_width_, to);
    }
  });
  return {calibration.samples, calibration.pixels(), lines, source_width_};
}

// Once cropped, transformed along x.
SlicePreprocessor::Coils SlicePreprocessor::calibration_of_kspace(std::int64_t lines, float scale) {
  const Coils central{source_.samples + (source_height_ / 2 - lines / 2) * source_width_, source_.stride, lines,
                      source_width_};
  if (!crops_x() && scale == 1) {
    return central;
  }
  const Planes readouts = sized(workspace_.readouts, coils_, lines, source_width_);
  const Planes calibration = crops_x() ? sized(workspace_.calibration, coils_, lines, width_) : readouts;
  const std::int64_t shift = crops_x() ? source_width_ / 2 : 0;  // brings the centre to the front
  in_units(units_of(coils_, calibration_coils),
           [&](std::int64_t unit, SliceWorkspace::Participant& own, SliceWorkspace::Found& found) {
             const std::int64_t first = unit * calibration_coils;
             const std::int64_t count = std::min(calibration_coils, coils_ - first);
             for (std::int64_t row = first * lines; row < (first + count) * lines; ++row) {
               const Sample* from = central.samples + row / lines * central.stride + row % lines * source_width_;
               Sample* to = readouts.samples + row * source_width_;
               kernels::copy_scaled(from, shift, scale, to + source_width_ - shift);
               kernels::copy_scaled(from + shift, source_width_ - shift, scale, to);
             }
             if (crops_x()) {
               const Planes rows{readouts.at(first).samples, 1, count * lines, source_width_};
               const Planes kept{calibration.at(first).samples, 1, count * lines, width_};
               found.energy_before = energy_of(rows);
               transform(rows, {false, true}, Direction::inverse, own);
               crop_rows(rows, kept);
               found.energy = energy_of(kept);
             }
           });
  lines_after_ = sum_of_energies();
  lines_before_ =
      std::accumulate(workspace_.found.begin(), workspace_.found.end(), 0.0,
                      [](double sum, const SliceWorkspace::Found& found) { return sum + found.energy_before; });
  return {calibration.samples, calibration.pixels(), lines, calibration.width};
}

// Samples times scale_. Returns the peak before scaling, as bits, of the whole slice or of what is combined.
std::int32_t SlicePreprocessor::compress_scaled(bool look_outside) {
  planes_ = sized(workspace_.virtual_coils, virtual_coils_, rows_.length(), columns_.length());
  const bool whole_rows = columns_.length() == source_width_;  // they follow each other
  const std::int64_t rows_of_a_unit = std::max<std::int64_t>(1, combined_pixels / columns_.length());
  const std::int64_t combining = units_of(rows_.length(), rows_of_a_unit);
  const std::int64_t looking = look_outside && !whole() ? coils_ : 0;  // at what is not combined
  in_units(combining + looking, [&](std::int64_t unit, SliceWorkspace::Participant& own, SliceWorkspace::Found& found) {
    if (unit >= combining) {
      found.peak_bits = peak_outside(rows_, columns_, unit - combining);
      return;
    }
    const Range rows{rows_.begin + unit * rows_of_a_unit,
                     std::min(rows_.end, rows_.begin + (unit + 1) * rows_of_a_unit)};
    if (whole_rows) {
      compress_run(own, found, {rows.begin * source_width_, rows.end * source_width_});
      return;
    }
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
      compress_run(own, found, {row * source_width_ + columns_.begin, row * source_width_ + columns_.end});
    }
  });
  return largest_peak();
}

// Virtual coils at pixels of the slice that follow each other in memory.
void SlicePreprocessor::compress_run(SliceWorkspace::Participant& own, SliceWorkspace::Found& found,
                                     Range pixels) const {
  for (std::int64_t first = pixels.begin; first < pixels.end; first += block_pixels) {
    const std::int64_t last = std::min(first + block_pixels, pixels.end);
    const Sample* from = source_.samples + first;
    found.peak_bits = std::max(found.peak_bits, own.block.read(from, source_.stride, last - first, scale_));
    compress_block(own.block, first, last);
  }
}

// Virtual coils at the block's pixels, `first` to `last - 1` of the slice, to where the transform expects them.
void SlicePreprocessor::compress_block(const kernels::CoilBlock& block, std::int64_t first, std::int64_t last) const {
  const std::int64_t height = rows_.length();
  const std::int64_t width = columns_.length();
  for (std::int64_t pixel = first; pixel < last;) {
    std::int64_t end = last;
    std::int64_t to = pixel;
    if (kspace_) {
      const std::int64_t x = pixel % source_width_ - columns_.begin;
      end = std::min(last, pixel - x + (x < width / 2 ? width / 2 : width));
      to = kernels::to_front(pixel / source_width_ - rows_.begin, height) * width + kernels::to_front(x, width);
    }
    kernels::compress_coils(block, workspace_.weights, pixel - first, end - pixel, planes_.samples + to,
                            height * width);
    pixel = end;
  }
}

// From the virtual coils; before that, lines that are missing are filled.
void SlicePreprocessor::remove_oversampling() {
  const bool images_along_x = std::exchange(transformed_ahead_, false);
  if (lacks_lines_) {
    complete_lines(images_along_x);
    if (crops_y()) {
      crop({true, false}, crops_x() ? workspace_.virtual_coils : workspace_.cropped);
    }
  } else if (!images_along_x && (crops_x() || crops_y())) {
    crop({crops_y(), crops_x()}, workspace_.cropped);
  }
}

// Of the virtual coils, as images along x: there is where readout oversampling is cropped, which is done with.
void SlicePreprocessor::complete_lines(bool images_along_x) {
  const auto transform_x = [&](Direction direction) {
    in_units(virtual_coils_, [&](std::int64_t coil, SliceWorkspace::Participant& own, auto& /*found*/) {
      transform(planes_.at(coil), {false, true}, direction, own);
    });
  };
  if (!images_along_x && crops_x()) {
    crop({false, true}, workspace_.cropped);
  } else if (!images_along_x) {
    transform_x(Direction::inverse);
  }
  const kernels::HybridSlice hybrid{planes_.samples, virtual_coils_,          source_height_,
                                    width_,          source_height_ * width_, source_height_ / 2};
  workspace_.completion.fill(
      hybrid, measured_,
      [&](Sample* plane, Direction direction, int participant) {
        workspace_.transforms.run(plane, source_height_, width_, {true, false}, direction,
                                  workspace_.participants[static_cast<std::size_t>(participant)].transform);
      },
      executor_);
  if (!crops_x()) {
    transform_x(Direction::forward);
  }
}

// Crops the virtual coils along these axes, where they are k-space and become images, into `memory`.
void SlicePreprocessor::crop(Axes axes, SampleBuffer& memory) {
  const Planes whole = planes_;
  planes_ = sized(memory, virtual_coils_, axes.y ? height_ : whole.height, axes.x ? width_ : whole.width);
  in_units(virtual_coils_, [&](std::int64_t coil, SliceWorkspace::Participant& own, SliceWorkspace::Found& found) {
    transform(whole.at(coil), axes, Direction::inverse, own);
    const CropEnergies energies = crop_plane(whole.at(coil), axes, planes_.at(coil));
    found.energy = energies.kept;
    found.energy_before = energies.all;
  });
  const double before =
      std::accumulate(workspace_.found.begin(), workspace_.found.end(), 0.0,
                      [](double sum, const SliceWorkspace::Found& found) { return sum + found.energy_before; });
  if (axes.y && !(sum_of_energies() > least_energy * before)) {
    refuse_without_signal(index_, "cropped phase encoding");
  }
}

void SlicePreprocessor::transform(const Planes& plane, Axes axes, Direction direction,
                                  SliceWorkspace::Participant& own) const {
  workspace_.transforms.run(plane.samples, plane.height, plane.width, axes, direction, own.transform);
}

// K-space of the virtual coils along both axes, its energy, and that of the samples in which the echo is looked for.
void SlicePreprocessor::take_spectra() {
  const Axes axes = kspace_axes();
  const bool at_hand = axes.y && axes.x;
  const std::int64_t height = planes_.height;
  const std::int64_t width = planes_.width;
  spectra_ = at_hand ? planes_ : sized(workspace_.spectra, virtual_coils_, height, width);
  in_units(virtual_coils_, [&](std::int64_t coil, SliceWorkspace::Participant& own, SliceWorkspace::Found& found) {
    const Planes spectrum = spectra_.at(coil);
    if (!at_hand) {
      kernels::resize({planes_.at(coil).samples, height, width, axes.y, axes.x}, spectrum.samples, height, width);
      transform(spectrum, {!axes.y, !axes.x}, Direction::forward, own);
    }
    found.energy = energy_of(spectrum);
    add_echo(spectrum, found);
  });
  energy_ = sum_of_energies();
}

// The energy of k-space of a virtual coil in the window that the echo is looked for in.
void SlicePreprocessor::add_echo(const Planes& spectrum, SliceWorkspace::Found& found) const {
  find_echo_energies(spectrum.samples, spectrum.height, spectrum.width, std::min(height_, echo_window),
                     std::min(width_, echo_window), found.echo);
}

// From what all units have found.
void SlicePreprocessor::find_echo() {
  const auto place = [this](std::vector<double> EchoEnergies::* axis, std::int64_t length, std::int64_t grid) {
    std::vector<double> sum((workspace_.found.front().echo.*axis).size());
    for (const SliceWorkspace::Found& found : workspace_.found) {
      std::ranges::transform(sum, found.echo.*axis, sum.begin(), std::plus<>());
    }
    return echo_position(sum, length, grid);
  };
  echo_ = {place(&EchoEnergies::y, height_, grid_.height), place(&EchoEnergies::x, width_, grid_.width)};
}

// K-space of the matrix, the echo at its centre, for every virtual coil.
void SlicePreprocessor::cut_matrix() {
  matrix_kspace_ = sized(workspace_.kspace, virtual_coils_, result(height_), result(width_));
  in_units(virtual_coils_, [&](std::int64_t coil, SliceWorkspace::Participant& own, SliceWorkspace::Found& found) {
    const Planes matrix = matrix_kspace_.at(coil);
    cut_kspace(on_grid(spectra_.at(coil), own), grid_, echo_, matrix);
    found.energy = energy_of(matrix);
  });
  if (request_.matrix == 0) {
    return;
  }
  refuse_empty_matrix(sum_of_energies());
}

// Refuses a matrix that holds next to nothing of the virtual coils' energy; `inside` is what it holds.
void SlicePreprocessor::refuse_empty_matrix(double inside) {
  if (!whole()) {
    // What all samples hold at most tells nearly always that enough of it is left.
    const double peak = static_cast<double>(std::bit_cast<float>(peak_bits_)) * static_cast<double>(scale_);
    const auto samples = static_cast<double>(coils_ * source_height_ * source_width_);
    if (inside > least_energy * 2 * peak * peak * samples * weights_energy_) {
      return;
    }
    if (matrix_kspace_.samples == planes_.samples) {  // planes_ get other samples
      const Planes kept = sized(workspace_.kspace, virtual_coils_, matrix_kspace_.height, matrix_kspace_.width);
      std::copy_n(matrix_kspace_.samples, kept.count * kept.pixels(), kept.samples);
      matrix_kspace_ = kept;
    }
    rows_ = {0, source_height_};
    columns_ = {0, source_width_};
    compress_scaled(/*look_outside=*/false);
    remove_oversampling();
    take_spectra();
  }
  if (!(inside > least_energy * energy_)) {
    refuse_without_signal(index_, "cropped matrix");
  }
}

// K-space of a virtual coil on the grid: where the image is shorter along an axis, as if it had been padded. May use up
// `spectrum`.
Planes SlicePreprocessor::on_grid(const Planes& spectrum, SliceWorkspace::Participant& own) const {
  const Axes shorter{height_ < grid_.height, width_ < grid_.width};
  if (!shorter.any()) {
    return spectrum;
  }
  transform(spectrum, shorter, Direction::inverse, own);
  const Planes padded =
      sized(own.padded, 1, shorter.y ? grid_.height : spectrum.height, shorter.x ? grid_.width : spectrum.width);
  kernels::resize({spectrum.samples, spectrum.height, spectrum.width, true, true}, padded.samples, padded.height,
                  padded.width);
  transform(padded, shorter, Direction::forward, own);
  return padded;
}

}  // namespace mriembed
