// How a reader says no, and the checks that every format needs before it allocates.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mriembed::io {

// Throws Error bad_input. `reason` is one line: what is wrong, and what would be right.
[[noreturn]] void refuse(const std::string& reason);

// The product of two sizes; refuses one beyond 2^62, naming `what`.
std::int64_t checked_product(std::int64_t left, std::int64_t right, std::string_view what);

// Refuses an allocation that the file cannot justify: more than 64 times the file's own size and 16 MiB beside.
// (Compression and zero filling make memory larger than the file, but not by such factors.)
void check_justified(std::int64_t bytes, std::int64_t file_size, std::string_view what);

}  // namespace mriembed::io
