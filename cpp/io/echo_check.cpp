#include "echo_check.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <iterator>
#include <numeric>

#include "alternate_readouts.hpp"
#include "line_energies.hpp"
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

// Of all lines of all coils that are looked at; (coils, z, y, x) has lines of z and y.
LineEnergies energies_of(std::span<const std::complex<float>> volume, std::int64_t coils, std::int64_t width) {
  return energies_of_lines(volume, coils, std::ssize(volume) / coils / width, width, step_of_coils(coils));
}

std::vector<std::string> warnings_of_peaks(const LineEnergies& energies, std::int64_t height,
                                           const OtherCentres& likely) {
  std::vector<double> along_y(static_cast<std::size_t>(height), 0.0);
  for (std::size_t row = 0; row < energies.sums.size(); ++row) {
    along_y[row % along_y.size()] += energies.sums[row];
  }
  std::vector<std::string> warnings;
  check_axis(along_y, "y", likely.y, warnings);
  check_axis(energies.along_x, "x", likely.x, warnings);
  return warnings;
}

}  // namespace

std::vector<std::string> warnings_of_echo(std::span<const std::complex<float>> volume, std::int64_t coils,
                                          std::int64_t height, std::int64_t width, const OtherCentres& likely) {
  const LineEnergies energies = energies_of(volume, coils, width);
  return is_plane(volume, coils, height, width) && are_spokes(energies) ? warning_of_spokes()
                                                                        : warnings_of_peaks(energies, height, likely);
}

std::vector<std::string> warnings_of_array(std::span<const std::complex<float>> volume, std::int64_t coils,
                                           std::int64_t height, std::int64_t width) {
  const LineEnergies energies = energies_of(volume, coils, width);
  const bool plane = is_plane(volume, coils, height, width);
  if (plane && are_spokes(energies)) {
    return warning_of_spokes();
  }
  std::vector<std::string> warnings = warnings_of_peaks(energies, height, {});
  if (plane && are_alternate_readouts(volume, coils, height, width, every_second(height))) {
    warnings.emplace_back(
        "every second line fits the lines beside it only if it is reversed, as in an echo-planar scan whose lines were "
        "stored as they were measured: reverse these lines first");
  }
  return warnings;
}

}  // namespace mriembed::io
