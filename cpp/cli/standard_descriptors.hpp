// Standard input, output and error, which a program may be started without.
#pragma once

namespace mriembed::cli {

// Takes their numbers where nothing is open there (`2>&-`): the next file or connection would get them, and what is
// written to standard error would be written to it. Reading and writing fail there as before.
void reserve_standard_descriptors();

}  // namespace mriembed::cli
