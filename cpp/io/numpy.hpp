// NumPy arrays (.npy, format versions 1 to 3).
#pragma once

#include <memory>
#include <string>

#include "scan_reader.hpp"

namespace mriembed::io {

// False where there is no such file.
bool is_numpy(const std::string& path);

// Complex arrays (coils, y, x) or (slices, coils, y, x) are k-space, or coil images where the options say so;
// real floating-point ones (2 x coils, y, x) or (slices, 2 x coils, y, x) are network input. Where noise alone is asked
// for, a complex array (coils, samples) is that. Format:
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
std::unique_ptr<ScanReader> open_numpy(const std::string& path, const ReadOptions& options);

}  // namespace mriembed::io
