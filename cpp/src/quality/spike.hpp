// The sample of a slice that stands out most of those around it.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "mriembed/array_view.hpp"
#include "mriembed/scan_quality.hpp"
#include "quality/echo.hpp"

namespace mriembed::quality {

// A discharge while one sample is taken adds a wave to the image; in k-space it is one sample too strong, in all coils.
// k-space of an object is smooth in power over a few samples, but around its echo: no spike is told within 6 samples.
//
// `power`: (y, x), the sum over coils of |v|^2 over the coil's mean power. The level of a sample is its power over the
// mean of those within 6 lines and samples, without the 3 x 5 nearest ones. Samples that are zero were not measured and
// do not count; where less than 24 are left around a sample, nothing is said of it.
//
// `most_beside`: no sample is told to which a neighbouring line has, within 1 sample, more than this share of its
// power. A discharge lies in one line, but the peak that a grating of the object has in k-space (tagging, phantoms) in
// several. Of the first and the last line one neighbour is not known, which may hold more: of them it is 0.4 times this
// share.
Spike strongest_spike(const std::vector<float>& power, std::int64_t height, std::int64_t width, Echo echo,
                      double most_beside);

}  // namespace mriembed::quality
