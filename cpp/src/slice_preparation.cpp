#include "slice_preparation.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <numbers>
#include <numeric>
#include <string>

#include "coil_matrices.hpp"
#include "kernels/peak.hpp"
#include "kernels/sample_copy.hpp"
#include "kernels/stacking.hpp"
#include "metadata.hpp"
#include "mriembed/error.hpp"
#include "torchscript/serial_torch.hpp"

namespace mriembed {

namespace {

using kernels::Direction;
using kernels::Plane;
using Sample = std::complex<float>;

constexpr std::int64_t block_pixels = kernels::CoilBlock::most_pixels;
// Of a unit of work: some tens of microseconds of a core. A Gram matrix of a unit's own takes as long as some blocks.
constexpr std::int64_t gram_pixels = 8 * block_pixels;
constexpr std::int64_t combined_pixels = 8 * block_pixels;
// Coils whose calibration lines are transformed at once: their lines fill the lanes of the transform.
constexpr std::int64_t calibration_coils = 2;

constexpr std::int64_t units_of(std::int64_t length, std::int64_t unit) { return (length + unit - 1) / unit; }

// The first samples of a buffer that grows to the largest shape asked for.
at::Tensor sized(at::Tensor& buffer, at::IntArrayRef shape) {
  const std::int64_t samples = c10::multiply_integers(shape);
  if (!buffer.defined() || buffer.numel() < samples) {
    buffer = at::empty({samples}, at::kComplexFloat);
  }
  return buffer.narrow(0, 0, samples).view(shape);
}

Sample* samples_of(const at::Tensor& tensor) {
  return reinterpret_cast<Sample*>(tensor.mutable_data_ptr<c10::complex<float>>());
}

const Sample* const_samples_of(const at::Tensor& tensor) {
  return reinterpret_cast<const Sample*>(tensor.const_data_ptr<c10::complex<float>>());
}

// The power of two that brings a peak with these bits to between 1 and 2 (to at most 2 where it is smaller than every
// normal number): multiplying by it loses nothing.
float scale_to_one(std::int32_t peak_bits) {
  const std::int32_t exponent = std::clamp(254 - (peak_bits >> 23), 1, 253);
  return std::bit_cast<float>(exponent << 23);
}

// Whether squares of samples of this peak, times a power of two, neither overflow nor lose digits that matter.
bool squares_well(std::int32_t peak_bits, float scale) {
  return peak_bits != 0 && std::abs((peak_bits >> 23) - 127 + std::ilogb(scale)) <= 32;
}

// Copies rows (..., x), whose centre is at the front, to the middle of shorter ones.
void crop_rows(const at::Tensor& from, const at::Tensor& to) {
  const std::int64_t width = from.size(-1);
  const std::int64_t kept = to.size(-1);
  Sample* end = samples_of(to);
  for (const Sample* row = const_samples_of(from); row != const_samples_of(from) + from.numel(); row += width) {
    end = std::copy_n(row + width - kept / 2, kept / 2, end);  // left of the centre
    end = std::copy_n(row, kept - kept / 2, end);
  }
}

}  // namespace

SlicePreparation::SlicePreparation(const SliceContract& contract, const RawSlices& slices, std::int64_t index,
                                   SliceWorkspace& workspace, const threads::Executor& executor)
    : contract_(contract),
      workspace_(workspace),
      executor_(executor),
      index_(index),
      source_(slices.samples[index]),
      coils_(slices.samples.size(1)),
      height_(slices.samples.size(2)),
      source_width_(slices.samples.size(3)),
      width_(slices.width),
      kspace_(slices.kspace),
      rows_{0, height_},
      columns_{0, source_width_} {
  auto& participants = workspace_.participants;
  participants.resize(std::max(participants.size(), static_cast<std::size_t>(executor.threads())));
  const auto centre = [matrix = contract_.matrix](std::int64_t length) {
    return Range{length / 2 - matrix / 2, length / 2 - matrix / 2 + matrix};
  };
  if (contract_.matrix > 0 && contract_.matrix < square()) {
    rows_ = axes_at_hand().y ? centre(height_) : rows_;
    columns_ = axes_at_hand().x ? centre(source_width_) : columns_;
  }
  // Kernels read along pixels: coils may lie anywhere, pixels must be neighbours.
  if ((source_width_ > 1 && source_.stride(2) != 1) || (height_ > 1 && source_.stride(1) != source_width_)) {
    const at::Tensor copy = sized(workspace_.contiguous, source_.sizes());
    in_units(coils_, [&](std::int64_t coil, auto& /*own*/, auto& /*found*/) { copy[coil].copy_(source_[coil]); });
    source_ = copy;
  }
  for (auto& participant : participants) {
    participant.block.resize(coils_);
  }
  workspace_.transforms.prepare(std::array{height_, width_, source_width_, square(), contract_.matrix});
}

// Samples are taken as they are. Only where that would not do for squares, or where there is nothing in these lines, it
// takes a look at the whole slice.
void SlicePreparation::gather() {
  if (!contract_.compress) {
    return;
  }
  std::int64_t lines = std::min(height_, calibration_lines);
  std::int32_t line_bits = gather_lines(lines, 1);
  scale_ = scale_to_one(line_bits);
  if (squares_well(line_bits, 1)) {
    return;
  }
  const std::int32_t slice_bits = peak();
  refuse_faults(slice_bits);
  scale_ = scale_to_one(slice_bits);
  line_bits = gather_lines(lines, scale_);
  if (line_bits == 0) {
    lines = height_;
    line_bits = gather_lines(lines, scale_);
  }
  if (!squares_well(line_bits, 1)) {
    constexpr float largest_scale = 0x1p126F;
    gather_lines(lines, std::min(scale_ * scale_to_one(line_bits), largest_scale));
  }
}

void SlicePreparation::check() { refuse_faults(peak()); }

double SlicePreparation::combine(const std::optional<at::Tensor>& whitening) {
  double energy_kept = 1;
  at::Tensor weights;
  if (contract_.compress) {
    const at::Tensor gram = at::from_blob(workspace_.gram.data(), {coils_, coils_}, at::kComplexDouble);
    const CoilCompression compression = compress_coils(gram, whitening, contract_.num_coils);
    weights = compression.weights;
    energy_kept = compression.energy_kept;
  } else {
    weights = whitening ? *whitening : at::eye(coils_, at::kComplexDouble);
  }
  weights = weights.resolve_conj().to(at::kComplexFloat).contiguous();
  virtual_coils_ = weights.size(0);
  workspace_.weights.assign({const_samples_of(weights), static_cast<std::size_t>(weights.numel())}, coils_);
  planes_ = sized(workspace_.virtual_coils, {virtual_coils_, rows_.length(), columns_.length()});
  const std::int32_t peak_bits = combine_scaled();
  refuse_faults(peak_bits);
  if (!squares_well(peak_bits, scale_)) {  // no lines told the scale, or others are far larger
    scale_ = scale_to_one(peak_bits);
    combine_scaled();
  }
  return energy_kept;
}

void SlicePreparation::stack(float* stacked) {
  if (cropped()) {
    crop();
  }
  refuse_silence();
  const bool resampled = contract_.matrix > 0;
  if (resampled) {
    resample();
  }
  const Axes missing = resampled ? Axes{false, false} : kspace_axes();  // transforms still to be done
  const Axes shifted = resampled ? Axes{true, true} : kspace_axes();
  const std::int64_t plane = planes_.size(1) * planes_.size(2);
  const std::int64_t num_coils = contract_.num_coils;
  for (const std::int64_t half : {std::int64_t{0}, num_coils}) {
    std::fill(stacked + (half + virtual_coils_) * plane, stacked + (half + num_coils) * plane, 0.0F);
  }
  in_units(virtual_coils_, [&](std::int64_t coil, SliceWorkspace::Participant& own, auto& /*found*/) {
    const at::Tensor image = planes_[coil];
    transform(image, missing, Direction::inverse, own);
    float* real = stacked + coil * plane;
    stack_coil(plane_of(image, shifted), real, real + num_coils * plane);
  });
}

// Runs work(unit, own, found) for the units 0 to units - 1; what they found stands in the workspace afterwards.
template <typename Work>
void SlicePreparation::in_units(std::int64_t units, const Work& work) {
  workspace_.found.resize(static_cast<std::size_t>(units));
  executor_.run(units, [&](std::int64_t unit, int participant) {
    const torchscript::SerialTorch serial;  // belongs to the thread
    SliceWorkspace::Found& found = workspace_.found[static_cast<std::size_t>(unit)];
    found.peak_bits = 0;
    found.energy = 0;
    found.gram.clear();
    work(unit, workspace_.participants[static_cast<std::size_t>(participant)], found);
  });
}

std::int32_t SlicePreparation::largest_peak() const {
  return std::ranges::max(workspace_.found, {}, &SliceWorkspace::Found::peak_bits).peak_bits;
}

double SlicePreparation::sum_of_energies() const {
  return std::accumulate(workspace_.found.begin(), workspace_.found.end(), 0.0,
                         [](double sum, const SliceWorkspace::Found& found) { return sum + found.energy; });
}

// Of the whole slice before scaling, as bits.
std::int32_t SlicePreparation::peak() {
  in_units(coils_, [&](std::int64_t coil, auto& /*own*/, SliceWorkspace::Found& found) {
    found.peak_bits = peak_outside({0, 0}, {0, 0}, coil);
  });
  return largest_peak();
}

// Of a coil's samples but those in `rows` and `columns`, before scaling, as bits.
std::int32_t SlicePreparation::peak_outside(Range rows, Range columns, std::int64_t coil) const {
  const Sample* plane = const_samples_of(source_) + coil * source_.stride(0);
  std::int32_t peak_bits = 0;
  // From where one row of the inner samples ends to where the next one begins.
  std::int64_t first = 0;
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    const std::int64_t inner = row * source_width_ + columns.begin;
    peak_bits = std::max(peak_bits, kernels::peak_bits(plane + first, inner - first));
    first = inner + columns.length();
  }
  return std::max(peak_bits, kernels::peak_bits(plane + first, height_ * source_width_ - first));
}

void SlicePreparation::refuse_faults(std::int32_t peak_bits) const {
  const std::string slice = "slice " + std::to_string(index_);
  if (peak_bits >= kernels::infinity_bits) {
    throw Error(ErrorCode::bad_input, slice + " holds NaN or infinite samples; only finite samples can be embedded");
  }
  if (peak_bits == 0) {
    throw Error(ErrorCode::bad_input, slice + " is all zero; a slice needs signal to be embedded");
  }
}

// Throws Error bad_input where nothing is left to scale.
void SlicePreparation::refuse_silence() const {
  if (!(energy_ > 0)) {
    throw Error(ErrorCode::bad_input,
                "slice " + std::to_string(index_) + " has no signal left inside the cropped readout or matrix");
  }
}

// The Gram matrix of the central lines times `scale`. Returns their peak after scaling, as bits.
std::int32_t SlicePreparation::gather_lines(std::int64_t lines, float scale) {
  calibration_ = kspace_ ? calibration_of_kspace(lines, scale) : calibration_of_images(lines, scale);
  const std::int64_t samples = lines * calibration_.size(2);
  in_units(units_of(samples, gram_pixels),
           [&](std::int64_t unit, SliceWorkspace::Participant& own, SliceWorkspace::Found& found) {
             own.gram.reset(coils_);
             const std::int64_t end = std::min(samples, (unit + 1) * gram_pixels);
             for (std::int64_t first = unit * gram_pixels; first < end; first += block_pixels) {
               const std::int64_t count = std::min(block_pixels, end - first);
               const Sample* from = const_samples_of(calibration_) + first;
               found.peak_bits = std::max(found.peak_bits, own.block.read(from, calibration_.stride(0), count, 1));
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

// The centred orthonormal transform along y, at the central lines only.
at::Tensor SlicePreparation::calibration_of_images(std::int64_t lines, float scale) {
  std::vector<Sample> roots(static_cast<std::size_t>(height_));
  const double size = static_cast<double>(scale) / std::sqrt(static_cast<double>(height_));
  for (std::int64_t turn = 0; turn < height_; ++turn) {
    const double angle = -2 * std::numbers::pi * static_cast<double>(turn) / static_cast<double>(height_);
    roots[static_cast<std::size_t>(turn)] = Sample(std::polar(size, angle));
  }
  const at::Tensor transform = at::empty({lines, height_}, at::kComplexFloat);
  for (std::int64_t line = 0; line < lines; ++line) {
    for (std::int64_t y = 0; y < height_; ++y) {
      const std::int64_t turn = (line - lines / 2) * (y - height_ / 2) % height_;
      samples_of(transform)[line * height_ + y] = roots[static_cast<std::size_t>((turn + height_) % height_)];
    }
  }
  const at::Tensor calibration = sized(workspace_.calibration, {coils_, lines, source_width_});
  in_units(coils_, [&](std::int64_t coil, auto& /*own*/, auto& /*found*/) {
    at::Tensor result = calibration[coil];
    at::matmul_out(result, transform, source_[coil]);
  });
  return calibration;
}

// Once cropped, transformed along x.
at::Tensor SlicePreparation::calibration_of_kspace(std::int64_t lines, float scale) {
  at::Tensor central = source_.narrow(1, height_ / 2 - lines / 2, lines);
  if (!cropped() && scale == 1) {
    return central;
  }
  const at::Tensor readouts = sized(workspace_.readouts, central.sizes());
  const at::Tensor calibration = cropped() ? sized(workspace_.calibration, {coils_, lines, width_}) : readouts;
  const std::int64_t shift = cropped() ? source_width_ / 2 : 0;  // brings the centre to the front
  in_units(units_of(coils_, calibration_coils), [&](std::int64_t unit, SliceWorkspace::Participant& own,
                                                    auto& /*found*/) {
    const std::int64_t first = unit * calibration_coils;
    const std::int64_t count = std::min(calibration_coils, coils_ - first);
    for (std::int64_t row = first * lines; row < (first + count) * lines; ++row) {
      const Sample* from = const_samples_of(central) + row / lines * central.stride(0) + row % lines * source_width_;
      Sample* to = samples_of(readouts) + row * source_width_;
      kernels::copy_scaled(from, shift, scale, to + source_width_ - shift);
      kernels::copy_scaled(from + shift, source_width_ - shift, scale, to);
    }
    if (cropped()) {
      const at::Tensor rows = readouts.narrow(0, first, count);
      transform(rows.flatten(0, 1), {false, true}, Direction::inverse, own);
      crop_rows(rows, calibration.narrow(0, first, count));
    }
  });
  return calibration;
}

// Samples times scale_. Returns the peak of the whole slice before scaling, as bits.
std::int32_t SlicePreparation::combine_scaled() {
  const bool whole_rows = columns_.length() == source_width_;  // they follow each other
  const std::int64_t rows_of_a_unit = std::max<std::int64_t>(1, combined_pixels / columns_.length());
  const std::int64_t combining = units_of(rows_.length(), rows_of_a_unit);
  const std::int64_t looking = whole_rows && rows_.length() == height_ ? 0 : coils_;  // at what is not combined
  in_units(combining + looking, [&](std::int64_t unit, SliceWorkspace::Participant& own, SliceWorkspace::Found& found) {
    if (unit >= combining) {
      found.peak_bits = peak_outside(rows_, columns_, unit - combining);
      return;
    }
    const Range rows{rows_.begin + unit * rows_of_a_unit,
                     std::min(rows_.end, rows_.begin + (unit + 1) * rows_of_a_unit)};
    if (whole_rows) {
      combine_run(own, found, {rows.begin * source_width_, rows.end * source_width_});
      return;
    }
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
      combine_run(own, found, {row * source_width_ + columns_.begin, row * source_width_ + columns_.end});
    }
  });
  energy_ = sum_of_energies();
  return largest_peak();
}

// Virtual coils at pixels of the slice that follow each other in memory.
void SlicePreparation::combine_run(SliceWorkspace::Participant& own, SliceWorkspace::Found& found, Range pixels) const {
  for (std::int64_t first = pixels.begin; first < pixels.end; first += block_pixels) {
    const std::int64_t last = std::min(first + block_pixels, pixels.end);
    const Sample* from = const_samples_of(source_) + first;
    found.peak_bits = std::max(found.peak_bits, own.block.read(from, source_.stride(0), last - first, scale_));
    found.energy += combine_block(own.block, first, last);
  }
}

// Virtual coils at the block's pixels, `first` to `last - 1` of the slice, to where the transform expects them. Returns
// their energy.
double SlicePreparation::combine_block(const kernels::CoilBlock& block, std::int64_t first, std::int64_t last) const {
  const std::int64_t height = rows_.length();
  const std::int64_t width = columns_.length();
  double energy = 0;
  for (std::int64_t pixel = first; pixel < last;) {
    std::int64_t end = last;
    std::int64_t to = pixel;
    if (kspace_) {
      const std::int64_t x = pixel % source_width_ - columns_.begin;
      end = std::min(last, pixel - x + (x < width / 2 ? width / 2 : width));
      to = kernels::to_front(pixel / source_width_ - rows_.begin, height) * width + kernels::to_front(x, width);
    }
    energy += kernels::combine_coils(block, workspace_.weights, pixel - first, end - pixel, samples_of(planes_) + to,
                                     height * width);
    pixel = end;
  }
  return energy;
}

// Removes readout oversampling from the virtual coils; the energy is what is left.
void SlicePreparation::crop() {
  const at::Tensor whole = planes_;
  planes_ = sized(workspace_.cropped, {virtual_coils_, rows_.length(), width_});
  in_units(virtual_coils_, [&](std::int64_t coil, SliceWorkspace::Participant& own, SliceWorkspace::Found& found) {
    const at::Tensor plane = planes_[coil];
    transform(whole[coil], {false, true}, Direction::inverse, own);
    crop_rows(whole[coil], plane);
    found.energy = kernels::energy_of(const_samples_of(plane), plane.numel());
  });
  energy_ = sum_of_energies();
}

void SlicePreparation::transform(const at::Tensor& plane, Axes axes, Direction direction,
                                 SliceWorkspace::Participant& own) const {
  workspace_.transforms.run(plane, axes, direction, own.transform);
}

Plane SlicePreparation::plane_of(const at::Tensor& image, Axes shifted) {
  return {const_samples_of(image), image.size(0), image.size(1), shifted.y, shifted.x};
}

// Phase, scale and layout of one virtual coil.
void SlicePreparation::stack_coil(const Plane& image, float* real, float* imaginary) const {
  const std::int64_t pixels = image.height * image.width;
  std::complex<double> phase = 1;
  if (contract_.compress) {
    const std::complex<double> sum = kernels::phase_sum(image.samples, pixels);
    phase = std::abs(sum) > 0 ? std::conj(sum) / std::abs(sum) : phase;
  }
  const double scale = std::sqrt(static_cast<double>(pixels) / energy_);
  kernels::stack_plane(image, Sample(phase * scale), real, imaginary);
}

// Brings every virtual coil to the contract's matrix; the energy is what is left. Throws Error bad_input where that is
// nothing.
void SlicePreparation::resample() {
  const std::int64_t matrix = contract_.matrix;
  const at::Tensor planes = planes_;
  const bool in_place = axes_at_hand().y && axes_at_hand().x && planes.size(1) == matrix;
  planes_ = in_place ? planes : sized(workspace_.resampled, {virtual_coils_, matrix, matrix});
  in_units(virtual_coils_, [&](std::int64_t coil, SliceWorkspace::Participant& own, SliceWorkspace::Found& found) {
    const at::Tensor image = planes_[coil];
    if (in_place) {
      transform(image, {true, true}, Direction::inverse, own);
    } else {
      resample_coil(planes[coil], image, own);
    }
    found.energy = kernels::energy_of(const_samples_of(image), matrix * matrix);
  });
  energy_ = sum_of_energies();
  refuse_silence();
}

// Pads the image of a virtual coil to a square, and crops or pads the square's k-space to the contract's matrix: that
// image goes to `result`. Where the square's k-space is at hand, there is no way through the image. Uses up `plane`.
void SlicePreparation::resample_coil(const at::Tensor& plane, const at::Tensor& result,
                                     SliceWorkspace::Participant& own) const {
  const std::int64_t matrix = contract_.matrix;
  const Axes kspace = kspace_axes();
  if (square() == matrix) {
    transform(plane, kspace, Direction::inverse, own);
    kernels::resize(plane_of(plane, kspace), samples_of(result), matrix, matrix);
    return;
  }
  const Axes missing{!axes_at_hand().y, !axes_at_hand().x};
  transform(plane, {kspace.y && missing.y, kspace.x && missing.x}, Direction::inverse, own);
  if (missing.any()) {
    const std::int64_t height = missing.y ? square() : matrix;
    const std::int64_t width = missing.x ? square() : matrix;
    const at::Tensor padded = sized(own.padded, {height, width});
    kernels::resize(plane_of(plane, kspace), samples_of(padded), height, width);
    transform(padded, missing, Direction::forward, own);
    kernels::resize(plane_of(padded, {true, true}), samples_of(result), matrix, matrix);
  } else {
    kernels::resize(plane_of(plane, kspace), samples_of(result), matrix, matrix);
  }
  transform(result, {true, true}, Direction::inverse, own);
}

}  // namespace mriembed
