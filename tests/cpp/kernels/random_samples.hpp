// Random complex samples that are the same in every run.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace mriembed::kernels {

inline std::vector<std::complex<float>> random_samples(std::int64_t count, float size, unsigned seed = 7) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  std::vector<std::complex<float>> samples(static_cast<std::size_t>(count));
  for (auto& sample : samples) {
    const float real = normal(generator);
    sample = {size * real, size * normal(generator)};
  }
  return samples;
}

}  // namespace mriembed::kernels
