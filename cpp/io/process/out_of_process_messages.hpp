// The messages of a raw MRD file, as an MRD v1 stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "byte_source.hpp"

namespace mriembed::io {

// A stream file as it is, or one measurement of an HDF5 file, which a process of its own reads. Opening and reading
// throw Error bad_input for what is neither.
std::unique_ptr<ByteSource> open_messages(const std::string& path, const std::string& group);

}  // namespace mriembed::io
