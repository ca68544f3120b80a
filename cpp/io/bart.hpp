// BART arrays: NAME.hdr (dimensions as text) and NAME.cfl (column-major complex64).
#pragma once

#include <memory>
#include <string>

#include "scan_reader.hpp"

namespace mriembed::io {

// BART's dimensions 0 to 2 are x (readout), y and z, dimension 3 the coils. Of the others, 13 is our slice, 5 (echo)
// our contrast, 10 (time) our repetition, 11 our phase; what remains is counted through as set. k-space with z > 1 is
// transformed over z. k-space or coil images as the options say.
// `base` is the path without .hdr or .cfl. Format: https://bart-doc.readthedocs.io/en/latest/data.html
std::unique_ptr<ScanReader> open_bart(const std::string& base, const ReadOptions& options);

// The path without .hdr or .cfl, where `path` names a BART array (either file, or their common name); else empty.
std::string bart_base(const std::string& path);

}  // namespace mriembed::io
