// How the kernels store images: channels last, in blocks of channels that fill a vector.
#pragma once

#include <cstdint>

namespace mriembed::kernels {

// Channels are stored in blocks of this many; the last block is filled up with zeros.
constexpr std::int64_t channel_block = 16;

constexpr std::int64_t padded_channels(std::int64_t channels) {
  return (channels + channel_block - 1) / channel_block * channel_block;
}

// Neighbouring points of minimal filtering are this far apart in memory beyond their data: at a power of two they would
// all fall into one set of the cache.
constexpr std::int64_t point_gap = channel_block;

// Copies a row of an image in planes, (channels, pixels) with the planes `plane` floats apart, to `output`, where
// pixels are `pixel_floats` apart and channels neighbours. Channels from `channels` on are left as they are.
//
// Returns the largest magnitude as the bits of a float, whose order is that of the numbers: 0 where all samples are
// zero, 0x7f800000 (infinity) or more where one is infinite or NaN.
std::uint32_t interleave_row(const float* planes, std::int64_t plane, std::int64_t channels, std::int64_t pixels,
                             float* output, std::int64_t pixel_floats);

}  // namespace mriembed::kernels
