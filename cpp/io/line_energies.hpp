// Where the energy of k-space lies: what the checks of echo and spokes look at, in one pass over the samples.
#pragma once

#include <complex>
#include <cstdint>
#include <span>
#include <vector>

namespace mriembed::io {

// Energies summed over coils.
struct LineEnergies {
  std::vector<double> sums;     // of each line
  std::vector<double> peaks;    // of the strongest sample of each line
  std::vector<double> along_x;  // of each sample of a line, over all lines
};

// Of (coils, lines, length), every `coil_step`-th coil.
LineEnergies energies_of_lines(std::span<const std::complex<float>> samples, std::int64_t coils, std::int64_t lines,
                               std::int64_t length, std::int64_t coil_step = 1);

}  // namespace mriembed::io
