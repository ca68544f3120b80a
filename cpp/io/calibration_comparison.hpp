// Whether separate ACS lines were measured as the image was.
#pragma once

#include <complex>
#include <cstdint>
#include <span>
#include <string>

namespace mriembed::io {

// Separate ACS lines often come from a gradient echo, or from the first excitations: their power and contrast are
// others. Between imaging lines they would be a ghost. Compared are the lines of one place that were measured for both.
class CalibrationComparison {
 public:
  // The most samples that a line has.
  CalibrationComparison(std::int64_t calibration_length, std::int64_t image_length)
      : calibration_length_(calibration_length), image_length_(image_length) {}

  // The same samples of an ACS line and of an imaging line.
  void add(std::span<const std::complex<float>> calibration, std::span<const std::complex<float>> image);

  // Yes where nothing says otherwise. `phases`: whether those of equal samples are equal; of echo-planar lines of both
  // directions they are not.
  [[nodiscard]] bool alike(bool phases) const;
  // What may differ, for the user: "3 times the signal of the image, ...".
  [[nodiscard]] std::string text() const;

 private:
  [[nodiscard]] bool is_short() const { return 4 * calibration_length_ < 3 * image_length_; }
  [[nodiscard]] bool has_both() const { return calibration_energy_ > 0 && image_energy_ > 0; }
  [[nodiscard]] double signal_ratio() const;
  [[nodiscard]] double coherence() const;

  std::int64_t calibration_length_;
  std::int64_t image_length_;
  std::complex<double> product_ = 0;  // of the image with the conjugate calibration
  double calibration_energy_ = 0;
  double image_energy_ = 0;
};

}  // namespace mriembed::io
