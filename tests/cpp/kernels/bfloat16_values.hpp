// bfloat16 in tests, independent of the library's instructions.
#pragma once

#include <bit>
#include <cstdint>
#include <random>
#include <vector>

namespace mriembed::kernels {

inline float float_of(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U); }

// Round to nearest, ties to even (IEEE 754), for finite values.
inline std::uint16_t nearest_bfloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7FFFU + ((bits >> 16U) & 1U)) >> 16U);
}

// Normally distributed bfloat16 numbers.
inline std::vector<std::uint16_t> random_bfloat16(std::int64_t count, double mean, double deviation) {
  std::mt19937 generator(5);
  std::normal_distribution<double> normal(mean, deviation);
  std::vector<std::uint16_t> values(static_cast<std::size_t>(count));
  for (std::uint16_t& value : values) {
    value = nearest_bfloat16(static_cast<float>(normal(generator)));
  }
  return values;
}

}  // namespace mriembed::kernels
