// Acquisitions in memory.
#pragma once

#include <complex>
#include <cstddef>
#include <span>
#include <vector>

#include "acquisitions.hpp"

namespace mriembed::io {

class HeldAcquisitions final : public Acquisitions {
 public:
  // `samples`: (coils, samples).
  void add(const Acquisition& header, std::span<const std::complex<float>> samples) {
    headers_.push_back(header);
    samples_.emplace_back(samples.begin(), samples.end());
  }

  void read(const std::vector<std::size_t>& indices, const Take& take) const override {
    for (const std::size_t index : indices) {
      take(index, samples_[index]);
    }
  }

  [[nodiscard]] std::span<const std::complex<float>> samples_of(std::size_t index) const { return samples_[index]; }

 private:
  std::vector<std::vector<std::complex<float>>> samples_;
};

}  // namespace mriembed::io
