// ACS lines of an encoding space of their own: siemens_to_ismrmrd gives one to the gradient echo that calibrates an
// echo-planar scan.
#pragma once

#include <cstdint>
#include <memory>

#include "acquisitions.hpp"
#include "kspace_placement.hpp"
#include "mrd_header.hpp"
#include "raw_volumes.hpp"

namespace mriembed::io {

// Whether lines of both spaces lie on one grid in k-space: one field of view, whatever the matrices, and a centre that
// the header tells. Lines of a Cartesian space may calibrate an echo-planar image, not the other way round.
bool is_on_one_grid(const MrdEncoding& calibration, const MrdEncoding& image);

// The acquisitions of a scan; ACS lines of other spaces are numbered as those of the image that lie at their places.
// They keep the number of their space only where it is Cartesian and the image echo-planar. Lines of more samples than
// the image's matrix are taken out of `volumes`, which then says so.
std::shared_ptr<const Acquisitions> numbered_as_image(std::shared_ptr<const Acquisitions> acquisitions,
                                                      const MrdHeader& header, const KspacePlacement& placement,
                                                      RawVolumes& volumes);

}  // namespace mriembed::io
