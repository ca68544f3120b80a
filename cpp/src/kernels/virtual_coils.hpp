// Virtual coils, each a weighted sum of the physical ones.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/coil_block.hpp"

namespace mriembed::kernels {

// The weights of virtual coils, in the order in which the kernel reads them.
class CoilWeights {
 public:
  // Virtual coils that are computed together; the last group is filled up with zeros.
  static constexpr std::int64_t group = 4;

  // `weights` is (virtual coils, coils), row-major. Keeps its memory.
  void assign(std::span<const std::complex<float>> weights, std::int64_t coils);

  [[nodiscard]] std::int64_t virtual_coils() const noexcept { return virtual_coils_; }
  // (coil, virtual coil of the group, real and imaginary part) of the group that starts at `virtual_coil`.
  [[nodiscard]] const float* of_group(std::int64_t virtual_coil) const noexcept {
    return packed_.data() + virtual_coil * coils_ * 2;
  }

 private:
  std::int64_t virtual_coils_ = 0;
  std::int64_t coils_ = 0;
  std::vector<float> packed_;
};

// Computes all virtual coils at the block's pixels `first` to `first + pixels - 1` and writes them to `output`, one
// plane for each virtual coil, `plane_stride` samples apart.
void compress_coils(const CoilBlock& block, const CoilWeights& weights, std::int64_t first, std::int64_t pixels,
                    std::complex<float>* output, std::int64_t plane_stride);

}  // namespace mriembed::kernels
