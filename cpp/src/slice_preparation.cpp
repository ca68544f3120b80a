#include "slice_preparation.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>
#include <numeric>
#include <string>

#include "coil_matrices.hpp"
#include "kernels/peak.hpp"
#include "kernels/sample_copy.hpp"
#include "kernels/stacking.hpp"
#include "kernels/thread_team.hpp"
#include "metadata.hpp"
#include "mriembed/error.hpp"

namespace mriembed {

namespace {

using kernels::Direction;
using kernels::Plane;
using Sample = std::complex<float>;

constexpr std::int64_t block_pixels = kernels::CoilBlock::most_pixels;

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

// Runs work(0) to work(parts - 1) on torch's threads.
template <typename Work>
void in_parts(std::int64_t parts, const Work& work) {
  kernels::run_parts(parts, [&](std::int64_t part) {
    const c10::InferenceMode inference;  // belongs to the thread
    work(part);
  });
}

}  // namespace

SlicePreparation::SlicePreparation(const SliceContract& contract, const RawSlices& slices, std::int64_t index,
                                   SliceWorkspace& workspace)
    : contract_(contract),
      workspace_(workspace),
      index_(index),
      source_(slices.samples[index]),
      coils_(slices.samples.size(1)),
      height_(slices.samples.size(2)),
      source_width_(slices.samples.size(3)),
      width_(slices.width),
      kspace_(slices.kspace),
      rows_{0, height_},
      columns_{0, source_width_},
      parts_(at::get_num_threads()) {
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
    copy.copy_(source_);
    source_ = copy;
  }
  workspace_.parts.resize(std::max(workspace_.parts.size(), static_cast<std::size_t>(parts_)));
  for (std::int64_t part = 0; part < parts_; ++part) {
    at_part(part).block.resize(coils_);
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
    at::Tensor gram = at::empty({coils_, coils_}, at::kComplexDouble);
    for (std::int64_t part = 1; part < parts_; ++part) {
      at_part(0).gram.merge(at_part(part).gram);
    }
    at_part(0).gram.write(reinterpret_cast<std::complex<double>*>(gram.mutable_data_ptr<c10::complex<double>>()));
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
  in_parts(parts_, [&](std::int64_t part) {
    for (std::int64_t coil = part; coil < virtual_coils_; coil += parts_) {
      const at::Tensor image = planes_[coil];
      transform(image, missing, Direction::inverse, at_part(part));
      float* real = stacked + coil * plane;
      stack_coil(plane_of(image, shifted), real, real + num_coils * plane);
    }
  });
}

// What of rows, pixels or coils is this part's.
SlicePreparation::Range SlicePreparation::share_of(Range whole, std::int64_t part) const {
  return {whole.begin + whole.length() * part / parts_, whole.begin + whole.length() * (part + 1) / parts_};
}

// Of these coils' samples but those in `rows` and `columns`, before scaling, as bits.
std::int32_t SlicePreparation::peak_outside(Range rows, Range columns, Range coils) const {
  std::int32_t peak_bits = 0;
  for (std::int64_t coil = coils.begin; coil < coils.end; ++coil) {
    const Sample* plane = const_samples_of(source_) + coil * source_.stride(0);
    // From where one row of the inner samples ends to where the next one begins.
    std::int64_t first = 0;
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
      const std::int64_t inner = row * source_width_ + columns.begin;
      peak_bits = std::max(peak_bits, kernels::peak_bits(plane + first, inner - first));
      first = inner + columns.length();
    }
    peak_bits = std::max(peak_bits, kernels::peak_bits(plane + first, height_ * source_width_ - first));
  }
  return peak_bits;
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
  in_parts(parts_, [&](std::int64_t index) {
    SliceWorkspace::Part& part = at_part(index);
    part.peak_bits = 0;
    part.gram.reset(coils_);
    const Range range = share_of({0, samples}, index);
    for (std::int64_t first = range.begin; first < range.end; first += block_pixels) {
      const std::int64_t count = std::min(block_pixels, range.end - first);
      const Sample* from = const_samples_of(calibration_) + first;
      part.peak_bits = std::max(part.peak_bits, part.block.read(from, calibration_.stride(0), count, 1));
      part.gram.add(part.block);
    }
  });
  std::int32_t peak_bits = 0;
  for (std::int64_t part = 0; part < parts_; ++part) {
    peak_bits = std::max(peak_bits, at_part(part).peak_bits);
  }
  return peak_bits;
}

// The centred orthonormal transform along y, at the central lines only.
at::Tensor SlicePreparation::calibration_of_images(std::int64_t lines, float scale) const {
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
  return at::matmul(transform, source_);
}

// Once cropped, transformed along x.
at::Tensor SlicePreparation::calibration_of_kspace(std::int64_t lines, float scale) {
  at::Tensor central = source_.narrow(1, height_ / 2 - lines / 2, lines);
  if (!cropped() && scale == 1) {
    return central;
  }
  at::Tensor readouts = sized(workspace_.readouts, central.sizes());
  const std::int64_t shift = cropped() ? source_width_ / 2 : 0;  // brings the centre to the front
  for (std::int64_t row = 0; row < coils_ * lines; ++row) {
    const Sample* from = const_samples_of(central) + row / lines * central.stride(0) + row % lines * source_width_;
    Sample* to = samples_of(readouts) + row * source_width_;
    kernels::copy_scaled(from, shift, scale, to + source_width_ - shift);
    kernels::copy_scaled(from + shift, source_width_ - shift, scale, to);
  }
  if (!cropped()) {
    return readouts;
  }
  const at::Tensor calibration = sized(workspace_.calibration, {coils_, lines, width_});
  transform(readouts.flatten(0, 1), {false, true}, Direction::inverse, at_part(0));
  crop_rows(readouts, calibration);
  return calibration;
}

// Samples times scale_. Returns the peak of the whole slice before scaling, as bits.
std::int32_t SlicePreparation::combine_scaled() {
  in_parts(parts_, [&](std::int64_t index) {
    SliceWorkspace::Part& part = at_part(index);
    part.peak_bits = 0;
    part.energy = 0;
    if (columns_.length() == source_width_) {  // rows follow each other
      combine_run(part, share_of({rows_.begin * source_width_, rows_.end * source_width_}, index));
    } else {
      const Range rows = share_of(rows_, index);
      for (std::int64_t row = rows.begin; row < rows.end; ++row) {
        combine_run(part, {row * source_width_ + columns_.begin, row * source_width_ + columns_.end});
      }
    }
    part.peak_bits = std::max(part.peak_bits, peak_outside(rows_, columns_, share_of({0, coils_}, index)));
  });
  energy_ = 0;
  std::int32_t peak_bits = 0;
  for (std::int64_t part = 0; part < parts_; ++part) {
    energy_ += at_part(part).energy;
    peak_bits = std::max(peak_bits, at_part(part).peak_bits);
  }
  return peak_bits;
}

// Virtual coils at pixels of the slice that follow each other in memory.
void SlicePreparation::combine_run(SliceWorkspace::Part& part, Range pixels) const {
  for (std::int64_t first = pixels.begin; first < pixels.end; first += block_pixels) {
    const std::int64_t last = std::min(first + block_pixels, pixels.end);
    const Sample* from = const_samples_of(source_) + first;
    part.peak_bits = std::max(part.peak_bits, part.block.read(from, source_.stride(0), last - first, scale_));
    combine_block(part, first, last);
  }
}

// Virtual coils at the block's pixels, `first` to `last - 1` of the slice, to where the transform expects them.
void SlicePreparation::combine_block(SliceWorkspace::Part& part, std::int64_t first, std::int64_t last) const {
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
    part.energy += kernels::combine_coils(part.block, workspace_.weights, pixel - first, end - pixel,
                                          samples_of(planes_) + to, height * width);
    pixel = end;
  }
}

// Removes readout oversampling from the virtual coils; the energy is what is left.
void SlicePreparation::crop() {
  const at::Tensor whole = planes_;
  planes_ = sized(workspace_.cropped, {virtual_coils_, rows_.length(), width_});
  std::vector<double> energies(static_cast<std::size_t>(virtual_coils_));
  in_parts(parts_, [&](std::int64_t part) {
    for (std::int64_t coil = part; coil < virtual_coils_; coil += parts_) {
      const at::Tensor plane = planes_[coil];
      transform(whole[coil], {false, true}, Direction::inverse, at_part(part));
      crop_rows(whole[coil], plane);
      energies[static_cast<std::size_t>(coil)] = kernels::energy_of(const_samples_of(plane), plane.numel());
    }
  });
  energy_ = std::accumulate(energies.begin(), energies.end(), 0.0);
}

void SlicePreparation::transform(const at::Tensor& plane, Axes axes, Direction direction,
                                 SliceWorkspace::Part& part) const {
  workspace_.transforms.run(plane, axes, direction, part.transform);
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
  std::vector<double> energies(static_cast<std::size_t>(virtual_coils_));
  in_parts(parts_, [&](std::int64_t part) {
    for (std::int64_t coil = part; coil < virtual_coils_; coil += parts_) {
      const at::Tensor image = planes_[coil];
      if (in_place) {
        transform(image, {true, true}, Direction::inverse, at_part(part));
      } else {
        resample_coil(planes[coil], image, at_part(part));
      }
      energies[static_cast<std::size_t>(coil)] = kernels::energy_of(const_samples_of(image), matrix * matrix);
    }
  });
  energy_ = std::accumulate(energies.begin(), energies.end(), 0.0);
  refuse_silence();
}

// Pads the image of a virtual coil to a square, and crops or pads the square's k-space to the contract's matrix: that
// image goes to `result`. Where the square's k-space is at hand, there is no way through the image. Uses up `plane`.
void SlicePreparation::resample_coil(const at::Tensor& plane, const at::Tensor& result,
                                     SliceWorkspace::Part& part) const {
  const std::int64_t matrix = contract_.matrix;
  const Axes kspace = kspace_axes();
  if (square() == matrix) {
    transform(plane, kspace, Direction::inverse, part);
    kernels::resize(plane_of(plane, kspace), samples_of(result), matrix, matrix);
    return;
  }
  const Axes missing{!axes_at_hand().y, !axes_at_hand().x};
  transform(plane, {kspace.y && missing.y, kspace.x && missing.x}, Direction::inverse, part);
  if (missing.any()) {
    const std::int64_t height = missing.y ? square() : matrix;
    const std::int64_t width = missing.x ? square() : matrix;
    const at::Tensor padded = sized(part.padded, {height, width});
    kernels::resize(plane_of(plane, kspace), samples_of(padded), height, width);
    transform(padded, missing, Direction::forward, part);
    kernels::resize(plane_of(padded, {true, true}), samples_of(result), matrix, matrix);
  } else {
    kernels::resize(plane_of(plane, kspace), samples_of(result), matrix, matrix);
  }
  transform(result, {true, true}, Direction::inverse, part);
}

}  // namespace mriembed
