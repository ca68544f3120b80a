// The acquisitions of a raw MRD (ISMRMRD) HDF5 file.
#pragma once

#include <cstdint>
#include <vector>

#include "acquisitions.hpp"
#include "hdf5_file.hpp"

namespace mriembed::io {

// Reads through HDF5's C interface by the names of the members: libismrmrd 1.8 cannot read every file that newer
// writers make, and it reads samples together with headers.
class Hdf5Acquisitions final : public Acquisitions {
 public:
  // `group` holds the dataset "data". Reads all headers, no samples.
  Hdf5Acquisitions(const Hdf5Handle& group, std::int64_t file_size);

  void read(const std::vector<std::size_t>& indices, const Take& take) const override;

 private:
  void read_run(std::size_t first, std::size_t count, const Take& take) const;

  Hdf5Handle dataset_;
};

}  // namespace mriembed::io
