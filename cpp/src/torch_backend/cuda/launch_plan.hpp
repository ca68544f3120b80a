// How the kernels of group_norm_gelu.hpp are spread over a GPU.
#pragma once

#include <algorithm>
#include <cstdint>

namespace mriembed::cuda {

constexpr int block_threads = 256;

// Images of a batch, channels last: (images, pixels, channels), contiguous, aligned to 16 bytes.
struct Batch {
  std::int64_t images = 0;  // at least 1
  std::int64_t pixels = 0;  // at least 1
  int channels = 0;         // a multiple of groups
  int groups = 1;
};

// Channels that a thread reads at once: up to 16 bytes, all of one group.
[[nodiscard]] constexpr int channels_at_once(int element_bytes, int channels, int groups) noexcept {
  int width = 16 / element_bytes;
  while (channels / groups % width != 0) {
    width /= 2;
  }
  return width;
}

// Whether a block has a thread for every bundle of a pixel's channels.
[[nodiscard]] constexpr bool fits_a_block(int element_bytes, int channels, int groups) noexcept {
  return channels / channels_at_once(element_bytes, channels, groups) <= block_threads;
}

// Blocks that share an image: every multiprocessor has several, and each block has pixels.
[[nodiscard]] constexpr int blocks_of_an_image(int element_bytes, const Batch& batch, int multiprocessors) noexcept {
  constexpr std::int64_t blocks_of_a_multiprocessor = 4;
  const std::int64_t pixels_at_once =
      block_threads / (batch.channels / channels_at_once(element_bytes, batch.channels, batch.groups));
  const std::int64_t most = (batch.pixels + pixels_at_once - 1) / pixels_at_once;
  const std::int64_t wanted = (blocks_of_a_multiprocessor * multiprocessors + batch.images - 1) / batch.images;
  return static_cast<int>(std::min(most, wanted));
}

}  // namespace mriembed::cuda
