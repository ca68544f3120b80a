#include "spokes.hpp"

#include <algorithm>
#include <cstddef>

namespace mriembed::io {

bool are_spokes(const LineEnergies& energies) {
  constexpr std::size_t fewest_lines = 8;
  constexpr double sharp = 16;    // peak energy over mean energy; of 500 samples of noise, 7 as a rule
  constexpr double alike = 0.25;  // of the energies of the peaks
  const std::size_t lines = energies.peaks.size();
  if (lines < fewest_lines) {
    return false;
  }
  const auto length = static_cast<double>(energies.along_x.size());
  std::size_t sharp_lines = 0;
  for (std::size_t line = 0; line < lines; ++line) {
    sharp_lines += energies.peaks[line] * length > sharp * energies.sums[line] ? 1 : 0;
  }
  const auto [least, most] = std::ranges::minmax_element(energies.peaks);
  return *least > alike * *most && 2 * sharp_lines > lines;
}

}  // namespace mriembed::io
