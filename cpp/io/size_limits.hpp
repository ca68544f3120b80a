// How a reader says no, and the checks that every format needs before it allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mriembed::io {

// Throws Error bad_input. `reason` is one line: what is wrong, and what would be right.
[[noreturn]] void refuse(const std::string& reason);

// Text from a file, for a message: question marks for what is no printable ASCII, and no more than `longest`
// characters.
std::string shown(std::string_view text, std::size_t longest = 100);

// The product of two sizes; refuses one beyond 2^62, naming `what`.
std::int64_t checked_product(std::int64_t left, std::int64_t right, std::string_view what);

// Refuses sizes that the file cannot justify: more than 64 times its own size and 1 MiB beside. Compression and zero
// filling make samples larger than their file, but not by such factors. What a reader holds of a scan at once, and all
// of the scan's slices together, stay below this.
void check_justified(std::int64_t bytes, std::int64_t file_size, std::string_view what);

// The most coils (what MRD can number), partitions of a slab and samples along y or x that are read. What comes after
// the readers takes memory and time beyond the samples' own size where one of these is extreme.
inline constexpr std::int64_t most_coils = 1024;
inline constexpr std::int64_t most_partitions = 1024;
inline constexpr std::int64_t longest_side = 16384;
void check_extents(std::int64_t coils, std::int64_t partitions, std::int64_t height, std::int64_t width);

// Refuses what has a single sample along y or x: a projection, a spectrum or noise alone is no image.
void check_plane(std::int64_t height, std::int64_t width);

}  // namespace mriembed::io
