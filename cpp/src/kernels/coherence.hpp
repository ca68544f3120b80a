// How alike two signals are.
#pragma once

#include <complex>
#include <cstdint>

namespace mriembed::kernels {

// Sums over samples a_k and b_k of two signals: in float32 over up to 1024 samples, of these in float64.
struct Coherence {
  std::complex<double> product;  // conj(a) b
  double energy_of_a = 0;        // |a|^2
  double energy_of_b = 0;

  void add(const std::complex<float>* a, const std::complex<float>* b, std::int64_t count);
};

}  // namespace mriembed::kernels
