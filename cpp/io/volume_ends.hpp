// When a volume of a scan that is being measured is whole: LiveScan states the rules.
#pragma once

#include <cstdint>
#include <vector>

#include "acquisitions.hpp"
#include "kspace_placement.hpp"
#include "mrd_header.hpp"
#include "open_volume.hpp"
#include "raw_volumes.hpp"
#include "separate_lines.hpp"
#include "volume_key.hpp"

namespace mriembed::io {

// What the lines of a volume so far are compared with. A view: valid as long as what it refers to.
struct VolumeEnds {
  const MrdEncoding& encoding;
  const KspacePlacement& placement;
  const SeparateLines& separate;
  std::int64_t averages;    // that are expected
  bool allow_undersampled;  // a file may be

  // Whether `line`, the last one so far, makes it whole.
  [[nodiscard]] bool is_ended_by(const Acquisition& line, const VolumeKey& key, const OpenVolume& volume) const;
  // Whether all lines of an accelerated one came that the header's factors promise.
  [[nodiscard]] bool is_whole_accelerated(const VolumeKey& key, const OpenVolume& volume) const;
  // Whether its file would be taken as it is.
  [[nodiscard]] bool is_complete(const VolumeKey& key, const OpenVolume& volume) const;
  // What check_complete() asks of a volume; its lines are appended to `lines`.
  [[nodiscard]] RawVolume described(const VolumeKey& key, const OpenVolume& volume,
                                    std::vector<Acquisition>& lines) const;

 private:
  [[nodiscard]] bool is_accepted(const VolumeKey& key, const OpenVolume& volume, bool undersampled) const;
};

}  // namespace mriembed::io
