// Discrete Fourier transforms of every length: those that FourierTransform does not serve. kissfft, which takes the
// square of a large prime factor, needs 10 to 40 times as long for them (256 rows of 134 and 514 samples, AVX-512).
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "kernels/aligned_vector.hpp"
#include "kernels/fourier.hpp"

namespace mriembed::kernels {

// The transform of one length as a cyclic convolution with a chirp, exp(i pi k^2 / length), of a length that
// FourierTransform serves (Bluestein, IEEE Trans. Audio Electroacoust. 18:451, 1970, doi:10.1109/TAU.1970.1162132).
// Takes as long as four to six transforms of the length by FourierTransform would. Sums, directions and places are
// those of FourierTransform; any number of threads may use one at once, each with memory of its own.
class ChirpTransform {
 public:
  struct Memory {
    FourierTransform::Memory transform;
    AlignedVector<std::complex<float>> rows;
  };

  // Expects 1 or more.
  explicit ChirpTransform(std::int64_t length);

  [[nodiscard]] std::int64_t length() const noexcept { return static_cast<std::int64_t>(chirp_.size()); }

  // Transforms each row of `rows` x length() samples in place, times `scale`.
  void along_rows(std::complex<float>* plane, std::int64_t rows, Direction direction, float scale,
                  Memory& memory) const;

  // The same for each column of length() x `columns` samples.
  void along_columns(std::complex<float>* plane, std::int64_t columns, Direction direction, float scale,
                     Memory& memory) const;

 private:
  // A row or a column.
  struct Line {
    std::complex<float>* first;
    std::int64_t step;  // from a sample to the next
  };

  template <typename LineAt>
  void transform(std::int64_t lines, const LineAt& line_at, Direction direction, float scale, Memory& memory) const;

  FourierTransform convolution_;
  std::vector<std::complex<float>> chirp_;  // exp(-i pi k^2 / length)
  // Transforms of the other factor of the convolution, over their length: of the conjugate chirp, and of the chirp.
  std::vector<std::complex<float>> forward_;
  std::vector<std::complex<float>> inverse_;
};

}  // namespace mriembed::kernels
