// Which lines of a raw MRD scan were measured, and which of its volumes can be read for that.
#pragma once

#include <string>
#include <vector>

#include "acquisitions.hpp"
#include "kspace_placement.hpp"
#include "raw_volumes.hpp"

namespace mriembed::io {

struct RawCompleteness {
  double zero_fraction = 0;  // of the lines of all volumes that are left
  bool zero_filled = false;  // lines of an undersampled volume are missing, and that is allowed
  std::vector<std::string> warnings;
};

// Of a scan that was stopped, unfinished volumes at its end are taken out of `volumes`. A volume that was accelerated
// with ACS lines is whole as it is. Refuses undersampled ones, naming the first, unless they are allowed.
RawCompleteness check_complete(RawVolumes& volumes, const std::vector<Acquisition>& lines,
                               const KspacePlacement& placement, bool allow_undersampled);

}  // namespace mriembed::io
