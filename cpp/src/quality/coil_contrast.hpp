// How far the object stands out of the noise in each coil of a slice.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "mriembed/array_view.hpp"
#include "quality/echo.hpp"

namespace mriembed::quality {

// Of each coil, its mean power within 3 lines and 4 samples of the echo over that of its other samples: about 1 in
// noise alone, 10 and more where the coil sees the object. 0: not known, because less than 24 samples were measured
// inside or outside. `power`: (y, x), 0 where nothing was measured. `energies`: of the coils.
std::vector<double> coil_contrasts(const ArrayView<const std::complex<float>, 3>& kspace,
                                   const std::vector<float>& power, const std::vector<double>& energies, Echo echo);

// The median of what is above 0, of an even number the upper one; 0 if nothing is.
double median_contrast(const std::vector<double>& contrasts);

// The median contrast from which on a slice shows an object.
inline constexpr double least_contrast = 8;

struct ContrastChange {
  double level = 1;
  std::int64_t coil = -1;
};

// From one slice to the next: the largest factor by which a coil's contrast grows or falls more than the median
// coil's. Not judged (1) unless both slices show an object and most coils change by less than a factor of 1.5: slices
// beside each other do. Slices far apart or of another orientation, as in a localizer, do not: there, a small coil may
// see the object in one slice and noise alone in the next.
ContrastChange contrast_change(const std::vector<double>& before, const std::vector<double>& now);

}  // namespace mriembed::quality
