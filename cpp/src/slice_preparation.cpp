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
      parts_(at::get_num_threads()) {
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
  workspace_.transforms.prepare(
      std::array{height_, width_, source_width_, std::max(height_, width_), contract_.matrix});
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
  planes_ = sized(workspace_.virtual_coils, {virtual_coils_, height_, source_width_});
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
  const std::int64_t matrix = contract_.matrix;
  const std::int64_t plane = matrix > 0 ? matrix * matrix : height_ * width_;
  const std::int64_t num_coils = contract_.num_coils;
  if (matrix > 0) {
    resample();
  }
  for (const std::int64_t half : {std::int64_t{0}, num_coils}) {
    std::fill(stacked + (half + virtual_coils_) * plane, stacked + (half + num_coils) * plane, 0.0F);
  }
  in_parts(parts_, [&](std::int64_t part) {
    for (std::int64_t coil = part; coil < virtual_coils_; coil += parts_) {
      float* real = stacked + coil * plane;
      float* imaginary = real + num_coils * plane;
      if (matrix > 0) {
        const Sample* image = samples_of(workspace_.resampled) + coil * plane;
        const auto phase = phases_[static_cast<std::size_t>(coil)];
        stack_coil({image, matrix, matrix, true, true}, phase, real, imaginary);
      } else {
        const at::Tensor image = planes_[coil];
        transform(image, kspace_axes(), Direction::inverse, at_part(part));
        const Plane whole = plane_of(image);
        stack_coil(whole, phase_of(whole), real, imaginary);
      }
    }
  });
}

// What of `length` rows or pixels is this part's.
SlicePreparation::Range SlicePreparation::share_of(std::int64_t length, std::int64_t part) const {
  return {length * part / parts_, length * (part + 1) / parts_};
}

// Of the whole slice, before scaling, as bits.
std::int32_t SlicePreparation::peak() {
  std::int32_t peak_bits = 0;
  const std::int64_t pixels = height_ * source_width_;
  for (std::int64_t first = 0; first < pixels; first += block_pixels) {
    const std::int64_t count = std::min(block_pixels, pixels - first);
    const std::int32_t bits = at_part(0).block.read(const_samples_of(source_) + first, source_.stride(0), count, 1);
    peak_bits = std::max(peak_bits, bits);
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
    const Range range = share_of(samples, index);
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

// All samples times scale_. Returns their peak before scaling, as bits.
std::int32_t SlicePreparation::combine_scaled() {
  in_parts(parts_, [&](std::int64_t index) {
    SliceWorkspace::Part& part = at_part(index);
    part.peak_bits = 0;
    part.energy = 0;
    const Range range = share_of(height_ * source_width_, index);
    for (std::int64_t first = range.begin; first < range.end; first += block_pixels) {
      const std::int64_t last = std::min(first + block_pixels, range.end);
      const Sample* from = const_samples_of(source_) + first;
      part.peak_bits = std::max(part.peak_bits, part.block.read(from, source_.stride(0), last - first, scale_));
      combine_block(part, first, last);
    }
  });
  energy_ = 0;
  std::int32_t peak_bits = 0;
  for (std::int64_t part = 0; part < parts_; ++part) {
    energy_ += at_part(part).energy;
    peak_bits = std::max(peak_bits, at_part(part).peak_bits);
  }
  return peak_bits;
}

// Virtual coils at the block's pixels, `first` to `last - 1` of the slice, to where the transform expects them.
void SlicePreparation::combine_block(SliceWorkspace::Part& part, std::int64_t first, std::int64_t last) const {
  for (std::int64_t pixel = first; pixel < last;) {
    std::int64_t end = last;
    std::int64_t to = pixel;
    if (kspace_) {
      const std::int64_t x = pixel % source_width_;
      end = std::min(last, pixel - x + (x < source_width_ / 2 ? source_width_ / 2 : source_width_));
      to = kernels::to_front(pixel / source_width_, height_) * source_width_ + kernels::to_front(x, source_width_);
    }
    part.energy += kernels::combine_coils(part.block, workspace_.weights, pixel - first, end - pixel,
                                          samples_of(planes_) + to, height_ * source_width_);
    pixel = end;
  }
}

// Removes readout oversampling from the virtual coils; the energy is what is left.
void SlicePreparation::crop() {
  const at::Tensor whole = planes_;
  planes_ = sized(workspace_.cropped, {virtual_coils_, height_, width_});
  std::vector<double> energies(static_cast<std::size_t>(virtual_coils_));
  in_parts(parts_, [&](std::int64_t part) {
    for (std::int64_t coil = part; coil < virtual_coils_; coil += parts_) {
      const at::Tensor plane = planes_[coil];
      transform(whole[coil], {false, true}, Direction::inverse, at_part(part));
      crop_rows(whole[coil], plane);
      energies[static_cast<std::size_t>(coil)] = kernels::energy_of(const_samples_of(plane), height_ * width_);
    }
  });
  energy_ = std::accumulate(energies.begin(), energies.end(), 0.0);
}

void SlicePreparation::transform(const at::Tensor& plane, Axes axes, Direction direction,
                                 SliceWorkspace::Part& part) const {
  workspace_.transforms.run(plane, axes, direction, part.transform);
}

Plane SlicePreparation::plane_of(const at::Tensor& image) const {
  return {const_samples_of(image), height_, width_, kspace_axes().y, kspace_axes().x};
}

// What turns a virtual coil's phase to the contract's.
std::complex<double> SlicePreparation::phase_of(const Plane& image) const {
  if (contract_.compress) {
    const std::complex<double> sum = kernels::phase_sum(image.samples, image.height * image.width);
    if (std::abs(sum) > 0) {
      return std::conj(sum) / std::abs(sum);
    }
  }
  return 1;
}

// Phase, scale and layout of one virtual coil.
void SlicePreparation::stack_coil(const Plane& image, std::complex<double> phase, float* real, float* imaginary) const {
  const double scale = std::sqrt(static_cast<double>(image.height * image.width) / energy_);
  kernels::stack_plane(image, Sample(phase * scale), real, imaginary);
}

// Brings every virtual coil to the contract's matrix. Phases are those of the whole images; the energy is what is left.
// Throws Error bad_input where that is nothing.
void SlicePreparation::resample() {
  const std::int64_t matrix = contract_.matrix;
  const at::Tensor resampled = sized(workspace_.resampled, {virtual_coils_, matrix, matrix});
  phases_.resize(static_cast<std::size_t>(virtual_coils_));
  std::vector<double> energies(static_cast<std::size_t>(virtual_coils_));
  in_parts(parts_, [&](std::int64_t part) {
    for (std::int64_t coil = part; coil < virtual_coils_; coil += parts_) {
      const at::Tensor plane = planes_[coil];
      const at::Tensor result = resampled[coil];
      resample_coil(plane, result, at_part(part));
      phases_[static_cast<std::size_t>(coil)] = phase_of(plane_of(plane));
      energies[static_cast<std::size_t>(coil)] = kernels::energy_of(const_samples_of(result), matrix * matrix);
    }
  });
  energy_ = std::accumulate(energies.begin(), energies.end(), 0.0);
  refuse_silence();
}

// Pads the image of a virtual coil to a square, and crops or pads the square's k-space to the contract's matrix: that
// image goes to `result`. Along an axis that needs no padding and is still k-space, the square's k-space is at hand.
// Leaves the whole image, not padded, in `plane`.
void SlicePreparation::resample_coil(const at::Tensor& plane, const at::Tensor& result,
                                     SliceWorkspace::Part& part) const {
  const std::int64_t matrix = result.size(0);
  const std::int64_t side = std::max(height_, width_);
  const Axes kspace = kspace_axes();
  if (side == matrix) {
    transform(plane, kspace, Direction::inverse, part);
    kernels::resize(plane_of(plane), samples_of(result), matrix, matrix);
    return;
  }
  const Axes at_hand{kspace.y && height_ == side, kspace.x && width_ == side};
  const Axes missing{!at_hand.y, !at_hand.x};
  transform(plane, {kspace.y && missing.y, kspace.x && missing.x}, Direction::inverse, part);
  const std::int64_t height = missing.y ? side : matrix;
  const std::int64_t width = missing.x ? side : matrix;
  if (missing.any()) {
    const at::Tensor square = sized(part.padded, {height, width});
    kernels::resize(plane_of(plane), samples_of(square), height, width);
    transform(square, missing, Direction::forward, part);
    kernels::resize({const_samples_of(square), height, width, true, true}, samples_of(result), matrix, matrix);
  } else {
    kernels::resize(plane_of(plane), samples_of(result), matrix, matrix);
  }
  transform(result, {true, true}, Direction::inverse, part);
  transform(plane, at_hand, Direction::inverse, part);
}

}  // namespace mriembed
