#include "size_limits.hpp"

#include <algorithm>

#include "mriembed/error.hpp"

namespace mriembed::io {

void refuse(const std::string& reason) { throw Error(ErrorCode::bad_input, reason); }

std::string shown(std::string_view text, std::size_t longest) {
  std::string result(text.substr(0, longest));
  std::replace_if(result.begin(), result.end(), [](char letter) { return letter < ' ' || letter > '~'; }, '?');
  return text.size() > longest ? result + "..." : result;
}

std::int64_t checked_product(std::int64_t left, std::int64_t right, std::string_view what) {
  constexpr std::int64_t largest = std::int64_t{1} << 62U;
  std::int64_t product = 0;
  if (left < 0 || right < 0 || __builtin_mul_overflow(left, right, &product) || product > largest) {
    refuse(std::string(what) + " is larger than any memory: the file is damaged");
  }
  return product;
}

void check_justified(std::int64_t bytes, std::int64_t file_size, std::string_view what) {
  constexpr std::int64_t factor = 64;
  constexpr std::int64_t allowance = std::int64_t{1} << 20U;
  if ((bytes - allowance) / factor > file_size) {
    refuse(std::string(what) + " would need " + std::to_string(bytes >> 20U) + " MiB, which a file of " +
           std::to_string(file_size >> 10U) + " KiB cannot justify: its header is damaged");
  }
}

void check_extents(std::int64_t coils, std::int64_t partitions, std::int64_t height, std::int64_t width) {
  if (coils > most_coils) {
    refuse("a scan of " + std::to_string(coils) + " coils; at most " + std::to_string(most_coils) + " are read");
  }
  if (partitions > most_partitions) {
    refuse("a slab of " + std::to_string(partitions) + " partitions; at most " + std::to_string(most_partitions) +
           " are read");
  }
  if (height > longest_side || width > longest_side) {
    refuse("slices of " + std::to_string(height) + " x " + std::to_string(width) + " samples; at most " +
           std::to_string(longest_side) + " along either side are read");
  }
}

void check_plane(std::int64_t height, std::int64_t width) {
  if (height == 1 || width == 1) {
    refuse("slices of " + std::to_string(height) + " x " + std::to_string(width) +
           " samples (y, x) are no images, but a projection, a spectrum or noise; lines of several phase encodings are "
           "right (--noise takes a noise measurement)");
  }
}

}  // namespace mriembed::io
