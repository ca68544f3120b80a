// Whether every second line of a slice was read out in the other direction and never reversed, told by the lines alone.
#pragma once

#include <complex>
#include <cstdint>
#include <span>
#include <vector>

namespace mriembed::io {

// Of k-space (coils, height, width). Lines that several coils see, or of an object that leaves a part of the field of
// view empty, are predicted by their neighbours, as GRAPPA's kernels predict them, whatever the object; a reversed line
// between forward ones is not. True if the lines around the echo are predicted far better once those for which `second`
// is true are reversed. Never of fewer than 24 lines, nor where one of those lines is zero.
bool are_alternate_readouts(std::span<const std::complex<float>> samples, std::int64_t coils, std::int64_t height,
                            std::int64_t width, const std::vector<bool>& second);

}  // namespace mriembed::io
