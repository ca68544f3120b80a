// Sums around the samples of a plane.
#pragma once

#include <cstdint>

#include "kernels/aligned_vector.hpp"

namespace mriembed::kernels {

// Within so many lines and samples, without the nearest ones.
constexpr std::int64_t around_reach = 6;
constexpr std::int64_t around_near_y = 1;
constexpr std::int64_t around_near_x = 2;

// Writes the sum of such values for each sample of line y. `plane`: (height, width), not negative. Nothing lies beyond
// its edges. A sum has fewer than 32 roundings of float32.
void write_sums_around(const float* plane, std::int64_t height, std::int64_t width, std::int64_t y, float* sums,
                       AlignedVector<float>& memory);

// The same of the number of values above 0.
void write_counts_around(const float* plane, std::int64_t height, std::int64_t width, std::int64_t y, float* counts,
                         AlignedVector<float>& memory);

}  // namespace mriembed::kernels
