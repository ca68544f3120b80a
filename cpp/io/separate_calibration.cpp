#include "separate_calibration.hpp"

#include <algorithm>

namespace mriembed::io {

void SeparateCalibration::add(std::int64_t line, const ReadoutPlace& where, bool calibration, bool first) {
  if (first) {
    alone_[static_cast<std::size_t>(line)] = calibration;
  }
  std::int64_t& length = calibration ? calibration_length_ : image_length_;
  length = std::max(length, where.count);
}

bool SeparateCalibration::any() const { return std::ranges::find(alone_, true) != alone_.end(); }

std::vector<bool> SeparateCalibration::lines() const {
  std::vector<bool> lines = alone_;
  for (const PlacedReadout& readout : repeated_) {
    lines[static_cast<std::size_t>(readout.line)] = true;
  }
  return lines;
}

std::vector<bool> SeparateCalibration::imaging(const std::vector<bool>& measured) const {
  std::vector<bool> imaging = measured;
  for (std::size_t line = 0; line < imaging.size(); ++line) {
    imaging[line] = imaging[line] && !alone_[line];
  }
  return imaging;
}

CalibrationComparison SeparateCalibration::compared(std::span<const std::complex<float>> samples) const {
  CalibrationComparison comparison(calibration_length_, image_length_);
  for (const PlacedReadout& readout : repeated_) {
    const auto count = static_cast<std::size_t>(readout.where.count);
    for (std::int64_t coil = 0; coil < coils_; ++coil) {
      const std::complex<float>* const image = samples.data() + row(coil, readout.line) + readout.where.first_x;
      comparison.add({readout.samples.data() + static_cast<std::size_t>(coil) * count, count}, {image, count});
    }
  }
  return comparison;
}

std::vector<std::complex<float>> SeparateCalibration::taken_out(std::span<std::complex<float>> samples) const {
  std::vector<std::complex<float>> calibration(samples.size());
  for (std::int64_t coil = 0; coil < coils_; ++coil) {
    for (std::int64_t line = 0; line < lines_; ++line) {
      if (alone_[static_cast<std::size_t>(line)]) {
        const auto from = samples.begin() + row(coil, line);
        std::copy_n(from, width_, calibration.begin() + row(coil, line));
        std::fill_n(from, width_, 0);
      }
    }
    for (const PlacedReadout& readout : repeated_) {
      std::copy_n(readout.samples.begin() + coil * readout.where.count, readout.where.count,
                  calibration.begin() + row(coil, readout.line) + readout.where.first_x);
    }
  }
  return calibration;
}

}  // namespace mriembed::io
