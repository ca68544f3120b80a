// Whether the signal lies where a scan's header, or its format, puts the centre of k-space.
#pragma once

#include <complex>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mriembed::io {

// Where the centre of k-space may lie if it is not where the header puts it.
struct OtherCentres {
  std::vector<std::int64_t> y = {};
  std::vector<std::int64_t> x = {};
};

// For a volume (coils, z, y, x), k-space along y and x: a warning for each of these axes along which the energy has a
// clear peak far from length / 2. A background phase moves it by some samples, and noise has no clear peak. A smaller
// distance is told where the peak is one of the likely other centres. Of a plane whose lines are spokes that is
// told alone.
std::vector<std::string> warnings_of_echo(std::span<const std::complex<float>> volume, std::int64_t coils,
                                          std::int64_t height, std::int64_t width, const OtherCentres& likely = {});

// The same for the k-space of a file in which nothing tells how lines were read out, and a warning if every second line
// fits the lines beside it only once it is reversed.
std::vector<std::string> warnings_of_array(std::span<const std::complex<float>> volume, std::int64_t coils,
                                           std::int64_t height, std::int64_t width);

}  // namespace mriembed::io
