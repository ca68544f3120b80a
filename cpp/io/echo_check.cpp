#include "echo_check.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <numeric>

#include "alternate_readouts.hpp"
#include "spokes.hpp"

namespace mriembed::io {

namespace {

void check_axis(const std::vector<double>& energies, const char* axis, const std::vector<std::int64_t>& likely,
                std::vector<std::string>& warnings) {
  const auto length = static_cast<std::int64_t>(energies.size());
  const std::int64_t peak = std::max_element(energies.begin(), energies.end()) - energies.begin();
  const std::int64_t distance = std::abs(peak - length / 2);
  const double mean = std::accumulate(energies.begin(), energies.end(), 0.0) / static_cast<double>(length);
  constexpr double clear = 6;
  const std::int64_t by_phase = std::max<std::int64_t>(8, length / 16);
  constexpr std::int64_t by_noise = 3;
  const bool is_likely = std::ranges::any_of(likely, [&](std::int64_t centre) { return std::abs(peak - centre) <= 1; });
  if ((distance > by_phase || (is_likely && distance > by_noise)) &&
      energies[static_cast<std::size_t>(peak)] > clear * mean) {
    warnings.push_back("the signal peaks " + std::to_string(distance) + " samples from the centre of k-space along " +
                       axis + ", where the header or the format puts it: it may lie elsewhere");
  }
}

std::vector<bool> every_second(std::int64_t lines) {
  std::vector<bool> second(static_cast<std::size_t>(lines));
  for (std::size_t line = 1; line < second.size(); line += 2) {
    second[line] = true;
  }
  return second;
}

}  // namespace

std::vector<std::string> warnings_of_echo(std::span<const std::complex<float>> volume, std::int64_t coils,
                                          std::int64_t height, std::int64_t width,
                                          const std::vector<std::int64_t>& likely) {
  std::vector<double> along_y(static_cast<std::size_t>(height), 0.0);
  std::vector<double> along_x(static_cast<std::size_t>(width), 0.0);
  const auto plane = static_cast<std::size_t>(height * width);
  const std::size_t planes = volume.size() / plane;
  constexpr std::int64_t enough = 4;  // coils tell it
  const auto planes_of_a_coil = static_cast<std::size_t>(static_cast<std::int64_t>(planes) / coils);
  const auto step = static_cast<std::size_t>(std::max<std::int64_t>(1, coils / enough));
  for (std::size_t coil = 0; coil < static_cast<std::size_t>(coils); coil += step) {
    const std::complex<float>* sample = volume.data() + coil * planes_of_a_coil * plane;
    for (std::size_t row = 0; row < planes_of_a_coil * static_cast<std::size_t>(height); ++row) {
      double& energy_of_row = along_y[row % static_cast<std::size_t>(height)];
      for (std::size_t x = 0; x < static_cast<std::size_t>(width); ++x, ++sample) {
        const auto energy = static_cast<double>(std::norm(*sample));
        along_x[x] += energy;
        energy_of_row += energy;
      }
    }
  }
  std::vector<std::string> warnings;
  if (planes_of_a_coil == 1 && are_spokes(volume, coils, height, width, static_cast<std::int64_t>(step))) {
    warnings.emplace_back(
        "every line passes through the centre of k-space, as the spokes of a radial scan do: it may not be Cartesian");
    return warnings;
  }
  check_axis(along_y, "y", likely, warnings);
  check_axis(along_x, "x", {}, warnings);
  if (planes_of_a_coil == 1 && are_alternate_readouts(volume, coils, height, width, every_second(height))) {
    warnings.emplace_back(
        "every second line fits the lines beside it only if it is reversed, as in an echo-planar scan whose lines were "
        "stored as they were measured: reverse these lines first");
  }
  return warnings;
}

}  // namespace mriembed::io
