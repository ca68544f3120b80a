// What of an encoded matrix is the image: the crops that remove oversampling, and the shape of a pixel.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mrd_header.hpp"

namespace mriembed::io {

struct ScanGeometry {
  Matrix image;             // pixels of the encoded matrix that remain: 1 to its length along each axis
  double pixel_aspect = 1;  // height of a pixel, along y, over its width, along x
  std::vector<std::string> notes;
};

// Oversampling is what the encoded field of view exceeds the reconstructed one by, along each axis: the image has
// encoded matrix x reconstructed / encoded field of view pixels. The reconstruction matrix says nothing about it, as it
// may interpolate or lower the resolution (ISMRMRD issue 131). Only along an axis whose fields of view are missing, or
// are one number although its matrices differ (some writers copy them), matrices stand in for them, and a note says so.
ScanGeometry geometry_of(const MrdEncoding& encoding);

}  // namespace mriembed::io
