// Whether a receiver repeats its largest value.
#pragma once

#include <complex>
#include <cstdint>

namespace mriembed::quality {

// Counts real and imaginary parts, without their sign, near the largest and near the second largest value. Values
// within a thousandth count as one: a converter's limits differ by a step (-32768 and 32767).
class Clipping {
 public:
  void add(const std::complex<float>* samples, std::int64_t count);

  // How many parts have the largest value, if these are more than 4 times as many as have the second largest; 0
  // otherwise. Values of a coarse scale, such as that of integers, repeat too, but the smaller they are, the more
  // often.
  [[nodiscard]] std::int64_t parts() const {
    return largest_.magnitude > 0 && largest_.parts > 4 * second_.parts ? largest_.parts : 0;
  }

 private:
  struct Value {
    float magnitude = 0;
    std::int64_t parts = 0;
  };
  void add(float magnitude);

  Value largest_;
  Value second_;
};

}  // namespace mriembed::quality
