#include "coil_axis.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <numeric>
#include <vector>

namespace mriembed::io {

bool is_phase_encoded(std::span<const std::complex<float>> samples, std::int64_t coils) {
  constexpr std::int64_t fewest = 16;
  constexpr std::int64_t beside = 2;  // planes to both sides of the middle one
  constexpr double most_energy = 0.6;
  constexpr double peaked = 20;  // peak over median
  if (coils < fewest) {
    return false;
  }
  const std::size_t plane = samples.size() / static_cast<std::size_t>(coils);
  std::vector<double> energies;
  for (auto first = samples.begin(); first != samples.end(); first += static_cast<std::ptrdiff_t>(plane)) {
    energies.push_back(
        std::accumulate(first, first + static_cast<std::ptrdiff_t>(plane), 0.0,
                        [](double sum, const std::complex<float>& sample) { return sum + double{std::norm(sample)}; }));
  }
  const std::int64_t middle = coils / 2;
  const std::int64_t peak = std::max_element(energies.begin(), energies.end()) - energies.begin();
  const double around =
      std::accumulate(energies.begin() + middle - beside, energies.begin() + middle + beside + 1, 0.0);
  const double all = std::accumulate(energies.begin(), energies.end(), 0.0);
  const double largest = energies[static_cast<std::size_t>(peak)];
  std::nth_element(energies.begin(), energies.begin() + middle, energies.end());
  return std::abs(peak - middle) <= 1 && around > most_energy * all &&
         largest > peaked * energies[static_cast<std::size_t>(middle)];
}

}  // namespace mriembed::io
