// Standard output with its errors noticed: a full disk behind `> file` is not taken for success.
#pragma once

#include <string_view>

namespace mriembed::cli {

// Throws Error (internal) where the bytes cannot be written.
void write_standard_output(std::string_view bytes);

// Hands everything written so far to the system. Throws as above.
void flush_standard_output();

}  // namespace mriembed::cli
