// BART arrays: NAME.hdr (dimensions as text) and NAME.cfl (column-major complex64).
#pragma once

#include <memory>
#include <string>

#include "scan_reader.hpp"

namespace mriembed::io {

// Whether `path` names a BART array: either file, or what their names have in common. Its content tells.
bool is_bart(const std::string& path);

// BART's dimensions 0 to 2 are x (readout), y and z, dimension 3 the coils. Of the others, 13 is our slice, 5 (echo)
// our contrast, 10 (time) our repetition, 11 our phase; what remains is counted through as set. k-space with z > 1 is
// transformed over z. k-space or coil images as the options say.
// Format: https://bart-doc.readthedocs.io/en/latest/data.html
std::unique_ptr<ScanReader> open_bart(const std::string& path, const ReadOptions& options);

}  // namespace mriembed::io
