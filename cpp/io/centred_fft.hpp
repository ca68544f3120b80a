// The transform between k-space and image along one axis, line by line.
//
// By kissfft: the library's own transform (cpp/src/kernels/fourier.hpp) takes up to 16 lines at once, and 1.1 to 1.8
// times kissfft's time for a single one of the usual lengths (24 to 512 samples of factors 2, 3 and 5, AVX-512).
#pragma once

#include <complex>
#include <cstdint>
#include <memory>
#include <vector>

struct kiss_fft_state;

namespace mriembed::io {

// Centred and orthonormal, as the preprocessing's transform over y and x: k = 0 and the image's middle lie at
// length / 2. One thread at a time may use it.
class CentredFft {
 public:
  enum class Direction { to_image, to_kspace };

  // Refuses a length that cannot be planned.
  CentredFft(std::int64_t length, Direction direction);

  // In place; `first` and the samples after it are `stride` apart.
  void apply(std::complex<float>* first, std::int64_t stride = 1);

 private:
  struct Free {
    void operator()(kiss_fft_state* plan) const;
  };

  std::unique_ptr<kiss_fft_state, Free> plan_;
  float scale_;
  std::vector<std::complex<float>> before_;
  std::vector<std::complex<float>> after_;
};

}  // namespace mriembed::io
