#include "preprocessing/echo_position.hpp"

#include <cmath>
#include <cstddef>
#include <numbers>

namespace mriembed {

void find_echo_energies(const std::complex<float>* spectrum, std::int64_t height, std::int64_t width, std::int64_t rows,
                        std::int64_t columns, EchoEnergies& energies) {
  const std::int64_t left = columns / 2;  // of the centre
  energies.y.assign(static_cast<std::size_t>(rows), 0.0);
  energies.x.assign(static_cast<std::size_t>(columns), 0.0);
  for (std::int64_t y = 0; y < rows; ++y) {
    const std::complex<float>* row = spectrum + (y - rows / 2 + height) % height * width;
    double energy_of_row = 0;  // not at its place yet: stores there would wait for one another
    const auto add = [&](const std::complex<float>* from, std::int64_t count, double* to) {
      for (std::int64_t x = 0; x < count; ++x) {
        const auto energy = static_cast<double>(std::norm(from[x]));
        to[x] += energy;
        energy_of_row += energy;
      }
    };
    add(row + width - left, left, energies.x.data());
    add(row, columns - left, energies.x.data() + left);
    energies.y[static_cast<std::size_t>(y)] = energy_of_row;
  }
}

std::int64_t echo_position(const std::vector<double>& energies, std::int64_t length, std::int64_t grid) {
  const double turn = 2 * std::numbers::pi / static_cast<double>(energies.size());
  const std::size_t middle = energies.size() / 2;
  std::complex<double> mean = 0;
  for (std::size_t sample = 0; sample < energies.size(); ++sample) {
    mean += std::polar(energies[sample], turn * (static_cast<double>(sample) - static_cast<double>(middle)));
  }
  const double pixels = std::arg(mean) / (turn * static_cast<double>(length));  // cycles per pixel
  if (!std::isfinite(pixels)) {
    return 0;  // far too large samples, which another scale will bring down
  }
  return static_cast<std::int64_t>(std::nearbyint(pixels * static_cast<double>(grid)));
}

}  // namespace mriembed
