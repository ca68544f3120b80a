// A raw MRD measurement in HDF5 as the messages of an MRD v1 stream.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace mriembed::io {

// Gives `take` the messages, one after another: the header, the acquisitions with their headers as the file has them,
// CLOSE. Trajectories are left out. Of a file with several measurements it takes `group`, or, where that is empty, the
// first. Throws Error bad_input for a file that holds no raw measurement.
void hdf5_messages(const std::string& path, const std::string& group,
                   const std::function<void(std::string_view)>& take);

}  // namespace mriembed::io
