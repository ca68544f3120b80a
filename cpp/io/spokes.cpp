#include "spokes.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace mriembed::io {

bool are_spokes(std::span<const std::complex<float>> samples, std::int64_t coils, std::int64_t lines,
                std::int64_t length, std::int64_t coil_step) {
  constexpr std::int64_t fewest_lines = 8;
  constexpr double sharp = 16;    // peak energy over mean energy; of 500 samples of noise, 7 as a rule
  constexpr double alike = 0.25;  // of the energies of the peaks
  if (lines < fewest_lines) {
    return false;
  }
  std::vector<double> peaks;
  std::int64_t sharp_lines = 0;
  for (std::int64_t line = 0; line < lines; ++line) {
    double peak = 0;
    double sum = 0;
    for (std::int64_t sample = 0; sample < length; ++sample) {
      double energy = 0;
      for (std::int64_t coil = 0; coil < coils; coil += coil_step) {
        energy += std::norm(samples[static_cast<std::size_t>((coil * lines + line) * length + sample)]);
      }
      peak = std::max(peak, energy);
      sum += energy;
    }
    peaks.push_back(peak);
    sharp_lines += peak * static_cast<double>(length) > sharp * sum ? 1 : 0;
  }
  const auto [least, most] = std::minmax_element(peaks.begin(), peaks.end());
  return *least > alike * *most && 2 * sharp_lines > lines;
}

}  // namespace mriembed::io
