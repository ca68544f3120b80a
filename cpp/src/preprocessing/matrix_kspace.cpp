#include "preprocessing/matrix_kspace.hpp"

#include <algorithm>
#include <functional>
#include <vector>

#include "kernels/fourier.hpp"
#include "kernels/plane.hpp"
#include "preprocessing/echo_position.hpp"
#include "preprocessing/plane_copies.hpp"
#include "preprocessing/preprocessing_version.hpp"

namespace mriembed {

namespace {

using kernels::Direction;
using Participant = SliceUnits::Participant;
using Found = SliceUnits::Found;

// K-space of a virtual coil on the grid: where the image is shorter along an axis, as if it had been padded. May use up
// `spectrum`.
Planes on_grid(const Planes& spectrum, GridSize pixels, GridSize grid, const SliceUnits& units, Participant& own) {
  const Axes shorter{pixels.height < grid.height, pixels.width < grid.width};
  if (!shorter.any()) {
    return spectrum;
  }
  units.transform(spectrum, shorter, Direction::inverse, own);
  const Planes padded =
      sized(own.padded, 1, shorter.y ? grid.height : spectrum.height, shorter.x ? grid.width : spectrum.width);
  kernels::resize({spectrum.samples, spectrum.height, spectrum.width, true, true}, padded.samples, padded.height,
                  padded.width);
  units.transform(padded, shorter, Direction::forward, own);
  return padded;
}

}  // namespace

void transform_to_kspace(const Planes& planes, Axes axes, GridSize pixels, const Planes& spectra, bool weighs,
                         const SliceUnits& units) {
  units.run(planes.count, [&](std::int64_t coil, Participant& own, Found& found) {
    const Planes spectrum = spectra.at(coil);
    if (!axes.y || !axes.x) {
      kernels::resize({planes.at(coil).samples, planes.height, planes.width, axes.y, axes.x}, spectrum.samples,
                      planes.height, planes.width);
      units.transform(spectrum, {!axes.y, !axes.x}, Direction::forward, own);
    }
    found.energy = weighs ? energy_of(spectrum) : 0;
    add_echo(spectrum, pixels, found);
  });
}

void add_echo(const Planes& spectrum, GridSize pixels, SliceUnits::Found& found) {
  find_echo_energies(spectrum.samples, spectrum.height, spectrum.width, std::min(pixels.height, echo_window),
                     std::min(pixels.width, echo_window), found.echo);
}

std::array<std::int64_t, 2> find_echo(GridSize pixels, GridSize grid, const SliceUnits& units) {
  const auto place = [&](std::vector<double> EchoEnergies::* axis, std::int64_t length, std::int64_t of_the_grid) {
    const std::vector<Found>& all = units.workspace().found;
    std::vector<double> sum((all.front().echo.*axis).size());
    for (const Found& found : all) {
      std::ranges::transform(sum, found.echo.*axis, sum.begin(), std::plus<>());
    }
    return echo_position(sum, length, of_the_grid);
  };
  return {place(&EchoEnergies::y, pixels.height, grid.height), place(&EchoEnergies::x, pixels.width, grid.width)};
}

void cut_matrix(const Planes& spectra, GridSize pixels, GridSize grid, const std::array<std::int64_t, 2>& echo,
                const Planes& matrix, const SliceUnits& units) {
  units.run(spectra.count, [&](std::int64_t coil, Participant& own, Found& found) {
    const Planes kept = matrix.at(coil);
    cut_kspace(on_grid(spectra.at(coil), pixels, grid, units, own), grid, echo, kept);
    found.energy = energy_of(kept);
  });
}

}  // namespace mriembed
