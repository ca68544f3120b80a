// Whether a coil's gain or phase changed while a slice was measured.
//
// Around the echo, each coil is nearly the same combination of the other coils in all lines, as long as no receiver
// changes. The weights are those of least squares over 24 lines of 24 samples,
//
//   m_c(k_x) = sum over d != c and taps t of w_cdt m_d(k_x + t),
//
// with coils of unit power and a Tikhonov term of 0.01. With up to 8 coils, t is -1 to 1: few coils do not determine
// each other sample by sample (GRAPPA, Griswold et al. 2002, doi:10.1002/mrm.10171). Before, each line is divided by
// (P + 0.3)^1/2, with P its power over that of the mean line: otherwise the lines at the echo alone would decide. Coil
// c is then a times its combination p_c: if its gain fails before line b, a differs before and after. With
// r^2(lines) = |sum of p_c conj(m_c)|^2 / sum of |p_c|^2, the energy that a factor explains, the level is
//
//   max over b of (r^2(before b) + r^2(from b) - r^2(all)) / (sum of |m_c|^2 - r^2(before b) - r^2(from b)),
//
// what two factors explain more than one, over what they leave unexplained (a generalized likelihood ratio).
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "mriembed/array_view.hpp"
#include "quality/echo.hpp"

namespace mriembed::quality {

struct CoilChange {
  bool judged = false;
  double level = 0;
  std::int64_t coil = -1;
  std::int64_t line = 0;  // the first one after the change
};

// The coil with the highest level. Not judged with less than 4 coils of a contrast of at least 8, nor if a sample of
// the 24 x 24 around the echo was not measured. `power`: (y, x), 0 where nothing was measured. `contrasts`: see
// coil_contrasts.
CoilChange strongest_coil_change(const ArrayView<const std::complex<float>, 3>& kspace, const std::vector<float>& power,
                                 const std::vector<double>& contrasts, Echo echo);

}  // namespace mriembed::quality
