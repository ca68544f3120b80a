// Some neighbouring pixels of all coils, brought close together for the kernels that read them more than once.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>

#include "kernels/aligned_array.hpp"

namespace mriembed::kernels {

// Real and imaginary parts of each coil lie apart. Behind the pixels that were read up to the next multiple of
// `pixel_group`, and in the coils up to the next multiple of `coil_group`, everything is zero, so that kernels work
// on whole vectors and tiles.
class CoilBlock {
 public:
  static constexpr std::int64_t most_pixels = 256;
  static constexpr std::int64_t pixel_group = 16;
  static constexpr std::int64_t coil_group = 6;

  // Holds up to `coils` coils from now on; keeps its memory where the number stays the same.
  void resize(std::int64_t coils);

  [[nodiscard]] std::int64_t coils() const noexcept { return coils_; }
  [[nodiscard]] std::int64_t pixels() const noexcept { return pixels_; }
  [[nodiscard]] const float* real(std::int64_t coil) const noexcept { return data_.get() + 2 * coil * pitch; }
  [[nodiscard]] const float* imaginary(std::int64_t coil) const noexcept { return real(coil) + pitch; }

  // Where the samples of the next block lie, behind this one. Kernels fetch them into the cache while they compute. Not
  // to be read: the array may end here.
  [[nodiscard]] const char* upcoming(std::int64_t coil) const noexcept {
    return upcoming_ + coil * coil_stride_ * static_cast<std::int64_t>(sizeof(std::complex<float>));
  }

  // Reads `pixels` (1 to most_pixels) of every coil, `coil_stride` samples apart, times `scale`.
  //
  // Returns the peak_bits (peak.hpp) of the samples before scaling.
  std::int32_t read(const std::complex<float>* samples, std::int64_t coil_stride, std::int64_t pixels, float scale);

 private:
  // Not a power of two, so that coils do not compete for the same places in the cache; room for vectors that start
  // at any pixel.
  static constexpr std::int64_t pitch = most_pixels + 3 * pixel_group;

  AlignedArray<float> data_;
  std::int64_t coils_ = 0;
  std::int64_t pixels_ = 0;
  const char* upcoming_ = nullptr;
  std::int64_t coil_stride_ = 0;
};

}  // namespace mriembed::kernels
