#include "echo_check.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <iterator>
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

constexpr std::int64_t enough_coils = 4;  // tell where the echo is

std::int64_t step_of_coils(std::int64_t coils) { return std::max<std::int64_t>(1, coils / enough_coils); }

bool is_plane(std::span<const std::complex<float>> volume, std::int64_t coils, std::int64_t height,
              std::int64_t width) {
  return std::ssize(volume) == coils * height * width;
}

std::vector<std::string> warning_of_spokes() {
  return {
      "every line passes through the centre of k-space, as the spokes of a radial scan do: it may not be Cartesian"};
}

bool has_spokes(std::span<const std::complex<float>> volume, std::int64_t coils, std::int64_t height,
                std::int64_t width) {
  return is_plane(volume, coils, height, width) && are_spokes(volume, coils, height, width, step_of_coils(coils));
}

std::vector<std::string> warnings_of_peaks(std::span<const std::complex<float>> volume, std::int64_t coils,
                                           std::int64_t height, std::int64_t width,
                                           const std::vector<std::int64_t>& likely) {
  std::vector<double> along_y(static_cast<std::size_t>(height), 0.0);
  std::vector<double> along_x(static_cast<std::size_t>(width), 0.0);
  const std::size_t samples_of_a_coil = volume.size() / static_cast<std::size_t>(coils);
  for (std::int64_t coil = 0; coil < coils; coil += step_of_coils(coils)) {
    const std::complex<float>* sample = volume.data() + static_cast<std::size_t>(coil) * samples_of_a_coil;
    for (std::size_t row = 0; row < samples_of_a_coil / static_cast<std::size_t>(width); ++row) {
      double& energy_of_row = along_y[row % static_cast<std::size_t>(height)];
      for (std::size_t x = 0; x < static_cast<std::size_t>(width); ++x, ++sample) {
        const auto energy = static_cast<double>(std::norm(*sample));
        along_x[x] += energy;
        energy_of_row += energy;
      }
    }
  }
  std::vector<std::string> warnings;
  check_axis(along_y, "y", likely, warnings);
  check_axis(along_x, "x", {}, warnings);
  return warnings;
}

}  // namespace

std::vector<std::string> warnings_of_echo(std::span<const std::complex<float>> volume, std::int64_t coils,
                                          std::int64_t height, std::int64_t width,
                                          const std::vector<std::int64_t>& likely) {
  return has_spokes(volume, coils, height, width) ? warning_of_spokes()
                                                  : warnings_of_peaks(volume, coils, height, width, likely);
}

std::vector<std::string> warnings_of_array(std::span<const std::complex<float>> volume, std::int64_t coils,
                                           std::int64_t height, std::int64_t width) {
  if (has_spokes(volume, coils, height, width)) {
    return warning_of_spokes();
  }
  std::vector<std::string> warnings = warnings_of_peaks(volume, coils, height, width, {});
  if (is_plane(volume, coils, height, width) &&
      are_alternate_readouts(volume, coils, height, width, every_second(height))) {
    warnings.emplace_back(
        "every second line fits the lines beside it only if it is reversed, as in an echo-planar scan whose lines were "
        "stored as they were measured: reverse these lines first");
  }
  return warnings;
}

}  // namespace mriembed::io
