#include "slice_preparation.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <string>

#include "coil_matrices.hpp"
#include "kernels/sample_copy.hpp"
#include "kernels/stacking.hpp"
#include "kernels/thread_team.hpp"
#include "mriembed/error.hpp"

namespace mriembed {

namespace {

using kernels::Plane;
using Sample = std::complex<float>;

constexpr std::int64_t block_pixels = kernels::CoilBlock::most_pixels;

// Samples of all coils that are transformed along x together: with the result they stay in a core's L2 cache.
constexpr std::int64_t readout_samples = 65536;

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

// Whether squares of samples of this peak neither overflow nor lose digits that matter.
bool squares_well(std::int32_t peak_bits) { return std::abs((peak_bits >> 23) - 127) <= 32; }

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
      shift_y_(slices.kspace),
      shift_x_(slices.kspace && width_ == source_width_),
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
}

// Samples are taken as they are; only where that would not do for squares, a second look scales them first.
void SlicePreparation::gather() {
  const std::int32_t peak_bits = gather_scaled(1);
  refuse_faults(peak_bits);
  const float to_one = scale_to_one(peak_bits);
  if (!squares_well(peak_bits)) {
    gather_scaled(to_one);
  }
  scale_ = to_one;
  if (cropped()) {
    source_ = hybrid_;
    scale_ = squares_well(peak_bits) ? to_one : 1;
  }
}

void SlicePreparation::check() {
  std::int32_t peak_bits = 0;
  const std::int64_t pixels = height_ * source_width_;
  for (std::int64_t first = 0; first < pixels; first += block_pixels) {
    const std::int64_t count = std::min(block_pixels, pixels - first);
    const std::int32_t bits = at_part(0).block.read(const_samples_of(source_) + first, source_.stride(0), count, 1);
    peak_bits = std::max(peak_bits, bits);
  }
  refuse_faults(peak_bits);
}

double SlicePreparation::combine(const std::optional<at::Tensor>& whitening) {
  double energy_kept = 1;
  at::Tensor weights;
  if (contract_.compress) {
    at::Tensor gram = at::empty({coils_, coils_}, at::kComplexDouble);
    for (std::int64_t part = 1; part < parts_; ++part) {
      at_part(0).gram.merge(at_part(part).gram);
    }
    at_part(0).gram.write(reinterpret_cast<std::complex<double>*>(gram.mutable_data_ptr<c10::complex<double>>()));
    CoilCompression compression = compress_coils(gram, whitening, contract_.num_coils);
    weights = compression.weights;
    energy_kept = compression.energy_kept;
  } else {
    weights = whitening ? *whitening : at::eye(coils_, at::kComplexDouble);
  }
  weights = weights.resolve_conj().to(at::kComplexFloat).contiguous();
  virtual_coils_ = weights.size(0);
  workspace_.weights.assign({const_samples_of(weights), static_cast<std::size_t>(weights.numel())}, coils_);
  planes_ = sized(workspace_.virtual_coils, {virtual_coils_, height_, width_});

  in_parts(parts_, [&](std::int64_t index) {
    SliceWorkspace::Part& part = at_part(index);
    part.energy = 0;
    const Range range = share_of(height_ * width_, index);
    // Backwards: the pixels that were looked at last are still in the core's cache.
    for (std::int64_t last = range.end; last > range.begin;) {
      const std::int64_t first = std::max(last - block_pixels, range.begin);
      part.block.read(const_samples_of(source_) + first, source_.stride(0), last - first, scale_);
      part.block.expect_next(const_samples_of(source_) + std::max(first - block_pixels, range.begin));
      combine_block(part, first, last);
      last = first;
    }
  });
  for (std::int64_t part = 0; part < parts_; ++part) {
    energy_ += at_part(part).energy;
  }
  return energy_kept;
}

void SlicePreparation::stack(float* stacked) {
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
        const at::Tensor image = transformed(planes_.select(0, coil));
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

// One pass over the samples times `scale`. Returns the peak before scaling, as bits.
std::int32_t SlicePreparation::gather_scaled(float scale) {
  if (cropped()) {
    hybrid_ = sized(workspace_.hybrid, {coils_, height_, width_});
  }
  in_parts(parts_, [&](std::int64_t index) {
    SliceWorkspace::Part& part = at_part(index);
    part.peak_bits = 0;
    if (contract_.compress) {
      part.gram.reset(coils_);
    }
    if (cropped()) {
      gather_readouts(part, share_of(height_, index), scale);
    } else {
      const Range pixels = share_of(height_ * width_, index);
      part.peak_bits = gather_pixels(part, source_, pixels, scale);
    }
  });
  std::int32_t peak_bits = 0;
  for (std::int64_t part = 0; part < parts_; ++part) {
    peak_bits = std::max(peak_bits, at_part(part).peak_bits);
  }
  return peak_bits;
}

// Adds pixels of (coils, y, x) samples to the Gram matrix. Returns their peak.
std::int32_t SlicePreparation::gather_pixels(SliceWorkspace::Part& part, const at::Tensor& samples, Range pixels,
                                             float scale) const {
  std::int32_t peak_bits = 0;
  for (std::int64_t first = pixels.begin; first < pixels.end; first += block_pixels) {
    const std::int64_t count = std::min(block_pixels, pixels.end - first);
    peak_bits =
        std::max(peak_bits, part.block.read(const_samples_of(samples) + first, samples.stride(0), count, scale));
    if (contract_.compress) {
      part.gram.add(part.block);
    }
  }
  return peak_bits;
}

// Transforms rows along x for all coils, crops them to the hybrid (coils, y, x) and adds that to the Gram matrix.
void SlicePreparation::gather_readouts(SliceWorkspace::Part& part, Range rows, float scale) const {
  const std::int64_t together = std::max<std::int64_t>(1, readout_samples / (coils_ * source_width_));
  const std::int64_t half = source_width_ / 2;
  for (std::int64_t first = rows.begin; first < rows.end; first += together) {
    const std::int64_t count = std::min(together, rows.end - first);
    const at::Tensor readouts = sized(part.readouts, {coils_ * count, source_width_});
    for (std::int64_t row = 0; row < coils_ * count; ++row) {
      const Sample* from =
          const_samples_of(source_) + row / count * source_.stride(0) + (first + row % count) * source_width_;
      Sample* to = samples_of(readouts) + row * source_width_;
      const std::int32_t low = kernels::copy_scaled(from, half, scale, to + source_width_ - half);
      const std::int32_t high = kernels::copy_scaled(from + half, source_width_ - half, scale, to);
      part.peak_bits = std::max({part.peak_bits, low, high});
    }
    const at::Tensor images = at::fft_ifft(readouts, std::nullopt, -1, "ortho").contiguous();
    for (std::int64_t row = 0; row < coils_ * count; ++row) {
      const Sample* from = const_samples_of(images) + row * source_width_;
      Sample* to = samples_of(hybrid_) + (row / count * height_ + first + row % count) * width_;
      to = std::copy_n(from + source_width_ - width_ / 2, width_ / 2, to);  // left of the centre
      std::copy_n(from, width_ - width_ / 2, to);
    }
    gather_pixels(part, hybrid_, {first * width_, (first + count) * width_}, 1);
  }
}

// Virtual coils at the block's pixels, `first` to `last - 1` of the slice, to where the transform expects them.
void SlicePreparation::combine_block(SliceWorkspace::Part& part, std::int64_t first, std::int64_t last) const {
  const std::int64_t plane = height_ * width_;
  for (std::int64_t pixel = first; pixel < last;) {
    std::int64_t end = last;
    std::int64_t to = pixel;
    if (shift_x_) {
      const std::int64_t x = pixel % width_;
      end = std::min(last, pixel - x + (x < width_ / 2 ? width_ / 2 : width_));
      to = kernels::to_front(pixel / width_, height_) * width_ + kernels::to_front(x, width_);
    } else if (shift_y_) {
      const std::int64_t middle = height_ / 2 * width_;
      end = pixel < middle ? std::min(last, middle) : last;
      to = pixel < middle ? pixel + plane - middle : pixel - middle;
    }
    part.energy += kernels::combine_coils(part.block, workspace_.weights, pixel - first, end - pixel,
                                          samples_of(planes_) + to, plane);
    pixel = end;
  }
}

at::Tensor SlicePreparation::transformed(const at::Tensor& plane) const {
  if (shift_x_) {
    return at::fft_ifft2(plane, std::nullopt, {0, 1}, "ortho").contiguous();
  }
  return shift_y_ ? at::fft_ifft(plane, std::nullopt, 0, "ortho").contiguous() : plane;
}

Plane SlicePreparation::plane_of(const at::Tensor& image) const {
  return {const_samples_of(image), height_, width_, shift_y_, shift_x_};
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

// Brings every virtual coil to the contract's matrix: padded to a square, whose k-space is cropped or padded. Phases
// are those of the whole images; the energy is what is left. Throws Error bad_input where that is nothing.
void SlicePreparation::resample() {
  const std::int64_t matrix = contract_.matrix;
  const std::int64_t side = std::max(height_, width_);
  const at::Tensor squares = sized(workspace_.squares, {virtual_coils_, side, side});
  const at::Tensor resampled = sized(workspace_.resampled, {virtual_coils_, matrix, matrix});
  phases_.resize(static_cast<std::size_t>(virtual_coils_));
  std::vector<double> energies(static_cast<std::size_t>(virtual_coils_));
  in_parts(parts_, [&](std::int64_t part) {
    for (std::int64_t coil = part; coil < virtual_coils_; coil += parts_) {
      const at::Tensor image = transformed(planes_.select(0, coil));
      const Plane whole = plane_of(image);
      phases_[static_cast<std::size_t>(coil)] = phase_of(whole);
      at::Tensor result = resampled.select(0, coil);
      if (side == matrix) {
        kernels::resize_to_square(whole, samples_of(result), side);
      } else {
        const at::Tensor square = squares.select(0, coil);
        kernels::resize_to_square(whole, samples_of(square), side);
        const at::Tensor kspace = at::fft_fft2(square, std::nullopt, {0, 1}, "ortho").contiguous();
        kernels::resize_to_square({const_samples_of(kspace), side, side, true, true}, samples_of(result), matrix);
        // An orthonormal transform of n ones gives sqrt(n) at the centre: the factor keeps image values at their
        // size.
        const double size = static_cast<double>(matrix) / static_cast<double>(side);
        result.copy_(at::fft_ifft2(result, std::nullopt, {0, 1}, "ortho").mul_(size));
      }
      energies[static_cast<std::size_t>(coil)] = kernels::energy_of(const_samples_of(result), matrix * matrix);
    }
  });
  energy_ = std::accumulate(energies.begin(), energies.end(), 0.0);
  refuse_silence();
}

}  // namespace mriembed
