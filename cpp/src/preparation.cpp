#include "preparation.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <numeric>
#include <string>
#include <utility>

#include "coil_matrices.hpp"
#include "kernels/coil_block.hpp"
#include "kernels/coil_gram.hpp"
#include "kernels/sample_copy.hpp"
#include "kernels/stacking.hpp"
#include "kernels/thread_team.hpp"
#include "kernels/virtual_coils.hpp"
#include "mriembed/error.hpp"

namespace mriembed {

namespace {

using kernels::CoilBlock;
using Sample = std::complex<float>;

constexpr std::int64_t block_pixels = CoilBlock::most_pixels;

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

struct Range {
  std::int64_t begin;
  std::int64_t end;
};

Range part_of(std::int64_t length, std::int64_t part, std::int64_t parts) {
  return {length * part / parts, length * (part + 1) / parts};
}

// Where an index goes when the centre, length / 2, comes to the front (ifftshift).
std::int64_t to_front(std::int64_t index, std::int64_t length) { return (index + length - length / 2) % length; }

// An image of one virtual coil, or its k-space. Along an axis that is shifted the centre is at the front.
struct Plane {
  const Sample* samples;
  std::int64_t height;
  std::int64_t width;
  bool shift_y;
  bool shift_x;
};

// Crops or pads a plane around its centre to `side` x `side` samples, whose centre is at the front of both axes.
void resize_to_square(const Plane& plane, Sample* square, std::int64_t side) {
  const std::int64_t height = std::min(plane.height, side);
  const std::int64_t width = std::min(plane.width, side);
  const std::int64_t right = width - width / 2;  // the centre, and what lies right of it
  for (std::int64_t y = 0; y < side; ++y) {
    Sample* row = square + y * side;
    const std::int64_t down = y < height - height / 2 ? y : y - side;  // from the centre
    if (down < -(height / 2)) {
      std::fill_n(row, side, Sample(0));
      continue;
    }
    const std::int64_t from_y = plane.shift_y ? (down + plane.height) % plane.height : down + plane.height / 2;
    const Sample* from = plane.samples + from_y * plane.width;
    const Sample* centre = plane.shift_x ? from : from + plane.width / 2;
    const Sample* left = plane.shift_x ? from + plane.width - width / 2 : centre - width / 2;
    std::copy_n(centre, right, row);
    std::fill_n(row + right, side - width, Sample(0));
    std::copy_n(left, width / 2, row + side - width / 2);
  }
}

}  // namespace

struct Preparation::Input {
  at::Tensor samples;  // (slices, coils, y, x)
  bool kspace;
  std::optional<at::Tensor> noise_covariance;
  std::int64_t width;  // of the result
};

// Grows to the largest slice seen and is reused from then on.
struct Preparation::Workspace {
  // What each thread has for itself.
  struct Part {
    CoilBlock block;
    kernels::CoilGram gram;
    std::int32_t peak_bits = 0;
    double energy = 0;
    at::Tensor readouts;
  };

  std::vector<Part> parts;
  kernels::CoilWeights weights;
  at::Tensor contiguous;
  at::Tensor hybrid;
  at::Tensor virtual_coils;
  at::Tensor squares;    // virtual coils padded to a square, then its k-space cropped
  at::Tensor resampled;  // virtual coils at the contract's matrix
};

// One slice on its way through the steps.
class Preparation::Slice {
 public:
  Slice(const Preparation& preparation, const Input& input, std::int64_t index, Workspace& workspace)
      : preparation_(preparation),
        workspace_(workspace),
        index_(index),
        source_(input.samples[index]),
        coils_(input.samples.size(1)),
        height_(input.samples.size(2)),
        source_width_(input.samples.size(3)),
        width_(input.width),
        shift_y_(input.kspace),
        shift_x_(input.kspace && width_ == source_width_),
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

  // Looks at every sample: refuses what cannot be embedded, removes readout oversampling, gathers the Gram matrix.
  //
  // Samples are taken as they are; only where that would not do for squares, a second look scales them first.
  void gather() {
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

  // Only refuses what gather() would refuse.
  void check() {
    std::int32_t peak_bits = 0;
    const std::int64_t pixels = height_ * source_width_;
    for (std::int64_t first = 0; first < pixels; first += block_pixels) {
      const std::int64_t count = std::min(block_pixels, pixels - first);
      const std::int32_t bits = at_part(0).block.read(const_samples_of(source_) + first, source_.stride(0), count, 1);
      peak_bits = std::max(peak_bits, bits);
    }
    refuse_faults(peak_bits);
  }

  // Prewhitening and coil compression. Returns the share of the energy that is kept.
  double combine(const std::optional<at::Tensor>& whitening) {
    double energy_kept = 1;
    at::Tensor weights;
    if (preparation_.compress_) {
      at::Tensor gram = at::empty({coils_, coils_}, at::kComplexDouble);
      for (std::int64_t part = 1; part < parts_; ++part) {
        at_part(0).gram.merge(at_part(part).gram);
      }
      at_part(0).gram.write(reinterpret_cast<std::complex<double>*>(gram.mutable_data_ptr<c10::complex<double>>()));
      CoilCompression compression = compress_coils(gram, whitening, preparation_.num_coils_);
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
      Workspace::Part& part = at_part(index);
      part.energy = 0;
      const Range range = part_of(height_ * width_, index, parts_);
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

  // Throws Error bad_input where nothing is left to scale.
  void refuse_silence() const {
    if (!(energy_ > 0)) {
      throw Error(ErrorCode::bad_input,
                  "slice " + std::to_string(index_) + " has no signal left inside the cropped readout or matrix");
    }
  }

  // The transform, phase, matrix, scale and layout. `stacked` is (2 x num_coils, height, width) of the result.
  void stack(float* stacked) {
    const std::int64_t matrix = preparation_.matrix_;
    const std::int64_t plane = matrix > 0 ? matrix * matrix : height_ * width_;
    const std::int64_t num_coils = preparation_.num_coils_;
    if (matrix > 0) {
      resample(matrix);
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

 private:
  [[nodiscard]] bool cropped() const { return width_ != source_width_; }

  Workspace::Part& at_part(std::int64_t part) { return workspace_.parts[static_cast<std::size_t>(part)]; }

  void refuse_faults(std::int32_t peak_bits) const {
    const std::string slice = "slice " + std::to_string(index_);
    if (peak_bits >= kernels::infinity_bits) {
      throw Error(ErrorCode::bad_input, slice + " holds NaN or infinite samples; only finite samples can be embedded");
    }
    if (peak_bits == 0) {
      throw Error(ErrorCode::bad_input, slice + " is all zero; a slice needs signal to be embedded");
    }
  }

  // One pass over the samples times `scale`. Returns the peak before scaling, as bits.
  std::int32_t gather_scaled(float scale) {
    if (cropped()) {
      hybrid_ = sized(workspace_.hybrid, {coils_, height_, width_});
    }
    in_parts(parts_, [&](std::int64_t index) {
      Workspace::Part& part = at_part(index);
      part.peak_bits = 0;
      if (preparation_.compress_) {
        part.gram.reset(coils_);
      }
      if (cropped()) {
        gather_readouts(part, part_of(height_, index, parts_), scale);
      } else {
        const Range pixels = part_of(height_ * width_, index, parts_);
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
  std::int32_t gather_pixels(Workspace::Part& part, const at::Tensor& samples, Range pixels, float scale) const {
    std::int32_t peak_bits = 0;
    for (std::int64_t first = pixels.begin; first < pixels.end; first += block_pixels) {
      const std::int64_t count = std::min(block_pixels, pixels.end - first);
      peak_bits =
          std::max(peak_bits, part.block.read(const_samples_of(samples) + first, samples.stride(0), count, scale));
      if (preparation_.compress_) {
        part.gram.add(part.block);
      }
    }
    return peak_bits;
  }

  // Transforms rows along x for all coils, crops them to the hybrid (coils, y, x) and adds that to the Gram matrix.
  void gather_readouts(Workspace::Part& part, Range rows, float scale) const {
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
  void combine_block(Workspace::Part& part, std::int64_t first, std::int64_t last) const {
    const std::int64_t plane = height_ * width_;
    for (std::int64_t pixel = first; pixel < last;) {
      std::int64_t end = last;
      std::int64_t to = pixel;
      if (shift_x_) {
        const std::int64_t x = pixel % width_;
        end = std::min(last, pixel - x + (x < width_ / 2 ? width_ / 2 : width_));
        to = to_front(pixel / width_, height_) * width_ + to_front(x, width_);
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

  [[nodiscard]] at::Tensor transformed(const at::Tensor& plane) const {
    if (shift_x_) {
      return at::fft_ifft2(plane, std::nullopt, {0, 1}, "ortho").contiguous();
    }
    return shift_y_ ? at::fft_ifft(plane, std::nullopt, 0, "ortho").contiguous() : plane;
  }

  [[nodiscard]] Plane plane_of(const at::Tensor& image) const {
    return {const_samples_of(image), height_, width_, shift_y_, shift_x_};
  }

  // What turns a virtual coil's phase to the contract's.
  [[nodiscard]] std::complex<double> phase_of(const Plane& image) const {
    if (preparation_.compress_) {
      const std::complex<double> sum = kernels::phase_sum(image.samples, image.height * image.width);
      if (std::abs(sum) > 0) {
        return std::conj(sum) / std::abs(sum);
      }
    }
    return 1;
  }

  // Brings every virtual coil to the contract's matrix: padded to a square, whose k-space is cropped or padded. Phases
  // are those of the whole images; the energy is what is left. Throws Error bad_input where that is nothing.
  void resample(std::int64_t matrix) {
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
          resize_to_square(whole, samples_of(result), side);
        } else {
          const at::Tensor square = squares.select(0, coil);
          resize_to_square(whole, samples_of(square), side);
          const at::Tensor kspace = at::fft_fft2(square, std::nullopt, {0, 1}, "ortho").contiguous();
          resize_to_square({const_samples_of(kspace), side, side, true, true}, samples_of(result), matrix);
          // An orthonormal transform of n ones gives sqrt(n) at the centre: the factor keeps image values at their
          // size.
          const double size = static_cast<double>(matrix) / static_cast<double>(side);
          result.copy_(at::fft_ifft2(result, std::nullopt, {0, 1}, "ortho").mul_(size));
        }
        energies[static_cast<std::size_t>(coil)] = energy_of(const_samples_of(result), matrix * matrix);
      }
    });
    energy_ = std::accumulate(energies.begin(), energies.end(), 0.0);
    refuse_silence();
  }

  static double energy_of(const Sample* image, std::int64_t pixels) {
    double energy = 0;
    for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
      energy += static_cast<double>(std::norm(image[pixel]));
    }
    return energy;
  }

  // Phase, scale and layout of one virtual coil.
  void stack_coil(const Plane& image, std::complex<double> phase, float* real, float* imaginary) const {
    const double scale = std::sqrt(static_cast<double>(image.height * image.width) / energy_);
    const Sample factor(phase * scale);
    const std::int64_t split = image.shift_x ? image.width - image.width / 2 : image.width;  // right of the centre
    for (std::int64_t y = 0; y < image.height; ++y) {
      const Sample* row = image.samples + (image.shift_y ? to_front(y, image.height) : y) * image.width;
      const std::int64_t to = y * image.width;
      const std::int64_t left = image.width - split;
      kernels::stack_pixels(row + split, left, factor, real + to, imaginary + to);
      kernels::stack_pixels(row, split, factor, real + to + left, imaginary + to + left);
    }
  }

  const Preparation& preparation_;
  Workspace& workspace_;
  std::int64_t index_;
  at::Tensor source_;  // (coils, y, x): the samples, once they are cropped the hybrid
  std::int64_t coils_;
  std::int64_t height_;
  std::int64_t source_width_;
  std::int64_t width_;
  bool shift_y_;
  bool shift_x_;
  std::int64_t parts_;
  float scale_ = 1;    // of source_, to a peak of about 1
  at::Tensor hybrid_;  // transformed along x and cropped
  std::int64_t virtual_coils_ = 0;
  at::Tensor planes_;  // (virtual coils, y, x)
  double energy_ = 0;
  std::vector<std::complex<double>> phases_;  // of the virtual coils, where they are resampled
};

bool Preparation::serves(const ModelInfo& info) {
  return info.preprocessing_contract == 1 && (info.coil_compression == "pca" || info.coil_compression == "none");
}

Preparation::Preparation(const ModelInfo& info)
    : num_coils_(info.num_coils), compress_(info.coil_compression == "pca"), matrix_(info.matrix) {}

Preparation::~Preparation() = default;

std::unique_ptr<Preparation::Workspace> Preparation::take_workspace() const {
  const std::scoped_lock lock(mutex_);
  if (free_workspaces_.empty()) {
    return std::make_unique<Workspace>();
  }
  auto workspace = std::move(free_workspaces_.back());
  free_workspaces_.pop_back();
  return workspace;
}

void Preparation::give_back(std::unique_ptr<Workspace> workspace) const {
  const std::scoped_lock lock(mutex_);
  free_workspaces_.push_back(std::move(workspace));
}

Prepared Preparation::prepare_images(const at::Tensor& coil_images) const {
  return prepare({coil_images, false, std::nullopt, coil_images.size(3)});
}

Prepared Preparation::prepare_kspace(const at::Tensor& kspace, const std::optional<at::Tensor>& noise_covariance,
                                     std::optional<std::int64_t> readout_width) const {
  return prepare({kspace, true, noise_covariance, readout_width.value_or(kspace.size(3))});
}

Prepared Preparation::prepare(const Input& input) const {
  const std::int64_t slices = input.samples.size(0);
  const std::int64_t height = matrix_ > 0 ? matrix_ : input.samples.size(2);
  const std::int64_t width = matrix_ > 0 ? matrix_ : input.width;
  Prepared prepared{at::empty({slices, 2 * num_coils_, height, width}, at::kFloat), at::ones({slices}, at::kDouble)};
  const std::int64_t slice_floats = prepared.stacked.stride(0);
  std::unique_ptr<Workspace> workspace = take_workspace();
  std::optional<at::Tensor> whitening;
  // The contract looks at all samples first: their faults are reported rather than others.
  const auto check_from = [&](std::int64_t first) {
    for (std::int64_t index = first; index < slices; ++index) {
      Slice(*this, input, index, *workspace).check();
    }
  };
  for (std::int64_t index = 0; index < slices; ++index) {
    Slice slice(*this, input, index, *workspace);
    slice.gather();
    if (input.noise_covariance && !whitening) {
      try {
        whitening = whitening_matrix(*input.noise_covariance);
      } catch (const Error&) {
        check_from(index + 1);
        throw;
      }
    }
    prepared.energy_kept.mutable_data_ptr<double>()[index] = slice.combine(whitening);
    try {
      slice.refuse_silence();
      slice.stack(prepared.stacked.mutable_data_ptr<float>() + index * slice_floats);
    } catch (const Error&) {
      check_from(index + 1);
      throw;
    }
  }
  give_back(std::move(workspace));
  return prepared;
}

}  // namespace mriembed
