// What preprocessing hands to the network.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/aligned_array.hpp"

namespace mriembed {

struct NetworkInput {
  const float* samples = nullptr;  // (slices, 2 x coils, height, width), contiguous: the caller's, or `memory`
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::vector<double> energy_kept;  // of each slice: the share that preprocessing kept
  kernels::AlignedArray<float> memory;
};

}  // namespace mriembed
