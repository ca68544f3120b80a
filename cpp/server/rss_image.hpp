// The image of a slice that a host expects back: the root of the sum of the squares of its coils' images.
#pragma once

#include <cstdint>
#include <vector>

#include "io/scan_reader.hpp"
#include "io/slab_completion.hpp"

namespace mriembed::server {

struct RssImage {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::vector<double> pixels;  // (y, x)
};

// Fills the lines that were not measured of a slice of k-space, of all coils, where GRAPPA fills them for the embedding
// (docs/preprocessing.md): with the same kernels, of up to 12 virtual coils. The end that partial Fourier leaves out
// stays zero.
void complete_lines(io::Slice& slice, io::SlabCompletion& completion);

// Of a slice of k-space, without oversampling: the centred transform of each coil, cropped in its middle to the slice's
// geometry (Roemer et al. 1990, doi:10.1002/mrm.1910160203, without sensitivities). Lines that were not measured count
// as zero. Right for all samples that a float32 holds, whatever their size.
RssImage rss_image(const io::Slice& slice);

}  // namespace mriembed::server
