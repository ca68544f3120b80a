// Lines of an echo-planar readout that is sampled while its gradient rises and falls, brought to even spacing.
#pragma once

#include <complex>
#include <cstdint>
#include <map>
#include <span>
#include <tuple>
#include <vector>

#include "acquisitions.hpp"
#include "mrd_header.hpp"

namespace mriembed::io {

// k is proportional to the area under the gradient until a sample is taken (Bernstein, King and Zhou, Handbook of MRI
// Pulse Sequences, 2004, chapter 16.1); the whole readout spans the encoded matrix. k = 0 lies at center_sample, or
// where that is not set at half of the gradient's area. Samples between the measured ones are estimated with the least
// mean square error that is possible for an object of which little lies beyond the image (optimal linear estimation;
// Wiener 1949): its k-space is correlated over 1 / field of view.
class EpiRegridding {
 public:
  // Samples of the encoded matrix, and those of them that remain without oversampling.
  EpiRegridding(const EpiReadout& readout, std::int64_t width, std::int64_t image_width);

  // Whether the header describes readouts of as many samples.
  [[nodiscard]] bool describes(const Acquisition& line) const { return line.samples == readout_.samples; }

  // Whether lines differ from what a Cartesian scan has.
  [[nodiscard]] static bool needed(const EpiReadout& readout, std::int64_t width);

  // k of a line's kept samples, in steps of the encoded matrix, in the order in which they were measured.
  [[nodiscard]] std::vector<double> positions(const Acquisition& line) const;

  // (coils, width) in the order of rising k, of a line (coils, samples) of either direction. Refuses readouts that do
  // not fit the header's description, naming the acquisition by `index`, and more than a few kinds of readouts.
  void regrid(const Acquisition& line, std::size_t index, std::span<const std::complex<float>> samples,
              std::vector<std::complex<float>>& regridded);

 private:
  using Kind = std::tuple<bool, int, int, int>;  // reversed, discard_pre, discard_post, center_sample

  [[nodiscard]] double area_until(double time) const;
  [[nodiscard]] std::vector<float> weights_for(const std::vector<double>& positions) const;

  EpiReadout readout_;
  std::int64_t width_;
  double image_share_;
  double delay_;
  double scale_;                                // of areas, to steps of the encoded matrix
  std::map<Kind, std::vector<float>> weights_;  // (width, kept samples)
};

}  // namespace mriembed::io
