// Discrete Fourier transforms along the rows or columns of a plane, for the lengths that scanners give.
//
// Why not by a library: on processors that are not Intel's, torch's MKL takes its code without AVX, and SciPy's
// pocketfft measures no better there. Here each lane of a vector holds a row or column of its own: 256 rows of 64 to
// 512 samples take a fifth of kissfft's time, and less where the length has a prime factor above 5 (AVX-512).
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/aligned_vector.hpp"

namespace mriembed::kernels {

enum class Direction { forward, inverse };

// The transform of one length: the sum over n of v[n] exp(-+2 pi i n k / length), - forward and + inverse, index 0 at
// the front of both. Decimation in time by prime factors and 4 (Cooley and Tukey, Math. Comput. 19:297, 1965); roots of
// unity are rounded from float64. Any number of threads may use one at once, each with memory of its own.
class FourierTransform {
 public:
  static constexpr std::int64_t most_lanes = 16;  // rows or columns that are transformed at once, at most
  static constexpr std::size_t largest_factor = 61;

  // Memory of one thread, for transforms of any length; grows to the longest.
  using Memory = AlignedVector<float>;

  // Transforms of length `done` become `factor` times as long. The lengths of all steps multiply to length().
  struct Step {
    std::int64_t factor;
    std::int64_t done;
    std::size_t first_root;
  };

  // Whether a length has no larger prime factor. 1 has none, and is its own transform.
  static bool serves(std::int64_t length);

  // Expects a length that is served.
  explicit FourierTransform(std::int64_t length);

  [[nodiscard]] std::int64_t length() const noexcept { return static_cast<std::int64_t>(source_.size()); }

  // Transforms each row of `rows` x length() samples in place, times `scale`.
  void along_rows(std::complex<float>* plane, std::int64_t rows, Direction direction, float scale,
                  Memory& memory) const;

  // The same for each column of length() x `columns` samples.
  void along_columns(std::complex<float>* plane, std::int64_t columns, Direction direction, float scale,
                     Memory& memory) const;

  // For the kernel. In memory, samples lie in another order: the index of the one at each place, and each one's place.
  [[nodiscard]] const std::int64_t* source() const noexcept { return source_.data(); }
  [[nodiscard]] const std::int64_t* place() const noexcept { return place_.data(); }
  [[nodiscard]] const std::vector<Step>& steps() const noexcept { return steps_; }
  // exp(2 pi i k / factor) for k < factor, then for each p < done: exp(2 pi i p k / (factor done)) for 0 < k < factor.
  [[nodiscard]] const std::complex<float>* roots(const Step& step) const noexcept {
    return roots_.data() + step.first_root;
  }

 private:
  void make_room(Memory& memory) const;

  std::vector<std::int64_t> source_;
  std::vector<std::int64_t> place_;
  std::vector<Step> steps_;
  std::vector<std::complex<float>> roots_;
};

}  // namespace mriembed::kernels
