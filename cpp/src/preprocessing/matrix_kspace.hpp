// K-space of the matrix that the network reads, cut around the echo: step 5 of the preprocessing
// (docs/preprocessing.md).
#pragma once

#include <array>
#include <cstdint>

#include "preprocessing/plane_transforms.hpp"
#include "preprocessing/sample_planes.hpp"
#include "preprocessing/slice_extent.hpp"
#include "preprocessing/slice_units.hpp"

namespace mriembed {

// Takes `planes`, which are k-space along `axes` and images along the others, to k-space along both, its centre at the
// front, in `spectra`; these may be the same planes where nothing is to be transformed. Each virtual coil is a unit,
// which finds the energy that find_echo() needs of an image of so many `pixels`, and with `weighs` that of all samples.
void transform_to_kspace(const Planes& planes, Axes axes, GridSize pixels, const Planes& spectra, bool weighs,
                         const SliceUnits& units);

// What a unit finds of one virtual coil for find_echo().
void add_echo(const Planes& spectrum, GridSize pixels, SliceUnits::Found& found);

// Where the echo lies by what all units have found: samples of the grid from its centre, along y and x.
std::array<std::int64_t, 2> find_echo(GridSize pixels, GridSize grid, const SliceUnits& units);

// Cuts the matrix (virtual coils, y, x) out of the spectra of images of so many `pixels`, on the grid, with the echo at
// the front of both axes. May use up the spectra. Each virtual coil is a unit, which finds the energy that is left.
void cut_matrix(const Planes& spectra, GridSize pixels, GridSize grid, const std::array<std::int64_t, 2>& echo,
                const Planes& matrix, const SliceUnits& units);

}  // namespace mriembed
