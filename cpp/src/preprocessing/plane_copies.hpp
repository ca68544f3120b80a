// Copies of parts of planes.
#pragma once

#include <array>
#include <complex>
#include <cstdint>

#include "preprocessing/plane_transforms.hpp"
#include "preprocessing/sample_planes.hpp"
#include "preprocessing/slice_extent.hpp"

namespace mriembed {

// The sum of squared magnitudes.
double energy_of(const Planes& planes);

// Copies a plane of any strides.
void gather_plane(const std::complex<float>* from, std::int64_t along_y, std::int64_t along_x, const Planes& to);

// Copies rows, whose centre is at the front, to the middle of shorter ones.
void crop_rows(const Planes& from, const Planes& to);

// Crops a plane along these axes, where its centre moves from the front to the middle; the other axis stays. Returns
// the energy that is left and that of all rows, both 0 where y is not cropped.
struct CropEnergies {
  double kept;
  double all;
};
CropEnergies crop_plane(const Planes& from, Axes axes, const Planes& to);

// Copies the samples around the echo, cyclically on a grid, so that it lies at the front of both axes of `to`.
// `spectrum` holds the central samples of the grid, its centre at the front; beyond the grid there are zeros. `echo` is
// counted in samples of the grid from its centre, along y and x.
void cut_kspace(const Planes& spectrum, GridSize grid, const std::array<std::int64_t, 2>& echo, const Planes& to);

}  // namespace mriembed
