// What messages and tables call a slice.
#pragma once

#include <string>

#include "io/scan_reader.hpp"

namespace mriembed::cli {

// "slice 3, contrast 1": the slice's number and every other index that is not 0.
std::string name_of(const io::SliceLabel& label);

}  // namespace mriembed::cli
