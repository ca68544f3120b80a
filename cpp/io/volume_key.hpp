// What tells the volumes of a raw MRD scan apart.
#pragma once

#include <array>
#include <cstdint>

#include "acquisitions.hpp"

namespace mriembed::io {

// slice, contrast, phase, repetition, set. In 2D, a volume is a slice.
using VolumeKey = std::array<std::uint16_t, 5>;

inline VolumeKey key_of(const Acquisition& line) {
  return {line.slice, line.contrast, line.phase, line.repetition, line.set};
}

}  // namespace mriembed::io
