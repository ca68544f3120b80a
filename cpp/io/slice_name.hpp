// What messages and tables call a slice.
#pragma once

#include <string>

#include "scan_reader.hpp"

namespace mriembed::io {

// "slice 3, contrast 1": the slice's number and every other index that is not 0.
std::string name_of(const SliceLabel& label);

}  // namespace mriembed::io
